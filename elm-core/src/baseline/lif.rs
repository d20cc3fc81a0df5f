//! Leaky integrate-and-fire units, the spiking network that \[S1\] compares
//! with; a single unit without recurrence is the LIF neuron.

use super::cell::{Cell, CellArgs, INPUT, RECURRENT};
use super::sizes;
use crate::backend::{Backend, Binary, Unary};
use crate::error::{Error, Result};
use crate::layers::gated::projected;
use crate::ops;
use crate::random::{Draws, Purpose};
use crate::scan::{ScanPath, Walked};
use crate::spec::{Activation, ParameterLayout};
use serde::{Deserialize, Serialize};

/// Units that spike where their membrane potential exceeds 1.
///
/// # Equation
/// ```text
/// v_t = κ v_{t-1} + W x_t + U z_{t-1} - 0.9 z_{t-1},  κ = exp(-Δt / τ)
/// z_t = 1 if v_t > 1 else 0, with the surrogate gradient 1 / (100 |v_t - 1| + 1)^2
/// r_t = κ_r r_{t-1} + (1 - κ_r) z_t
/// ```
/// A share of the units is inhibitory: `U = sign relu(weight_hh)`, column by
/// column, with the sign of the unit that spikes. The timescales are learned
/// between bounds, `τ = low + (high - low) sigmoid(tau_raw)`. \[S1\] states the
/// reset, the share, the surrogate and that timescales are learned; the
/// threshold, initial weights and readout are ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lif {
    /// Input channels `C`.
    pub inputs: usize,
    /// Units `H`.
    pub hidden: usize,
    /// Do units hear each other?
    pub recurrent: bool,
    /// Share of the units that is inhibitory.
    pub inhibitory: f64,
    /// Shortest timescale of a membrane, in the unit of `delta_t`.
    pub tau_min: f64,
    /// Longest one.
    pub tau_max: f64,
    /// What the head reads.
    pub readout: LifReadout,
    /// Timescale of the leaky readout of spikes.
    pub readout_tau: f64,
    /// Length of a step.
    pub delta_t: f64,
}

/// What of LIF units the head reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifReadout {
    /// The leaky average `r` of their spikes.
    Spikes,
    /// Their membrane potentials `v`.
    Membrane,
}

/// What a spike takes off the potential, as a share of the threshold.
const RESET: f64 = 0.9;
/// The potential above which a unit spikes.
const THRESHOLD: f64 = 1.0;

impl Lif {
    /// Number of inhibitory units; they are the last ones.
    fn inhibitory_units(&self) -> usize {
        (self.inhibitory * self.hidden as f64).round() as usize
    }

    /// The sign of each unit's spikes, `[1, H]`.
    fn signs(&self) -> Vec<f32> {
        let excitatory = self.hidden - self.inhibitory_units();
        (0..self.hidden).map(|unit| if unit < excitatory { 1.0 } else { -1.0 }).collect()
    }

    /// Initial raw timescales: evenly spaced in the logarithm, inside of the bounds.
    fn initial_tau_raw(&self) -> impl Iterator<Item = f32> + '_ {
        let (low, high) = (self.tau_min, self.tau_max);
        (0..self.hidden).map(move |unit| {
            let tau = low * (high / low).powf((unit as f64 + 0.5) / self.hidden as f64);
            ((tau - low) / (high - tau)).ln() as f32
        })
    }

    /// Initial magnitudes of the recurrent weights, `[H, H]`: uniform, those
    /// of inhibitory units larger, so that both sums balance.
    fn initial_recurrent(&self, draws: &mut Draws) -> Vec<f32> {
        let (inhibitory, bound) = (self.inhibitory_units(), 1.0 / (self.hidden as f64).sqrt());
        let excitatory = self.hidden - inhibitory;
        let stronger = if inhibitory == 0 { 1.0 } else { excitatory as f64 / inhibitory as f64 };
        let magnitude = |place: usize| {
            let factor = if place % self.hidden < excitatory { 1.0 } else { stronger };
            (draws.unit() * bound * factor) as f32
        };
        (0..self.hidden * self.hidden).map(magnitude).collect()
    }
}

impl Cell for Lif {
    const NAME: &'static str = "lif";

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn layers(&self) -> Vec<[usize; 2]> {
        vec![[self.inputs, self.hidden]]
    }

    fn outputs(&self) -> usize {
        self.hidden
    }

    /// `v`, `z` and `r`.
    fn state_rows(&self) -> usize {
        3 * self.hidden
    }

    /// `weight_ih` `[H, C]`, `tau_raw` `[H]` and, where units hear each other,
    /// `weight_hh` `[H, H]`.
    fn layout(&self) -> ParameterLayout {
        let mut layout = ParameterLayout::default();
        layout.push("weight_ih", &[self.hidden, self.inputs]);
        layout.push("tau_raw", &[self.hidden]);
        if self.recurrent {
            layout.push("weight_hh", &[self.hidden, self.hidden]);
        }
        layout
    }

