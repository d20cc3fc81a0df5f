//! The trait of elm-core on libtorch.

use crate::error::{NAME, failed};
use crate::given::{self, Gradients, given};
use crate::{card, diagnose, host, layers, threads};
use elm_core::backend::{Backend, Binary, Description, Memory, MemoryMut, ScanOptions, Unary, Value};
use elm_core::device::{BackendOptions, Device, DeviceReport, ScanChoice};
use elm_core::kernel::Kernel;
use elm_core::kernel::cuda::driver::AnyDriver;
use elm_core::layers::{Attention, FusedLayers, GatedAnswer, GatedLayer};
use elm_core::scan::{self, CardScan, ScanAdjoint, ScanArgs, ScanOutput};
use elm_core::{Error, Result, shape};
use std::sync::Arc;
use tch::{Kind, TchError, Tensor};

/// libtorch on one device.
#[derive(Debug, Clone)]
pub struct TchBackend {
    options: BackendOptions,
    device: tch::Device,
    kernel: Option<Arc<Kernel>>,
    card: Option<Arc<CardScan<TchBackend>>>,
}

/// A tensor of libtorch; clones share values and history.
#[derive(Debug)]
pub struct TchTensor(Tensor);

/// Row numbers on the device.
#[derive(Debug)]
pub struct Index {
    rows: Tensor,
    largest: Option<u32>,
}

impl TchTensor {
    /// The tensor itself.
    pub fn tensor(&self) -> &Tensor {
        &self.0
    }
}

impl From<Tensor> for TchTensor {
    fn from(tensor: Tensor) -> Self {
        TchTensor(tensor)
    }
}

impl Clone for TchTensor {
    fn clone(&self) -> Self {
        TchTensor(self.0.shallow_clone())
    }
}

impl Clone for Index {
    fn clone(&self) -> Self {
        Index { rows: self.rows.shallow_clone(), largest: self.largest }
    }
}

impl TchBackend {
    /// Opens the device.
    ///
    /// # Errors
    /// [`Error::Config`] when the thread count cannot be had,
    /// [`Error::Unsupported`] when the device is not there, or
    /// `scan = "fused"` is asked for on one without CUDA's compiler.
    pub fn new(options: BackendOptions) -> Result<Self> {
        let threads = match options.allowed_threads(None)? {
            Some(count) => {
                threads::set_threads(count)?;
                count
            }
            None => threads::set_usual()?,
        };
        let (device, kernel, card) = match options.device {
            Device::Cpu => (tch::Device::Cpu, options.kernel(NAME, threads)?, None),
            Device::Cuda(ordinal) => {
                options.simd.resolve()?;
                (cuda(ordinal)?, None, card::open(&options, ordinal)?)
            }
        };
        Ok(TchBackend { options, device, kernel, card })
    }

    /// The same on the processor, with a driver that takes this machine's
    /// memory for that of a card: what runs on cards, where there is none.
    ///
    /// # Errors
    /// As [`TchBackend::new`].
    pub fn with_driver(options: BackendOptions, driver: AnyDriver) -> Result<Self> {
        let options = BackendOptions { device: Device::Cpu, ..options };
        let card = CardScan::open(&options, || Ok(driver))?;
        Ok(TchBackend { kernel: None, card, ..Self::new(options)? })
    }

    /// libtorch's own device.
    pub(crate) fn device(&self) -> tch::Device {
        self.device
    }

    /// The fused recurrence, unless the device or the options exclude it.
    pub fn kernel(&self) -> Option<&Arc<Kernel>> {
        self.kernel.as_ref()
    }

    /// What it was made with.
    pub fn options(&self) -> &BackendOptions {
        &self.options
    }

    /// Copies to the device, through pinned memory and without waiting where
    /// that is a card.
    fn upload<T: tch::kind::Element>(&self, values: &[T], shape: &[i64]) -> Result<Tensor, TchError> {
        let host = Tensor::f_from_slice(values)?.f_reshape(shape)?;
        if self.device == tch::Device::Cpu {
            return Ok(host);
        }
        host.f_pin_memory(self.device)?.f_to_device_(self.device, host.kind(), true, false)
    }
}

