//! Tokens and events as dense input, for the composed path.

use super::arguments::{Input, NO_TOKEN, ScanArgs};
use crate::backend::Backend;
use crate::error::Result;
use crate::ops;

/// The input of every step with embedding and mask applied: `T` times `[C, B]`.
///
/// The arguments have passed [`ScanArgs::check`].
pub(super) fn dense_steps<B: Backend>(backend: &B, args: &ScanArgs<'_, B>) -> Result<Vec<B::Tensor>> {
    let (channels, rows) = (args.layer.inputs, args.rows);
    let mask = args.dropout.input.as_ref();
    let dense = match args.input {
        Input::Dense(x) => {
            let scaled = backend.affine(x, f64::from(args.input_factor), 0.0)?;
            match mask {
                Some(mask) => ops::mul(backend, &scaled, &backend.tensor(mask, &[channels, rows])?)?,
                None => scaled,
            }
        }
        sparse => {
            let mut values = vec![0.0; args.steps * channels * rows];
            for_each_entry(sparse, args.rows, |step, channel, row, count| {
                let factor = mask.map_or(1.0, |mask| mask[channel * rows + row]);
                values[(step * channels + channel) * rows + row] += count * args.input_factor * factor;
            });
            backend.tensor(&values, &[args.steps, channels, rows])?
        }
    };
    backend.unstack(&dense)
}

/// Calls `visit(step, channel, row, count)` for every token or event.
fn for_each_entry<B: Backend>(
    input: &Input<'_, B>,
    rows: usize,
    mut visit: impl FnMut(usize, usize, usize, f32),
) {
    match input {
        Input::Tokens(ids) => {
            for (place, &id) in ids.iter().enumerate().filter(|&(_, &id)| id != NO_TOKEN) {
                visit(place / rows, id as usize, place % rows, 1.0);
            }
        }
        Input::Events(events) => {
            for (step, range) in events.starts.windows(2).enumerate() {
                for event in &events.entries[range[0] as usize..range[1] as usize] {
                    visit(step, event.channel as usize, event.row as usize, event.count);
                }
            }
        }
        Input::Dense(_) => {}
    }
}
