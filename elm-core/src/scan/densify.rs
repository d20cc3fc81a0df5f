//! Tokens and events as dense input, for the composed path.

use super::arguments::{Input, NO_TOKEN, ScanArgs};
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::ops;

/// The input of every step with embedding and mask applied: `T` times `[C, B]`.
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
            for_each_entry(sparse, args, |step, channel, row, count| {
                let factor = mask.map_or(1.0, |mask| mask[channel * rows + row]);
                values[(step * channels + channel) * rows + row] += count * args.input_factor * factor;
            })?;
            backend.tensor(&values, &[args.steps, channels, rows])?
        }
    };
    backend.unstack(&dense)
}

/// Calls `visit(step, channel, row, count)` for every token or event.
fn for_each_entry<B: Backend>(
    input: &Input<'_, B>,
    args: &ScanArgs<'_, B>,
    mut visit: impl FnMut(usize, usize, usize, f32),
) -> Result<()> {
    let channels = args.layer.inputs;
    let exists = |what: &str, index: u32, len: usize| {
        if (index as usize) < len {
            Ok(index as usize)
        } else {
            Err(Error::Index { what: what.into(), index: index as usize, len })
        }
    };
    match input {
        Input::Tokens(ids) => {
            if ids.len() != args.steps * args.rows {
                let wanted = format!("{} steps of {} rows", args.steps, args.rows);
                return Err(Error::shape("tokens", &[ids.len()], wanted));
            }
            for (place, &id) in ids.iter().enumerate() {
                if id != NO_TOKEN {
                    visit(place / args.rows, exists("token", id, channels)?, place % args.rows, 1.0);
                }
            }
        }
        Input::Events(events) => {
            if events.starts.len() != args.steps + 1 {
                return Err(Error::shape(
                    "events",
                    &[events.starts.len()],
                    format!("{} + 1 steps", args.steps),
                ));
            }
            for step in 0..args.steps {
                let range = events.starts[step] as usize..events.starts[step + 1] as usize;
                let here = events.entries.get(range).ok_or_else(|| {
                    Error::stored("events", format!("step {step} reaches beyond the list of events"))
                })?;
                for event in here {
                    let channel = exists("channel of an event", event.channel, channels)?;
                    visit(step, channel, exists("row of an event", event.row, args.rows)?, event.count);
                }
            }
        }
        Input::Dense(_) => {}
    }
    Ok(())
}
