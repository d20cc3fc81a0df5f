//! Rows of a batch have nothing to do with each other.

use super::case::{ScanCase, ScanData, Seen};
use super::compare::{CALCULATED, compare};
use super::laws::{dense_gradient, only_activity};
use super::run::{ScanGradients, TRAINING, run_with};
use crate::backend::Backend;
use crate::conformance::tolerance::{Failure, Result, Tolerance};
use crate::spec::Trace;
use crate::spec::{DropoutMasks, Event, Events};
use std::sync::Arc;

/// Another row changes no bit of a row, and a row has no gradient for another.
pub fn scan_keeps_rows_apart<B: Backend>(b: &B) -> Result<()> {
    let case = ScanCase::variation("rows apart", |case| {
        case.rows = 9;
        case.layer.neuron.trace = Trace::Synapse(5.0);
    });
    let (rows, layer) = (case.rows, &case.layer);
    for kept in [0, 4, 8] {
        let mut data = case.data();
        only_activity(&mut data, |element| element % rows == kept);
        let plain = run_with(b, &case, &data, TRAINING)?;
        let mut changed = data.clone();
        for values in [&mut changed.dense, &mut changed.state] {
            for (_, value) in values.iter_mut().enumerate().filter(|(element, _)| element % rows != kept) {
                *value = 1.0 - *value;
            }
        }
        let other = run_with(b, &case, &changed, TRAINING)?;
        let (got, wanted) = (column(&other.activity, rows, kept), column(&plain.activity, rows, kept));
        let shape = [case.steps, layer.neurons, 1];
        Tolerance::Exact.compare(
            &format!("activity of row {kept} alone unchanged"),
            &shape,
            &got,
            &wanted,
        )?;
        let gradient = dense_gradient(plain.gradients)?;
        let foreign = (0..gradient.len()).find(|element| element % rows != kept && gradient[*element] != 0.0);
        if let Some(element) = foreign {
            let fault = format!("row {kept} gives row {} {}", element % rows, gradient[element]);
            return Err(Failure::broken("gradient of the input", fault));
        }
    }
    Ok(())
}

/// Each row run alone gives what it gives in the batch; gradients of the
/// parameters add up.
pub fn scan_of_a_batch_is_the_scan_of_its_rows<B: Backend>(b: &B) -> Result<()> {
    for seen in [Seen::Dense, Seen::Tokens, Seen::Events] {
        let case = ScanCase::variation(format!("row by row, {seen:?}"), |case| {
            case.rows = 4;
            case.seen = seen;
            case.masked = [true; 3];
            case.layer.neuron.trace = Trace::Branch(5.0);
        });
        let data = case.data();
        let whole = run_with(b, &case, &data, TRAINING)?;
        let mut together = whole.clone();
        let mut sum = vec![0.0; data.parameters.len()];
        let (mut state, mut dense) = (vec![0.0; data.state.len()], vec![0.0; data.dense.len()]);
        for row in 0..case.rows {
            let alone = ScanCase { rows: 1, ..case.clone() };
            let result = run_with(b, &alone, &data.row(case.rows, row), TRAINING)?;
            put(&mut together.activity, &result.activity, case.rows, row);
            put(&mut together.state, &result.state, case.rows, row);
            if let (Some(all), Some(own)) = (&mut together.magnitude, &result.magnitude) {
                put(all, own, case.rows, row);
            }
            let Some(ScanGradients { parameters: Some(own), state: own_state, dense: own_dense }) =
                result.gradients
            else {
                return Err(Failure::broken("parameters of one row", "no gradient"));
            };
            sum.iter_mut().zip(&own).for_each(|(sum, own)| *sum += own);
            put(&mut state, &own_state.unwrap_or_default(), case.rows, row);
            put(&mut dense, &own_dense.unwrap_or_default(), case.rows, row);
        }
        together.gradients =
            Some(ScanGradients { parameters: Some(sum), state: Some(state), dense: Some(dense) });
        compare(&case, &whole, &together, CALCULATED)?;
    }
    Ok(())
}

/// Column `row` of `[.., rows]`.
fn column<T: Copy>(values: &[T], rows: usize, row: usize) -> Vec<T> {
    values.iter().skip(row).step_by(rows).copied().collect()
}

/// The inverse of [`column`].
fn put(values: &mut [f32], own: &[f32], rows: usize, row: usize) {
    values.iter_mut().skip(row).step_by(rows).zip(own).for_each(|(value, own)| *value = *own);
}

impl ScanData {
    /// The numbers of one row of `rows`.
    fn row(&self, rows: usize, row: usize) -> ScanData {
        let own = |values: &[f32]| column(values, rows, row);
        let mask = |mask: &Option<Arc<[f32]>>| mask.as_deref().map(|mask| own(mask).into());
        let mut events = Events { starts: vec![0], entries: Vec::new() };
        for range in self.events.starts.windows(2) {
            let here = &self.events.entries[range[0] as usize..range[1] as usize];
            let own = here.iter().filter(|event| event.row as usize == row);
            events.entries.extend(own.map(|event| Event { row: 0, ..*event }));
            events.starts.push(events.entries.len() as u32);
        }
        ScanData {
            state: own(&self.state),
            dense: own(&self.dense),
            tokens: column(&self.tokens, rows, row),
            events,
            masks: DropoutMasks {
                input: mask(&self.masks.input),
                recurrent: mask(&self.masks.recurrent),
                memory: mask(&self.masks.memory),
            },
            activity_weights: own(&self.activity_weights),
            state_weights: own(&self.state_weights),
            magnitude_weights: own(&self.magnitude_weights),
            ..self.clone()
        }
    }
}
