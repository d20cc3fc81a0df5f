//! What the made neuron answers. This is a model of ours, not the published
//! one: it has what makes that one hard to predict, slow synapses, branches
//! that saturate, and a threshold, and nothing else.
//!
//! # Equations
//! In steps of 1 ms, for each branch j with excitatory and inhibitory spikes
//! x_j and y_j of the step (before: E, I, A; the soma: V, H):
//!
//! ```text
//! E_j <- E_j exp(-1/50) + x_j        NMDA-like conductance
//! I_j <- I_j exp(-1/10) + y_j        GABA-like conductance
//! a_j  = 1 / (1 + exp(-(E_j - 3 I_j - 6) / 1.5))
//! A_j <- A_j + (a_j - A_j) / 15      the branch saturates
//! V   <- V + (-84 - V + 52 mean_j A_j w_j + H) / 12
//! ```
//!
//! At -55 mV the soma spikes: the step is at 20 mV, V falls to -62 mV, and the
//! after-hyperpolarisation H (which decays with 60 ms) grows by -12 mV.

use super::anatomy::{Anatomy, BRANCHES};
use crate::neuronio::{InputSpike, Simulation};

/// Decay of excitation, inhibition and after-hyperpolarisation, in ms.
const EXCITATION_MS: f64 = 50.0;
const INHIBITION_MS: f64 = 10.0;
const AFTER_MS: f64 = 60.0;
/// Time constants of branches and soma, in ms.
const BRANCH_MS: f64 = 15.0;
const SOMA_MS: f64 = 12.0;
/// An inhibitory spike counts as much as these excitatory ones.
const INHIBITION: f64 = 3.0;
/// Drive of a branch at which it is half open, and how sharply it opens.
const HALF: f64 = 6.0;
const SHARPNESS: f64 = 1.5;
/// Voltages in mV.
const REST: f64 = -84.0;
const ALL_BRANCHES: f64 = 52.0;
const THRESHOLD: f64 = -55.0;
const PEAK: f64 = 20.0;
const RESET: f64 = -62.0;
const AFTER_SPIKE: f64 = -12.0;

/// Answers input spikes (sorted) for `steps` ms.
pub(super) fn respond(anatomy: &Anatomy, inputs: Vec<InputSpike>, steps: usize) -> Simulation {
    let mut neuron = Neuron::new(anatomy);
    let mut simulation = Simulation { inputs, ..Simulation::default() };
    let mut next = 0;
    for step in 0..steps {
        let here =
            simulation.inputs[next..].iter().take_while(|spike| usize::from(spike.step) == step).count();
        let (voltage, spikes) = neuron.step(&simulation.inputs[next..next + here]);
        next += here;
        simulation.voltage.push(voltage as f32);
        if spikes {
            simulation.spikes.push(step as u16);
        }
    }
    simulation
}

struct Neuron {
    /// Branch of each segment.
    branch_of: Vec<usize>,
    /// Excitation, inhibition and opening of each branch.
    branches: Vec<[f64; 3]>,
    voltage: f64,
    after: f64,
}

impl Neuron {
    fn new(anatomy: &Anatomy) -> Self {
        let branches = vec![[0.0; 3]; BRANCHES.iter().sum()];
        Neuron { branch_of: anatomy.branches(), branches, voltage: REST, after: 0.0 }
    }

    /// Voltage of the next step in mV, and whether it is a spike.
    fn step(&mut self, inputs: &[InputSpike]) -> (f64, bool) {
        for [excitation, inhibition, _] in &mut self.branches {
            *excitation *= (-1.0 / EXCITATION_MS).exp();
            *inhibition *= (-1.0 / INHIBITION_MS).exp();
        }
        for spike in inputs {
            let (segments, channel) = (self.branch_of.len(), usize::from(spike.channel));
            self.branches[self.branch_of[channel % segments]][channel / segments] += 1.0;
        }
        let mut sum = 0.0;
        let count = self.branches.len() as f64;
        for (place, [excitation, inhibition, open]) in self.branches.iter_mut().enumerate() {
            let drive = *excitation - INHIBITION * *inhibition - HALF;
            *open += (1.0 / (1.0 + (-drive / SHARPNESS).exp()) - *open) / BRANCH_MS;
            // Branches weigh from a half to one and a half.
            sum += *open * (0.5 + place as f64 / (count - 1.0));
        }
        self.after *= (-1.0 / AFTER_MS).exp();
        let to = REST + ALL_BRANCHES * sum / count + self.after;
        self.voltage += (to - self.voltage) / SOMA_MS;
        if self.voltage < THRESHOLD {
            return (self.voltage, false);
        }
        self.voltage = RESET;
        self.after += AFTER_SPIKE;
        (PEAK, true)
    }
}