    /// Input weights uniform in ±1/sqrt(C).
    fn initial(&self, seed: u64) -> Vec<f32> {
        let mut draws = Draws::new(seed, Purpose::Weights, [0, 0]);
        let bound = 1.0 / (self.inputs as f64).sqrt();
        let mut values: Vec<f32> = (0..self.hidden * self.inputs).map(|_| draws.symmetric(bound)).collect();
        values.extend(self.initial_tau_raw());
        if self.recurrent {
            values.extend(self.initial_recurrent(&mut draws));
        }
        values
    }

    fn flops_per_step(&self) -> u64 {
        let heard = if self.recurrent { self.hidden } else { 0 };
        (2 * self.hidden * (self.inputs + heard) + 10 * self.hidden) as u64
    }

    fn record_floats(&self, _: ScanPath) -> usize {
        24 * self.hidden
    }

    fn recurrent_weights(&self) -> usize {
        if self.recurrent { self.hidden * self.hidden } else { 0 }
    }

    fn check(&self) -> Result<()> {
        sizes::check(&[("model.lif.hidden_size", self.hidden)])?;
        let wrong = |key: &str, reason: String| Err(Error::config(format!("model.lif.{key}"), reason));
        for (key, value) in
            [("tau_min", self.tau_min), ("readout_tau", self.readout_tau), ("delta_t", self.delta_t)]
        {
            if !(value.is_finite() && value > 0.0) {
                return wrong(key, format!("{value} must be above 0"));
            }
        }
        if !(self.tau_max.is_finite() && self.tau_max > self.tau_min) {
            return wrong("tau_max", format!("{} must be above tau_min = {}", self.tau_max, self.tau_min));
        }
        if !(0.0..=1.0).contains(&self.inhibitory) {
            return wrong("inhibitory", format!("{} must be a share from 0 to 1", self.inhibitory));
        }
        Ok(())
    }

    fn steps<B: Backend>(&self, backend: &B, given: &CellArgs<'_, B>) -> Result<Walked<B>> {
        let decay = decay(backend, self, &given.tensors[1])?; // [H, 1]
        let heard = given.tensors.get(2).map(|weight| heard_weights(backend, self, weight)).transpose()?;
        let mut v = given.part(backend, 0, self.hidden)?;
        let mut z = given.part(backend, 1, self.hidden)?;
        let mut r = given.part(backend, 2, self.hidden)?;
        let kept = (-self.delta_t / self.readout_tau).exp();
        let seen = given.dropped(backend, 0, INPUT, given.input)?;
        let mut activity = Vec::new();
        for from_input in projected(backend, &given.tensors[0], None, &seen)? {
            let left = ops::mul(backend, &decay, &v)?;
            let left = ops::sub(backend, &left, &backend.affine(&z, RESET * THRESHOLD, 0.0)?)?;
            v = ops::add(backend, &left, &from_input)?;
            if let Some(heard) = &heard {
                let before = given.dropped(backend, 0, RECURRENT, &z)?;
                v = ops::add(backend, &v, &backend.matmul(heard, &before)?)?;
            }
            z = ops::activation(backend, Activation::Spike, &backend.affine(&v, 1.0, -THRESHOLD)?)?;
            let spiked = backend.affine(&z, 1.0 - kept, 0.0)?;
            r = ops::add(backend, &backend.affine(&r, kept, 0.0)?, &spiked)?;
            activity.push(match self.readout {
                LifReadout::Spikes => r.clone(),
                LifReadout::Membrane => v.clone(),
            });
        }
        Ok(Walked { activity: backend.stack(&activity)?, state: backend.cat(&[v, z, r], 0)? })
    }
}

/// `κ = exp(-Δt / τ)` of every membrane, `[H, 1]`.
fn decay<B: Backend>(backend: &B, lif: &Lif, tau_raw: &B::Tensor) -> Result<B::Tensor> {
    let place = backend.unary(Unary::Sigmoid, tau_raw)?;
    let tau = backend.affine(&place, lif.tau_max - lif.tau_min, lif.tau_min)?;
    let step = backend.tensor(&[-lif.delta_t as f32], &[1, 1])?;
    backend.unary(Unary::Exp, &backend.binary(Binary::Div, &step, &tau)?)
}

/// The recurrent weights with the signs of the units that spike, `[H, H]`.
fn heard_weights<B: Backend>(backend: &B, lif: &Lif, magnitudes: &B::Tensor) -> Result<B::Tensor> {
    let signs = backend.tensor(&lif.signs(), &[1, lif.hidden])?;
    ops::mul(backend, &backend.unary(Unary::Relu, magnitudes)?, &signs)
}
