//! Information of equally correlated neurons, and the loss it leaves.

/// A population of equal neurons as a Gaussian channel; the
/// [module](super) has the derivation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channel {
    /// Correlation `ρ` of the signals of two neurons, from 0 to 1.
    pub correlation: f64,
    /// Signal-to-noise ratio `q_max` of a neuron of endless complexity.
    pub snr_max: f64,
    /// Complexity `k_half` at which half of that is reached.
    pub half: f64,
    /// Steepness `β` of the rise.
    pub steepness: f64,
}

/// Which mechanism holds a network back at its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Neurons are many and simple, and repeat each other: fewer, more complex
    /// ones would tell more.
    Redundancy,
    /// The same, but what they tell is hardly repeated (less than a tenth):
    /// each of them is just too noisy.
    Noise,
    /// Neurons are few and complex: their ratio has saturated, so that more,
    /// simpler ones would tell more.
    Saturation,
}

impl Channel {
    /// Signal-to-noise ratio `q(k)` of a neuron of complexity `k`.
    pub fn snr(&self, complexity: f64) -> f64 {
        self.snr_max / (1.0 + (self.half / complexity).powf(self.steepness))
    }

    /// Information `I(N, k)` of all neurons, in nats.
    pub fn information(&self, neurons: f64, complexity: f64) -> f64 {
        let (snr, own) = (self.snr(complexity), 1.0 - self.correlation);
        let common = 1.0 + (neurons - 1.0) * self.correlation;
        0.5 * ((neurons - 1.0) * (snr * own).ln_1p() + (snr * common).ln_1p())
    }

    /// The share of what the neurons tell one by one that is told more than
    /// once: 0 for independent neurons, `1 - 1/N` and less for equal ones.
    pub fn redundancy(&self, neurons: f64, complexity: f64) -> f64 {
        let alone = 0.5 * self.snr(complexity).ln_1p();
        1.0 - self.information(neurons, complexity) / (neurons * alone)
    }
}

/// The channel and the loss that its information leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theory {
    /// What the neurons tell.
    pub channel: Channel,
    /// The loss `L_inf` that no information goes below.
    pub l_inf: f64,
    /// The part `A` that information takes away, at one nat.
    pub a: f64,
    /// How fast it does, `γ`.
    pub gamma: f64,
}

impl Theory {
    /// The loss of a network.
    pub fn loss(&self, neurons: f64, complexity: f64) -> f64 {
        self.l_inf + self.a * self.channel.information(neurons, complexity).powf(-self.gamma)
    }
}
