//! Defects that recurrences of other kinds show.

use super::altered::{Planted, plant};
use super::each_is_caught;
use crate::backend::{Backend, Unary};
use crate::reference::Reference;

#[test]
fn defects_in_baselines_are_caught() {
    each_is_caught(wrong_answers());
}

pub(super) fn wrong_answers() -> Vec<Planted> {
    vec![
        plant("gates open a little too far", "baselines_answer_as_pytorch", |a| {
            a.unary = |op, x| match op {
                Unary::Sigmoid => Reference.affine(&Reference.unary(op, x)?, 1.0001, 0.0),
                _ => Reference.unary(op, x),
            }
        }),
        plant("LSTM units open a little too far", "layers_of_lstm_units", |a| {
            a.unary = |op, x| match op {
                Unary::Sigmoid => Reference.affine(&Reference.unary(op, x)?, 1.0001, 0.0),
                _ => Reference.unary(op, x),
            }
        }),
        plant("new activity of GRU units is a little too large", "layers_of_gru_units", |a| {
            a.unary = |op, x| match op {
                Unary::Tanh => Reference.affine(&Reference.unary(op, x)?, 1.0001, 0.0),
                _ => Reference.unary(op, x),
            }
        }),
        plant("scores are scaled a little too much", "attention_of_several_heads", |a| {
            a.affine = |x, scale, shift| Reference.affine(x, 1.001 * scale, shift)
        }),
        plant("long sequences are joined last step first", "baselines_in_parts_are_the_whole", |a| {
            a.stack = |parts| match parts.len() {
                0..=5 => Reference.stack(parts),
                _ => Reference.stack(&parts.iter().rev().cloned().collect::<Vec<_>>()),
            }
        }),
        plant("parts have no history", "baselines_give_their_start_state_a_gradient", |a| {
            a.narrow = |x, axis, start, length| Reference.narrow(&Reference.detach(x), axis, start, length)
        }),
    ]
}
