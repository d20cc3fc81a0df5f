//! Long short-term memory (Hochreiter and Schmidhuber 1997; with forget gates,
//! Gers et al. 2000).

use super::cell::{Cell, CellArgs, INPUT, RECURRENT};
use super::sizes;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::layers::{FusedLayers, GatedLayer, gated};
use crate::random::{Draws, Purpose};
use crate::scan::{ScanPath, Walked};
use crate::spec::ParameterLayout;
use serde::{Deserialize, Serialize};

/// A stack of LSTM layers.
///
/// # Equation
/// ```text
/// [i; f; g; o] = W_ih x_t + W_hh h_{t-1} + b
/// c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
/// h_t = sigmoid(o) tanh(c_t)
/// ```
/// as `torch.nn.LSTM`, with one bias where that has two that are only ever
/// added: a weight of PyTorch's has `bias_ih + bias_hh` here, and the parameter
/// counts that \[S1\] publishes are those of one bias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lstm {
    /// Input channels `C`.
    pub inputs: usize,
    /// Units `H` of each layer.
    pub hidden: usize,
    /// Layers, each on the one before.
    pub layers: usize,
    /// The longest dependency `T_max` in steps, above 2, for a chrono
    /// initialisation (Tallec and Ollivier 2018, arXiv 1804.11188).
    pub chrono: Option<f64>,
}

impl Cell for Lstm {
    const NAME: &'static str = "lstm";

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn layers(&self) -> Vec<[usize; 2]> {
        (0..self.layers).map(|l| [if l == 0 { self.inputs } else { self.hidden }, self.hidden]).collect()
    }

    fn outputs(&self) -> usize {
        self.hidden
    }

    /// `h` and `c` of each layer.
    fn state_rows(&self) -> usize {
        2 * self.layers * self.hidden
    }

    /// `weight_ih_lL` `[4 H, C]`, `weight_hh_lL` `[4 H, H]`, `bias_ih_lL` `[4 H]`.
    fn layout(&self) -> ParameterLayout {
        let mut layout = ParameterLayout::default();
        for (l, [inputs, units]) in self.layers().into_iter().enumerate() {
            layout.push(format!("weight_ih_l{l}"), &[4 * units, inputs]);
            layout.push(format!("weight_hh_l{l}"), &[4 * units, units]);
            layout.push(format!("bias_ih_l{l}"), &[4 * units]);
        }
        layout
    }

    /// Uniform in ±1/sqrt(H) as PyTorch draws them. With a chrono
    /// initialisation the biases of the forget gates are `ln U(1, T_max - 1)`
    /// and those of the input gates their negatives, so that units begin with
    /// memories of all lengths up to the longest.
    fn initial(&self, seed: u64) -> Vec<f32> {
        let (layout, bound) = (self.layout(), 1.0 / (self.hidden as f64).sqrt());
        let mut draws = Draws::new(seed, Purpose::Weights, [0, 0]);
        let mut values: Vec<f32> = (0..layout.len()).map(|_| draws.symmetric(bound)).collect();
        let Some(longest) = self.chrono else { return values };
        let mut draws = Draws::new(seed, Purpose::Weights, [0, 1]);
        for bias in layout.tensors.iter().skip(2).step_by(3) {
            let (input, rest) = values[bias.range.clone()].split_at_mut(self.hidden);
            for (input, forget) in input.iter_mut().zip(rest) {
                *forget = (1.0 + (longest - 2.0) * draws.unit()).ln() as f32;
                *input = -*forget;
            }
        }
        values
    }

    fn flops_per_step(&self) -> u64 {
        let of_layer = |[inputs, units]: [usize; 2]| 2 * 4 * units * (inputs + units + 1) + 9 * units;
        self.layers().into_iter().map(of_layer).sum::<usize>() as u64
    }

    /// Composed, per layer its input's share and its own twice, the sums, the
    /// gates, and what cell and output are made of; fused, gates and states.
    fn record_floats(&self, path: ScanPath) -> usize {
        let of_unit = match path {
            ScanPath::Composed => 30,
            ScanPath::Fused => 16,
        };
        of_unit * self.layers * self.hidden
    }

    fn recurrent_weights(&self) -> usize {
        4 * self.layers * self.hidden * self.hidden
    }

    fn check(&self) -> Result<()> {
        sizes::check(&[("model.lstm.hidden_size", self.hidden)])?;
        sizes::check_layers(&[("model.lstm.num_layers", self.layers)])?;
        match self.chrono {
            Some(longest) if !(longest.is_finite() && longest > 2.0) => {
                Err(Error::config("model.lstm.chrono", format!("{longest} steps; more than 2 are needed")))
            }
            _ => Ok(()),
        }
    }

    fn path(&self, layers: FusedLayers) -> ScanPath {
        if layers.lstm { ScanPath::Fused } else { ScanPath::Composed }
    }

    fn steps<B: Backend>(&self, backend: &B, given: &CellArgs<'_, B>) -> Result<Walked<B>> {
        let mut x = given.input.clone(); // [T, C, B]
        let mut ends = Vec::new();
        for (l, weights) in given.tensors.chunks_exact(3).enumerate() {
            let layer = GatedLayer {
                input_weight: &weights[0],
                recurrent_weight: &weights[1],
                biases: &weights[2..],
                state: &[
                    given.part(backend, 2 * l, self.hidden)?,
                    given.part(backend, 2 * l + 1, self.hidden)?,
                ],
                input: &given.dropped(backend, l, INPUT, &x)?,
            };
            let answer = match given.path {
                ScanPath::Fused => backend.lstm(&layer)?,
                ScanPath::Composed => gated::lstm(backend, &layer, given.mask(l, RECURRENT))?,
            };
            x = answer.activity; // [T, H, B]
            ends.extend(answer.state);
        }
        Ok(Walked { activity: x, state: backend.cat(&ends, 0)? })
    }
}
