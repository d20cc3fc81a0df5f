//! Operations with a given value and a given adjoint, through candle's
//! `CustomOp`.

use candle_core::{CpuStorage, CudaStorage, CustomOp1, Layout, Result, Shape, Storage, Tensor};
use std::sync::Mutex;

/// From input, value and the value's gradient to the input's gradient.
///
/// What it captures must be without history, or the history would be walked
/// (and dropped) where nobody counts its length.
pub(crate) trait Adjoint:
    Fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor> + Send + Sync + 'static
{
}

impl<F: Fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor> + Send + Sync + 'static> Adjoint for F {}

/// A value that was computed outside of the graph, and how its gradient flows.
struct Given<F> {
    name: &'static str,
    /// Taken when candle asks for the value; the graph then holds its own.
    value: Mutex<Option<Tensor>>,
    adjoint: F,
}

/// `value` as a function of `x`.
pub(crate) fn given(name: &'static str, value: Tensor, x: &Tensor, adjoint: impl Adjoint) -> Result<Tensor> {
    if !x.track_op() {
        return Ok(value);
    }
    x.apply_op1(Given { name, value: Mutex::new(Some(value)), adjoint })
}

impl<F> Given<F> {
    fn take(&self) -> Result<Tensor> {
        let value = self.value.lock().ok().and_then(|mut value| value.take());
        let Some(value) = value else { candle_core::bail!("{}: the value was asked for twice", self.name) };
        // A copy of its own, so that the storage holds the value and no more.
        value.force_contiguous()
    }
}

impl<F: Adjoint> CustomOp1 for Given<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let value = self.take()?;
        let (storage, layout) = value.storage_and_layout();
        match &*storage {
            Storage::Cpu(storage) => Ok((storage.clone(), layout.shape().clone())),
            _ => candle_core::bail!("{}: the value is not on the processor", self.name),
        }
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout) -> Result<(CudaStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let value = self.take()?;
        let (storage, layout) = value.storage_and_layout();
        match &*storage {
            Storage::Cuda(storage) => Ok((storage.try_clone(layout)?, layout.shape().clone())),
            _ => candle_core::bail!("{}: the value is not on the CUDA device", self.name),
        }
    }

    fn bwd(&self, x: &Tensor, value: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        (self.adjoint)(x, value, gradient).map(Some)
    }
}
