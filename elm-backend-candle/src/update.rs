//! The optimiser's update in place, on the processor.

use crate::history::GraphTensor;
use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Storage, Tensor};
use elm_core::train::in_place::{sum_of_squares, update_in_place};
use elm_core::train::optimizer::{Moments, Update};
use std::cell::RefCell;

/// Runs a function on the values of a tensor, which it may change.
struct Edit<F>(RefCell<Option<F>>);

impl<F: FnOnce(&mut [f32]) -> Result<()>> InplaceOp1 for Edit<F> {
    fn name(&self) -> &'static str {
        "edit"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(values), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            candle_core::bail!("edit: wanted contiguous 32-bit floats");
        };
        match self.0.take() {
            Some(edit) => edit(&mut values[start..end]),
            None => candle_core::bail!("edit: asked for twice"),
        }
    }
}

fn edit(tensor: &Tensor, edit: impl FnOnce(&mut [f32]) -> Result<()>) -> Result<()> {
    tensor.inplace_op1(&Edit(RefCell::new(Some(edit))))
}

/// Runs a function on the values of a contiguous tensor.
fn read<R>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(values)), Some((start, end))) => Ok(read(&values[start..end])),
        _ => candle_core::bail!("wanted 32-bit floats on the processor"),
    }
}

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
