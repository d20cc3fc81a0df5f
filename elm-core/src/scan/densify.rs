//! Tokens and events as dense input, for the composed path.

use super::ScanArgs;
use crate::backend::Backend;
use crate::error::Result;
use crate::ops;
use crate::spec::Input;

/// The input of every step with embedding and mask applied: `T` times `[C, B]`.
///
/// The arguments have passed [`check`](super::check).
pub(super) fn dense_steps<B: Backend>(backend: &B, args: &ScanArgs<B>) -> Result<Vec<B::Tensor>> {
    let (channels, rows) = (args.layer.inputs, args.rows);
    let mask = args.dropout.input.as_ref();
    let dense = match &args.input {
        Input::Dense(x) => {
            let scaled = backend.affine(x, f64::from(args.input_factor), 0.0)?;
            match mask {
                Some(mask) => ops::mul(backend, &scaled, &backend.tensor(mask, &[channels, rows])?)?,
                None => scaled,
            }
        }
        sparse => {
            let mut values = vec![0.0; args.steps * channels * rows];
            sparse.for_each_entry(args.rows, |step, channel, row, count| {
                let factor = mask.map_or(1.0, |mask| mask[channel * rows + row]);
                values[(step * channels + channel) * rows + row] += count * args.input_factor * factor;
            });
            backend.tensor(&values, &[args.steps, channels, rows])?
        }
    };
    backend.unstack(&dense)
}
