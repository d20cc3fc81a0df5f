//! Operations with a given value and a given adjoint, through candle's
//! `CustomOp`.

use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Storage, Tensor,
};
use std::sync::Mutex;

/// From inputs, value and the value's gradient to the inputs' gradients.
///
/// What it captures must be without history, or the history would be walked
/// (and dropped) where nobody counts its length.
pub(crate) trait Adjoint:
    Fn(&[&Tensor], &Tensor, &Tensor) -> Result<Vec<Tensor>> + Send + Sync + 'static
{
}

impl<F> Adjoint for F where F: Fn(&[&Tensor], &Tensor, &Tensor) -> Result<Vec<Tensor>> + Send + Sync + 'static {}

/// A value that was computed outside of the graph.
pub(crate) enum Value {
    /// By candle.
    Tensor(Tensor),
    /// On the host, with its shape.
    Host(Vec<f32>, Vec<usize>),
}

impl From<Tensor> for Value {
    fn from(tensor: Tensor) -> Self {
        Value::Tensor(tensor)
    }
}

/// `value` as a function of one to three inputs.
pub(crate) fn given(
    name: &'static str,
    value: impl Into<Value>,
    inputs: &[&Tensor],
    adjoint: impl Adjoint,
) -> Result<Tensor> {
    let value = value.into();
    if !inputs.iter().any(|input| input.track_op()) {
        return match value {
            Value::Tensor(value) => Ok(value),
            Value::Host(values, shape) => Tensor::from_vec(values, shape, inputs[0].device()),
        };
    }
    let given = Given { name, value: Mutex::new(Some(value)), adjoint };
    match inputs {
        [a] => a.apply_op1(given),
        [a, b] => a.apply_op2(b, given),
        [a, b, c] => a.apply_op3(b, c, given),
        _ => candle_core::bail!("{name}: {} inputs, candle takes 1 to 3", inputs.len()),
    }
}

/// A value and how its gradient flows.
struct Given<F> {
    name: &'static str,
    /// Taken when candle asks for the value; the graph then holds its own.
    value: Mutex<Option<Value>>,
    adjoint: F,
}

impl<F: Adjoint> Given<F> {
    fn take(&self) -> Result<Value> {
        let value = self.value.lock().ok().and_then(|mut value| value.take());
        value.ok_or_else(|| candle_core::Error::Msg(format!("{}: the value was asked for twice", self.name)))
    }

    fn on_host(&self) -> Result<(CpuStorage, Shape)> {
        match self.take()? {
            Value::Host(values, shape) => Ok((CpuStorage::F32(values), shape.into())),
            Value::Tensor(value) => {
                Ok((CpuStorage::F32(value.flatten_all()?.to_vec1()?), value.shape().clone()))
            }
        }
    }

    fn on_device(&self) -> Result<(CudaStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let Value::Tensor(value) = self.take()? else {
            candle_core::bail!("{}: the value is not on the CUDA device", self.name)
        };
        // A copy of its own, so that the storage holds the value and no more.
        let value = value.force_contiguous()?;
        let (storage, layout) = value.storage_and_layout();
        match &*storage {
            Storage::Cuda(storage) => Ok((storage.try_clone(layout)?, layout.shape().clone())),
            _ => candle_core::bail!("{}: the value is not on the CUDA device", self.name),
        }
    }

    /// The gradients of exactly `N` inputs.
    fn gradients<const N: usize>(
        &self,
        inputs: [&Tensor; N],
        value: &Tensor,
        gradient: &Tensor,
    ) -> Result<[Tensor; N]> {
        let gradients = (self.adjoint)(&inputs, value, gradient)?;
        gradients.try_into().map_err(|got: Vec<Tensor>| {
            candle_core::Error::Msg(format!("{}: {} gradients for {N} inputs", self.name, got.len()))
        })
    }
}

impl<F: Adjoint> CustomOp1 for Given<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.on_host()
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout) -> Result<(CudaStorage, Shape)> {
        self.on_device()
    }

    fn bwd(&self, a: &Tensor, value: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let [a] = self.gradients([a], value, gradient)?;
        Ok(Some(a))
    }
}

impl<F: Adjoint> CustomOp2 for Given<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.on_host()
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.on_device()
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        value: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [a, b] = self.gradients([a, b], value, gradient)?;
        Ok((Some(a), Some(b)))
    }
}

impl<F: Adjoint> CustomOp3 for Given<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.on_host()
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.on_device()
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        c: &Tensor,
        value: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [a, b, c] = self.gradients([a, b, c], value, gradient)?;
        Ok((Some(a), Some(b), Some(c)))
    }
}
