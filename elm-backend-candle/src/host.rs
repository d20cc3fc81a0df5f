//! The values of candle's tensors as slices, on the processor.

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Storage, Tensor};
use std::cell::RefCell;

/// Runs a function on the values of a tensor, in row-major order.
pub(crate) fn read<R>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(values)), Some((start, end))) => Ok(read(&values[start..end])),
        _ => candle_core::bail!("wanted 32-bit floats on the processor"),
    }
}

/// Runs a function on the values of a contiguous tensor, which it may change.
pub(crate) fn edit<R>(tensor: &Tensor, edit: impl FnOnce(&mut [f32]) -> R) -> Result<R> {
    let mut answer = None;
    let edit = |values: &mut [f32]| answer = Some(edit(values));
    tensor.inplace_op1(&Edit(RefCell::new(Some(edit))))?;
    answer.ok_or_else(|| candle_core::Error::Msg("edit: candle did not call it".into()))
}

struct Edit<F>(RefCell<Option<F>>);

impl<F: FnOnce(&mut [f32])> InplaceOp1 for Edit<F> {
    fn name(&self) -> &'static str {
        "edit"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(values), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            candle_core::bail!("edit: wanted contiguous 32-bit floats");
        };
        match self.0.take() {
            Some(edit) => {
                edit(&mut values[start..end]);
                Ok(())
            }
            None => candle_core::bail!("edit: asked for twice"),
        }
    }
}