/// The device of a card, if it is there.
fn cuda(ordinal: usize) -> Result<tch::Device> {
    if i64::try_from(ordinal).is_ok_and(|ordinal| ordinal < tch::Cuda::device_count()) {
        return Ok(tch::Device::Cuda(ordinal));
    }
    let seen = diagnose::diagnose().devices;
    let reason = match seen.iter().find(|device| device.device == "cuda") {
        Some(DeviceReport { detail, remedy: Some(remedy), .. }) => format!("{detail}; {remedy}"),
        _ => format!("libtorch sees {} cards", tch::Cuda::device_count()),
    };
    Err(Error::Unsupported { what: format!("device cuda:{ordinal}"), backend: NAME.into(), reason })
}

/// Lengths as libtorch wants them.
fn lengths(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|&length| length as i64).collect()
}

/// Calls a function of libtorch on a tensor.
fn map(
    op: &'static str,
    x: &TchTensor,
    function: impl FnOnce(&Tensor) -> Result<Tensor, TchError>,
) -> Result<TchTensor> {
    function(&x.0).map(TchTensor).map_err(failed(op))
}

/// Calls a function of libtorch that may answer with a view. A view of a
/// variable would change with it, so it becomes a copy.
fn view(
    op: &'static str,
    x: &TchTensor,
    function: impl FnOnce(&Tensor) -> Result<Tensor, TchError>,
) -> Result<TchTensor> {
    map(op, x, |x| {
        let view = function(x)?;
        if is_variable(x)? { copy(&view) } else { Ok(view) }
    })
}

fn is_variable(x: &Tensor) -> Result<bool, TchError> {
    Ok(x.requires_grad() && x.f_is_leaf()?)
}

/// A copy that a gradient flows through.
fn copy(x: &Tensor) -> Result<Tensor, TchError> {
    x.f_to_device_(x.device(), x.kind(), false, true)
}

impl Backend for TchBackend {
    type Tensor = TchTensor;
    type Index = Index;
    type Gradients = Gradients;

    fn description(&self) -> Description {
        Description { name: NAME, device: self.options.device.to_string(), version: diagnose::version() }
    }

    fn tensor(&self, values: &[f32], shape: &[usize]) -> Result<TchTensor> {
        shape::filled("tensor", values.len(), shape)?;
        self.upload(values, &lengths(shape)).map(TchTensor).map_err(failed("tensor"))
    }

    fn values(&self, x: &TchTensor) -> Result<Vec<f32>> {
        let copy = || {
            let flat = x.0.f_detach()?.f_reshape([-1])?.f_contiguous()?;
            let mut values = vec![0.0; flat.numel()];
            flat.f_copy_data(&mut values, flat.numel())?;
            Ok(values)
        };
        copy().map_err(failed("values"))
    }

    fn shape(&self, x: &TchTensor) -> Vec<usize> {
        x.0.size().into_iter().map(|length| length as usize).collect()
    }

    fn index(&self, rows: &[u32]) -> Result<Index> {
        let largest = rows.iter().copied().max();
        let rows: Vec<i64> = rows.iter().map(|&row| i64::from(row)).collect();
        let rows = self.upload(&rows, &[rows.len() as i64]).map_err(failed("index"))?;
        Ok(Index { rows, largest })
    }

    fn synchronize(&self) -> Result<()> {
        if let tch::Device::Cuda(ordinal) = self.device {
            tch::Cuda::synchronize(ordinal as i64);
        }
        Ok(())
    }

    fn variable(&self, values: &[f32], shape: &[usize]) -> Result<TchTensor> {
        let values = self.tensor(values, shape)?;
        map("variable", &values, |values| values.f_set_requires_grad(true))
    }

    fn assign(&self, variable: &TchTensor, x: &TchTensor) -> Result<()> {
        shape::equal("assign", &self.shape(x), &self.shape(variable))?;
        let assign = || variable.0.f_detach()?.f_copy_(&x.0.f_detach()?);
        assign().map_err(failed("assign"))
    }

    fn detach(&self, x: &TchTensor) -> TchTensor {
        // What was taken from a variable stays as it was when that changes.
        let detached = x.0.f_detach().and_then(|y| if is_variable(&x.0)? { copy(&y) } else { Ok(y) });
        detached.map_or_else(|_| x.clone(), TchTensor)
    }

    fn backward(&self, loss: &TchTensor) -> Result<Gradients> {
        shape::filled("loss", 1, &self.shape(loss))?;
        given::backward(&loss.0).map_err(failed("backward"))
    }

    fn gradient(&self, gradients: &Gradients, variable: &TchTensor) -> Option<TchTensor> {
        gradients.of(&variable.0).map(TchTensor)
    }

