//! The optimiser's update in place, on the processor.

use crate::history::GraphTensor;
use crate::host::{edit, read};
use candle_core::Result;
use elm_core::train::in_place::{sum_of_squares, update_in_place};
use elm_core::train::optimizer::{Moments, Update};

/// Euclidean norm of all gradients together.
pub(crate) fn global_norm(gradients: &[GraphTensor]) -> Result<f64> {
    let mut squares = 0.0;
    for gradient in gradients {
        squares += read(gradient.tensor(), sum_of_squares)?;
    }
    Ok(squares.sqrt())
}

/// Updates one flat variable and its moments in one loop.
pub(crate) fn update_one(
    update: &Update,
    clip: f64,
    parameter: &GraphTensor,
    gradient: &GraphTensor,
    moments: &mut Moments<crate::CandleBackend>,
) -> Result<()> {
    let address = |x: &GraphTensor| read(x.tensor(), |values| values.as_ptr() as usize);
    if address(&moments.first)? == address(&moments.second)? {
        // Two handles of one tensor: locking it twice would wait for ever.
        moments.second = GraphTensor::leaf(moments.second.tensor().force_contiguous()?);
    }
    read(gradient.tensor(), |gradient| {
        edit(parameter.tensor(), |parameter| {
            edit(moments.first.tensor(), |first| {
                edit(moments.second.tensor(), |second| {
                    update_in_place(update, clip, parameter, gradient, first, second);
                    Ok(())
                })
            })
        })
    })?
}
