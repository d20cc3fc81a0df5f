//! Gated recurrent units (Cho et al. 2014, arXiv 1406.1078), as PyTorch has
//! them: the reset gate acts after the product.

use super::cell::{Cell, CellArgs, INPUT, RECURRENT};
use super::sizes;
use crate::backend::Backend;
use crate::error::Result;
use crate::layers::{FusedLayers, GatedLayer, gated};
use crate::random::{Draws, Purpose};
use crate::scan::{ScanPath, Walked};
use crate::spec::ParameterLayout;
use serde::{Deserialize, Serialize};

/// A stack of GRU layers.
///
/// # Equation
/// ```text
/// [r; z; n](x) = W_ih x_t + b_ih,  [r; z; n](h) = W_hh h_{t-1} + b_hh
/// r = sigmoid(r(x) + r(h)),  z = sigmoid(z(x) + z(h)),  n = tanh(n(x) + r n(h))
/// h_t = n + z (h_{t-1} - n)
/// ```
/// as `torch.nn.GRU`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gru {
    /// Input channels `C`.
    pub inputs: usize,
    /// Units `H` of each layer.
    pub hidden: usize,
    /// Layers, each on the one before.
    pub layers: usize,
}

impl Cell for Gru {
    const NAME: &'static str = "gru";

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn layers(&self) -> Vec<[usize; 2]> {
        (0..self.layers).map(|l| [if l == 0 { self.inputs } else { self.hidden }, self.hidden]).collect()
    }

    fn outputs(&self) -> usize {
        self.hidden
    }

    /// `h` of each layer.
    fn state_rows(&self) -> usize {
        self.layers * self.hidden
    }

    /// `weight_ih_lL` `[3 H, C]`, `weight_hh_lL` `[3 H, H]`, `bias_ih_lL` and
    /// `bias_hh_lL` `[3 H]`.
    fn layout(&self) -> ParameterLayout {
        let mut layout = ParameterLayout::default();
        for (l, [inputs, units]) in self.layers().into_iter().enumerate() {
            layout.push(format!("weight_ih_l{l}"), &[3 * units, inputs]);
            layout.push(format!("weight_hh_l{l}"), &[3 * units, units]);
            layout.push(format!("bias_ih_l{l}"), &[3 * units]);
            layout.push(format!("bias_hh_l{l}"), &[3 * units]);
        }
        layout
    }

    /// Uniform in ±1/sqrt(H).
    fn initial(&self, seed: u64) -> Vec<f32> {
        let bound = 1.0 / (self.hidden as f64).sqrt();
        let mut draws = Draws::new(seed, Purpose::Weights, [0, 0]);
        (0..self.layout().len()).map(|_| draws.symmetric(bound)).collect()
    }

    fn flops_per_step(&self) -> u64 {
        let of_layer = |[inputs, units]: [usize; 2]| 2 * 3 * units * (inputs + units + 2) + 10 * units;
        self.layers().into_iter().map(of_layer).sum::<usize>() as u64
    }

    fn record_floats(&self, path: ScanPath) -> usize {
        let of_unit = match path {
            ScanPath::Composed => 28,
            ScanPath::Fused => 20,
        };
        of_unit * self.layers * self.hidden
    }

    fn recurrent_weights(&self) -> usize {
        3 * self.layers * self.hidden * self.hidden
    }

    fn check(&self) -> Result<()> {
        sizes::check(&[("model.gru.hidden_size", self.hidden)])?;
        sizes::check_layers(&[("model.gru.num_layers", self.layers)])
    }

    fn path(&self, layers: FusedLayers) -> ScanPath {
        if layers.gru { ScanPath::Fused } else { ScanPath::Composed }
    }

    fn steps<B: Backend>(&self, backend: &B, given: &CellArgs<'_, B>) -> Result<Walked<B>> {
        let mut x = given.input.clone(); // [T, C, B]
        let mut ends = Vec::new();
        for (l, weights) in given.tensors.chunks_exact(4).enumerate() {
            let layer = GatedLayer {
                input_weight: &weights[0],
                recurrent_weight: &weights[1],
                biases: &weights[2..],
                state: &[given.part(backend, l, self.hidden)?],
                input: &given.dropped(backend, l, INPUT, &x)?,
            };
            let answer = match given.path {
                ScanPath::Fused => backend.gru(&layer)?,
                ScanPath::Composed => gated::gru(backend, &layer, given.mask(l, RECURRENT))?,
            };
            x = answer.activity; // [T, H, B]
            ends.extend(answer.state);
        }
        Ok(Walked { activity: x, state: backend.cat(&ends, 0)? })
    }
}
