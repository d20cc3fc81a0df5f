//! Predictions of recorded neurons: a row for each step of each simulation of
//! each file.

use super::Cells;
use elm_core::train::{Predicted, Target};
use elm_data::neuronio::voltage_of;

/// Columns of places: file and simulation in it, both counted from 0, and ms.
pub(super) const NUMBERS: [&str; 3] = ["file", "simulation", "step"];
/// Was there a spike (0 or 1), how likely was it held to be; voltage of the
/// soma in mV, cut off at -55, and what was predicted of it.
pub(super) const VALUES: [&str; 4] = ["spike", "spike_probability", "soma", "soma_prediction"];

/// The cells of a batch, column by column.
pub(super) struct Columns {
    numbers: [Vec<u64>; 3],
    values: [Vec<f32>; 4],
}

impl Columns {
    /// Of windows whose place is known, simulation by simulation; `None` of
    /// other predictions.
    pub(super) fn of(predicted: &Predicted<'_>) -> Option<Self> {
        let Target::SpikeAndSoma { spike, soma, burn_in, place: Some(place) } = predicted.target else {
            return None;
        };
        let rows = predicted.rows.max(1);
        let (logits, voltages) = predicted.outputs.split_at(predicted.outputs.len() / 2);
        let counted = |all: &[f32]| all.get(burn_in * rows..).unwrap_or_default().to_vec();
        let by_row = |values: &[f32]| -> Vec<f32> {
            (0..rows).flat_map(|row| values.iter().skip(row).step_by(rows).copied()).collect()
        };
        let in_mv = |values: Vec<f32>| values.into_iter().map(voltage_of).collect();
        let probability = |logit: &f32| 1.0 / (1.0 + (-logit).exp());
        let steps = logits.len() / rows;
        let each = |number: fn(usize, usize) -> usize, from: usize| {
            (0..logits.len()).map(|at| (from + number(at, steps.max(1))) as u64).collect()
        };
        Some(Columns {
            numbers: [
                each(|_, _| 0, place.file),
                each(|at, steps| at / steps, place.first),
                each(|at, steps| at % steps, place.start),
            ],
            values: [
                by_row(&counted(spike)),
                by_row(&logits.iter().map(probability).collect::<Vec<_>>()),
                in_mv(by_row(&counted(soma))),
                in_mv(by_row(voltages)),
            ],
        })
    }

    pub(super) fn cells(&self) -> Vec<Cells<'_>> {
        let numbers = self.numbers.iter().map(|numbers| Cells::Numbers(numbers));
        numbers.chain(self.values.iter().map(|values| Cells::Reals(values))).collect()
    }
}
