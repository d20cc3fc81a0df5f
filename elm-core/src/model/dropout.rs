//! Variational dropout: masks that stay the same over a sequence \[S2\].

use super::network::NetworkSpec;
use crate::random::{Draws, Purpose};
use crate::spec::{DropoutMasks, InputDropoutMode, LayerSpec};
use std::sync::Arc;

/// Masks for every layer, a pure function of the seed and the update at which
/// the sequences began (so a checkpoint stores that number instead of masks).
///
/// Dropped entries are 0; kept ones `1 / (1 - p)`, in memory `(1 - p)^-1/2`.
pub fn draw_masks(spec: &NetworkSpec, rows: usize, seed: u64, began: u64) -> Vec<DropoutMasks> {
    let layer_masks = |(l, layer): (usize, &LayerSpec)| {
        let dropout = &layer.dropout;
        let mut draws = Draws::new(seed, Purpose::Dropout, [l as u64, began]);
        let variational = dropout.input_mode == InputDropoutMode::Variational;
        let input = if variational { dropout.input } else { 0.0 };
        let memory = layer.neurons * layer.neuron.memory;
        DropoutMasks {
            input: mask(&mut draws, input, layer.inputs * rows, -1.0),
            recurrent: mask(&mut draws, dropout.recurrent, layer.neurons * rows, -1.0),
            memory: mask(&mut draws, dropout.memory, memory * rows, -0.5),
        }
    };
    spec.layers.iter().enumerate().map(layer_masks).collect()
}

/// No dropout in any layer, as in evaluation.
pub fn no_masks(spec: &NetworkSpec) -> Vec<DropoutMasks> {
    vec![DropoutMasks::default(); spec.layers.len()]
}

/// Zeros with probability `p`, else `(1 - p)^exponent`; `None` without dropout.
pub(crate) fn mask(draws: &mut Draws, p: f64, count: usize, exponent: f64) -> Option<Arc<[f32]>> {
    if p == 0.0 {
        return None;
    }
    let kept = (1.0 - p).powf(exponent) as f32;
    Some((0..count).map(|_| if draws.chance(p) { 0.0 } else { kept }).collect())
}
