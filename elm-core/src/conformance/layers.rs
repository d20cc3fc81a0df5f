//! Layers that a library may have of its own, against the composed ones of the
//! reference.

use super::call::{Call, Operand, check};
use super::tolerance::Result;
use crate::backend::Backend;
use crate::layers::{Attention, GatedAnswer, GatedLayer};

/// `[T, C, H, B]`
const SIZES: [[usize; 4]; 4] = [[1, 1, 1, 1], [7, 3, 5, 2], [12, 6, 16, 1], [5, 33, 20, 9]];

/// LSTM units over sequences of several sizes.
pub fn layers_of_lstm_units<B: Backend>(b: &B) -> Result<()> {
    SIZES.into_iter().try_for_each(|sizes| check(b, &Call::Lstm, &operands(sizes, 4, 1, 2)))
}

/// The same of GRU units.
pub fn layers_of_gru_units<B: Backend>(b: &B) -> Result<()> {
    SIZES.into_iter().try_for_each(|sizes| check(b, &Call::Gru, &operands(sizes, 3, 2, 1)))
}

/// Attention over sequences of one length and of several.
pub fn attention_of_several_heads<B: Backend>(b: &B) -> Result<()> {
    let sizes = [[1, 1, 1, 1], [2, 7, 3, 4], [3, 40, 1, 8], [1, 70, 2, 5]];
    sizes.into_iter().try_for_each(|shape| {
        let operands: Vec<Operand> = (0..3).map(|which| Operand::made_up(which, &shape)).collect();
        check(b, &Call::Attention, &operands)
    })
}

/// Weights, biases, state and input of a layer of so many gates.
fn operands(
    [steps, channels, units, rows]: [usize; 4],
    gates: usize,
    biases: usize,
    parts: usize,
) -> Vec<Operand> {
    let wide = gates * units;
    let mut shapes = vec![vec![wide, channels], vec![wide, units]];
    shapes.extend(vec![vec![wide, 1]; biases]);
    shapes.extend(vec![vec![units, rows]; parts]);
    shapes.push(vec![channels, steps, rows]);
    shapes.iter().enumerate().map(|(which, shape)| Operand::made_up(which as u64, shape)).collect()
}

pub(super) fn lstm<B: Backend>(b: &B, x: &[B::Tensor]) -> crate::Result<B::Tensor> {
    let input = &b.transpose(&x[5], 0, 1)?;
    let layer =
        GatedLayer { input_weight: &x[0], recurrent_weight: &x[1], biases: &x[2..3], state: &x[3..5], input };
    joined(b, b.lstm(&layer)?)
}

pub(super) fn gru<B: Backend>(b: &B, x: &[B::Tensor]) -> crate::Result<B::Tensor> {
    let input = &b.transpose(&x[5], 0, 1)?;
    let layer =
        GatedLayer { input_weight: &x[0], recurrent_weight: &x[1], biases: &x[2..4], state: &x[4..5], input };
    joined(b, b.gru(&layer)?)
}

/// All numbers of an answer.
fn joined<B: Backend>(b: &B, answer: GatedAnswer<B>) -> crate::Result<B::Tensor> {
    let parts: crate::Result<Vec<_>> = std::iter::once(&answer.activity)
        .chain(&answer.state)
        .map(|part| b.reshape(part, &[b.shape(part).iter().product()]))
        .collect();
    b.cat(&parts?, 0)
}

pub(super) fn attention<B: Backend>(b: &B, x: &[B::Tensor]) -> crate::Result<B::Tensor> {
    let parts: crate::Result<Vec<_>> = x.iter().map(|part| b.transpose(part, 1, 2)).collect();
    let parts = parts?;
    let [steps, rows] = [b.shape(&x[0])[1], b.shape(&x[0])[2]];
    let padded = |at: usize| at / steps > 0 && at % steps > steps / 2;
    let scores: Vec<f32> = (0..rows * steps).map(|at| if padded(at) { -1e9 } else { 0.0 }).collect();
    let padding = if rows > 1 { Some(b.tensor(&scores, &[1, rows, 1, steps])?) } else { None };
    b.attention(&Attention {
        queries: &parts[0],
        keys: &parts[1],
        values: &parts[2],
        padding: padding.as_ref(),
    })
}
