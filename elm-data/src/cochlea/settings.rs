//! The parameters of the model ear.

/// All of them. The defaults are those of the named sources where there is
/// one, and ours where it says so.
#[derive(Debug, Clone, PartialEq)]
pub struct CochleaSettings {
    /// Places along the basilar membrane; SHD has 700.
    pub channels: usize,
    /// Characteristic frequencies of the first and last place in Hz. Places
    /// are evenly spaced on the membrane, whose frequencies follow Greenwood
    /// (1990). Places above 45 % of a recording's sample rate stay silent.
    pub frequencies: [f64; 2],
    /// Sound level in dB of a sine that fills the whole range of a recording;
    /// ours: recorded speech then has 70 to 80 dB.
    pub full_scale_db: f64,
    /// Hair cells that drive one bushy cell; 40 as in Cramer et al. (2020).
    pub hair_cells: f64,
    /// Time constant in seconds at which a bushy cell forgets; ours.
    pub bushy_tau: f64,
    /// Transmissions at once that make a bushy cell fire; ours, well above
    /// what hair cells release in silence.
    pub bushy_threshold: f64,
    /// Seconds for which a bushy cell is silent after a spike; ours.
    pub refractory: f64,
    /// Seed of the releases of hair cells.
    pub seed: u64,
}

impl Default for CochleaSettings {
    fn default() -> Self {
        CochleaSettings {
            channels: 700,
            frequencies: [50.0, 16_000.0],
            full_scale_db: 100.0,
            hair_cells: 40.0,
            bushy_tau: 5e-4,
            bushy_threshold: 6.5,
            refractory: 1e-3,
            seed: 0,
        }
    }
}

impl CochleaSettings {
    /// The characteristic frequency of each place in Hz, lowest first:
    /// `f = 165.4 (10^(2.1 x) - 0.88)` for `x` from apex to base (Greenwood
    /// 1990).
    pub fn characteristic_frequencies(&self) -> Vec<f64> {
        let place = |frequency: f64| (frequency / 165.4 + 0.88).log10() / 2.1;
        let (first, last) = (place(self.frequencies[0]), place(self.frequencies[1]));
        let steps = (self.channels.max(2) - 1) as f64;
        let at = |i: usize| first + (last - first) * i as f64 / steps;
        (0..self.channels).map(|i| 165.4 * (10_f64.powf(2.1 * at(i)) - 0.88)).collect()
    }
}