    fn unary(&self, op: Unary, x: &TchTensor) -> Result<TchTensor> {
        map("unary", x, |x| match op {
            Unary::Exp => x.f_exp(),
            Unary::Log => x.f_log(),
            Unary::Sqrt => x.f_sqrt(),
            Unary::Tanh => x.f_tanh(),
            Unary::Sigmoid => x.f_sigmoid(),
            Unary::Relu => x.f_relu(),
            Unary::Abs => x.f_abs(),
            Unary::Step => x.f_detach()?.f_gt(0.0)?.f_to_kind(Kind::Float),
        })
    }

    fn binary(&self, op: Binary, a: &TchTensor, b: &TchTensor) -> Result<TchTensor> {
        shape::broadcast(&self.shape(a), &self.shape(b))?;
        map("binary", a, |a| match op {
            Binary::Add => a.f_add(&b.0),
            Binary::Sub => a.f_sub(&b.0),
            Binary::Mul => a.f_mul(&b.0),
            Binary::Div => a.f_div(&b.0),
        })
    }

    fn affine(&self, x: &TchTensor, scale: f64, shift: f64) -> Result<TchTensor> {
        map("affine", x, |x| {
            let scaled =
                if scale == 1.0 && shift != 0.0 { x.shallow_clone() } else { x.f_mul_scalar(scale)? };
            if shift == 0.0 { Ok(scaled) } else { scaled.f_add_scalar(shift) }
        })
    }

    fn sum(&self, x: &TchTensor, axis: usize) -> Result<TchTensor> {
        shape::axis("sum", &self.shape(x), axis)?;
        map("sum", x, |x| x.f_sum_dim_intlist([axis as i64].as_slice(), false, Kind::Float))
    }

    fn max(&self, x: &TchTensor, axis: usize) -> Result<TchTensor> {
        shape::axis("max", &self.shape(x), axis)?;
        map("max", x, |x| x.f_detach()?.f_amax([axis as i64].as_slice(), true))
    }

    fn matmul(&self, a: &TchTensor, b: &TchTensor) -> Result<TchTensor> {
        shape::product(&self.shape(a), &self.shape(b))?;
        map("matmul", a, |a| a.f_matmul(&b.0))
    }

    fn reshape(&self, x: &TchTensor, shape: &[usize]) -> Result<TchTensor> {
        shape::filled("reshape", x.0.numel(), shape)?;
        view("reshape", x, |x| x.f_reshape(lengths(shape)))
    }

    fn transpose(&self, x: &TchTensor, a: usize, b: usize) -> Result<TchTensor> {
        shape::axis("transpose", &self.shape(x), a)?;
        shape::axis("transpose", &self.shape(x), b)?;
        view("transpose", x, |x| x.f_transpose(a as i64, b as i64))
    }

    fn narrow(&self, x: &TchTensor, axis: usize, start: usize, length: usize) -> Result<TchTensor> {
        shape::within("narrow", &self.shape(x), axis, start, length)?;
        view("narrow", x, |x| x.f_narrow(axis as i64, start as i64, length as i64))
    }

    fn cat(&self, parts: &[TchTensor], axis: usize) -> Result<TchTensor> {
        shape::joined(&self.shapes(parts), axis)?;
        let tensors: Vec<&Tensor> = parts.iter().map(TchTensor::tensor).collect();
        Tensor::f_cat(&tensors, axis as i64).map(TchTensor).map_err(failed("cat"))
    }

    fn stack(&self, parts: &[TchTensor]) -> Result<TchTensor> {
        shape::stacked(&self.shapes(parts))?;
        let tensors: Vec<&Tensor> = parts.iter().map(TchTensor::tensor).collect();
        Tensor::f_stack(&tensors, 0).map(TchTensor).map_err(failed("stack"))
    }

    fn unstack(&self, x: &TchTensor) -> Result<Vec<TchTensor>> {
        shape::axis("unstack", &self.shape(x), 0)?;
        let parts = || {
            let own = if is_variable(&x.0)? { copy(&x.0)? } else { x.0.shallow_clone() };
            own.f_unbind(0)
        };
        Ok(parts().map_err(failed("unstack"))?.into_iter().map(TchTensor).collect())
    }

    fn select(&self, x: &TchTensor, rows: &Index) -> Result<TchTensor> {
        shape::rows(&self.shape(x), rows.largest)?;
        map("select", x, |x| x.f_index_select(0, &rows.rows))
    }

    /// All on the processor. On a card, where cuDNN rounds the factors of its
    /// products unless told otherwise, they have not been tried.
    fn fused_layers(&self) -> FusedLayers {
        match (self.options.scan, self.device) {
            (ScanChoice::Auto | ScanChoice::Fused, tch::Device::Cpu) => FusedLayers::ALL,
            _ => FusedLayers::default(),
        }
    }

    fn lstm(&self, layer: &GatedLayer<'_, Self>) -> Result<GatedAnswer<Self>> {
        layers::lstm(self, layer)
    }

    fn gru(&self, layer: &GatedLayer<'_, Self>) -> Result<GatedAnswer<Self>> {
        layers::gru(self, layer)
    }

    fn attention(&self, given: &Attention<'_, Self>) -> Result<TchTensor> {
        layers::attention(self, given).map(TchTensor)
    }

    fn elm_scan(&self, args: &ScanArgs<Self>) -> Result<ScanOutput<Self>> {
        match &self.card {
            Some(card) => card.run(self, args),
            None => scan::run(self, args),
        }
    }

    fn why_composed(&self) -> Vec<String> {
        self.card.as_ref().map(|card| card.why_composed()).unwrap_or_default()
    }

    fn scan_options(&self) -> ScanOptions<'_> {
        ScanOptions { kernel: self.kernel.as_ref(), memory_budget: self.options.memory_budget }
    }

    /// As an autograd `Function`; an input that is a constant is left out.
    fn node(
        &self,
        value: Value<TchTensor>,
        inputs: &[&TchTensor],
        adjoint: ScanAdjoint<Self>,
    ) -> Result<TchTensor> {
        let value = match value {
            Value::Host(values) => {
                let shape = [values.len()];
                self.adopt(values, &shape)?
            }
            Value::Tensor(value) => value,
        };
        let constant = inputs.last().is_some_and(|last| !last.0.requires_grad());
        let inputs = if constant { &inputs[..inputs.len() - 1] } else { inputs };
        let tensors: Vec<&Tensor> = inputs.iter().map(|x| &x.0).collect();
        let (own, count) = (self.clone(), inputs.len());
        let back = move |gradient: &Tensor| {
            let gradient = TchTensor(gradient.shallow_clone());
            // libtorch differentiates without recording; segments need a record.
            let gradients = tch::with_grad(|| adjoint.gradients(&own, &gradient, count));
            let gradients = gradients.map_err(|error| error.to_string())?;
            let detached = gradients.iter().map(|gradient| gradient.0.f_detach());
            detached.collect::<std::result::Result<_, _>>().map_err(|error| error.to_string())
        };
        given(&value.0, &tensors, Box::new(back)).map(TchTensor).map_err(failed("scan"))
    }

    fn read<R>(&self, x: &TchTensor, read: impl FnOnce(Memory<'_>) -> R) -> Result<R> {
        if self.device != tch::Device::Cpu {
            return Ok(read(Memory::Host(&self.values(x)?)));
        }
        let contiguous = x.0.f_detach().and_then(|x| x.f_contiguous()).map_err(failed("read"))?;
        Ok(read(Memory::Host(host::slice(&contiguous).map_err(failed("read"))?)))
    }

    fn edit<R>(&self, x: &TchTensor, edit: impl FnOnce(MemoryMut<'_>) -> R) -> Result<R> {
        if self.device != tch::Device::Cpu {
            return Ok(edit(MemoryMut::Elsewhere));
        }
        let mut shared = x.0.f_detach().map_err(failed("edit"))?;
        Ok(edit(MemoryMut::Host(host::slice_mut(&mut shared).map_err(failed("edit"))?)))
    }

    fn zeros(&self, shape: &[usize]) -> Result<TchTensor> {
        let zeros = Tensor::f_zeros(lengths(shape), (Kind::Float, self.device));
        zeros.map(TchTensor).map_err(failed("zeros"))
    }

    fn adopt(&self, values: Vec<f32>, shape: &[usize]) -> Result<TchTensor> {
        shape::filled("tensor", values.len(), shape)?;
        if self.device != tch::Device::Cpu || values.is_empty() {
            return self.tensor(&values, shape);
        }
        let adopted = given::adopt(values).map(TchTensor).map_err(failed("tensor"))?;
        self.reshape(&adopted, shape)
    }

    /// The same values without history, not copied.
    fn alias(&self, x: &TchTensor) -> TchTensor {
        x.0.f_detach().map_or_else(|_| x.clone(), TchTensor)
    }
}

impl TchBackend {
    fn shapes(&self, parts: &[TchTensor]) -> Vec<Vec<usize>> {
        parts.iter().map(|part| self.shape(part)).collect()
    }
}
