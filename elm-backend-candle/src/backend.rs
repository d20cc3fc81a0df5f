//! The trait of elm-core on candle.

use crate::adjoint::given;
use crate::diagnose::VERSION;
use crate::error::{NAME, failed};
use crate::history::GraphTensor;
use crate::{adjoint, card, elementwise, host, sequence, threads};
use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor, Var};
use elm_core::backend::{Backend, Binary, Description, Memory, MemoryMut, ScanOptions, Unary, Value};
use elm_core::device::{BackendOptions, Device, DeviceReport};
use elm_core::kernel::Kernel;
use elm_core::kernel::cuda::driver::AnyDriver;
use elm_core::scan::{self, CardScan, ScanAdjoint, ScanArgs, ScanOutput};
use elm_core::{Error, Result, shape};
use std::sync::Arc;

/// candle on one device.
#[derive(Debug, Clone)]
pub struct CandleBackend {
    options: BackendOptions,
    device: candle_core::Device,
    kernel: Option<Arc<Kernel>>,
    card: Option<Arc<CardScan<CandleBackend>>>,
}

/// Row numbers on the device.
#[derive(Debug, Clone)]
pub struct Index {
    rows: Tensor,
    largest: Option<u32>,
}

impl CandleBackend {
    /// Opens the device.
    ///
    /// # Errors
    /// [`Error::Config`] when the thread count cannot be had or is more than
    /// [`elm_core::device::most_threads`],
    /// [`Error::Unsupported`] when the device is not there, or
    /// `scan = "fused"` is asked for on one without CUDA's compiler.
    pub fn new(options: BackendOptions) -> Result<Self> {
        let threads = match options.allowed_threads(threads::asked())? {
            Some(count) => {
                threads::set_threads(count)?;
                count
            }
            None => threads::set_usual()?,
        };
        let (device, kernel, card) = match options.device {
            Device::Cpu => (candle_core::Device::Cpu, options.kernel(NAME, threads)?, None),
            Device::Cuda(ordinal) => {
                options.simd.resolve()?;
                (cuda(ordinal)?, None, card::open(&options, ordinal)?)
            }
        };
        Ok(CandleBackend { options, device, kernel, card })
    }

    /// The same on the processor, with a driver that takes this machine's
    /// memory for that of a card: what runs on cards, where there is none.
    ///
    /// # Errors
    /// As [`CandleBackend::new`].
    pub fn with_driver(options: BackendOptions, driver: AnyDriver) -> Result<Self> {
        let options = BackendOptions { device: Device::Cpu, ..options };
        let card = CardScan::open(&options, || Ok(driver))?;
        Ok(CandleBackend { kernel: None, card, ..Self::new(options)? })
    }

    /// candle's own device.
    pub(crate) fn device(&self) -> &candle_core::Device {
        &self.device
    }

    /// The fused recurrence, unless the device or the options exclude it.
    pub fn kernel(&self) -> Option<&Arc<Kernel>> {
        self.kernel.as_ref()
    }

    /// What it was made with.
    pub fn options(&self) -> &BackendOptions {
        &self.options
    }

    /// Applies a candle function to a tensor.
    fn map(
        &self,
        op: &'static str,
        x: &GraphTensor,
        function: impl FnOnce(&Tensor) -> candle_core::Result<Tensor>,
    ) -> Result<GraphTensor> {
        GraphTensor::computed(function(x.tensor()).map_err(failed(op))?, [x])
    }

    /// Applies a candle function that may answer with a view. A view of a
    /// variable would change with it, so it becomes a copy.
    fn view(
        &self,
        op: &'static str,
        x: &GraphTensor,
        function: impl FnOnce(&Tensor) -> candle_core::Result<Tensor>,
    ) -> Result<GraphTensor> {
        let variable = x.tensor().is_variable();
        self.map(op, x, |x| {
            let view = function(x)?;
            if variable { view.force_contiguous() } else { Ok(view) }
        })
    }
}

/// Opens a CUDA device.
fn cuda(ordinal: usize) -> Result<candle_core::Device> {
    candle_core::Device::new_cuda(ordinal).map_err(|error| {
        let report = crate::diagnose().devices;
        let known = report.iter().find(|device| device.device == format!("cuda:{ordinal}"));
        let known = known.or_else(|| report.iter().find(|device| device.device == "cuda"));
        let reason = match known {
            Some(DeviceReport { detail, remedy: Some(remedy), .. }) => format!("{detail}; {remedy}"),
            _ => error.to_string(),
        };
        Error::Unsupported { what: format!("device cuda:{ordinal}"), backend: NAME.into(), reason }
    })
}

impl Backend for CandleBackend {
    type Tensor = GraphTensor;
    type Index = Index;
    type Gradients = GradStore;

    fn description(&self) -> Description {
        Description { name: NAME, device: self.options.device.to_string(), version: VERSION.into() }
    }

    fn tensor(&self, values: &[f32], shape: &[usize]) -> Result<GraphTensor> {
        shape::filled("tensor", values.len(), shape)?;
        Tensor::from_slice(values, shape, &self.device).map(GraphTensor::leaf).map_err(failed("tensor"))
    }

    fn values(&self, x: &GraphTensor) -> Result<Vec<f32>> {
        x.tensor().detach().flatten_all().and_then(|x| x.to_vec1()).map_err(failed("values"))
    }

    fn shape(&self, x: &GraphTensor) -> Vec<usize> {
        x.tensor().dims().to_vec()
    }

    fn index(&self, rows: &[u32]) -> Result<Index> {
        let largest = rows.iter().copied().max();
        let rows = Tensor::from_slice(rows, rows.len(), &self.device).map_err(failed("index"))?;
        Ok(Index { rows, largest })
    }

    fn synchronize(&self) -> Result<()> {
        self.device.synchronize().map_err(failed("synchronize"))
    }

    fn variable(&self, values: &[f32], shape: &[usize]) -> Result<GraphTensor> {
        shape::filled("variable", values.len(), shape)?;
        let variable = Var::from_slice(values, shape, &self.device).map_err(failed("variable"))?;
        Ok(GraphTensor::leaf(variable.into_inner()))
    }

    fn assign(&self, variable: &GraphTensor, x: &GraphTensor) -> Result<()> {
        shape::equal("assign", x.tensor().dims(), variable.tensor().dims())?;
        if !variable.tensor().is_variable() {
            return Err(Error::Unsupported {
                what: "assigning to a tensor".into(),
                backend: NAME.into(),
                reason: "only a variable can be assigned to".into(),
            });
        }
        Var::from_tensor(variable.tensor())
            .and_then(|variable| variable.set(x.tensor()))
            .map_err(failed("assign"))
    }

    fn detach(&self, x: &GraphTensor) -> GraphTensor {
        let detached = x.tensor().detach();
        // What was taken from a variable stays as it was when that changes.
        let own = if x.tensor().is_variable() { detached.force_contiguous() } else { Ok(detached.clone()) };
        GraphTensor::leaf(own.unwrap_or(detached))
    }

    fn backward(&self, loss: &GraphTensor) -> Result<GradStore> {
        shape::filled("loss", 1, loss.tensor().dims())?;
        loss.backward().map_err(failed("backward"))
    }

    fn gradient(&self, gradients: &GradStore, variable: &GraphTensor) -> Option<GraphTensor> {
        // candle also answers for constants that an operation met on its way.
        let variable = variable.tensor();
        variable.is_variable().then(|| gradients.get(variable).cloned().map(GraphTensor::leaf))?
    }

    fn unary(&self, op: Unary, x: &GraphTensor) -> Result<GraphTensor> {
        self.map("unary", x, |x| elementwise::unary(op, x))
    }

    fn binary(&self, op: Binary, a: &GraphTensor, b: &GraphTensor) -> Result<GraphTensor> {
        shape::broadcast(a.tensor().dims(), b.tensor().dims())?;
        let answer = elementwise::binary(op, a.tensor(), b.tensor()).map_err(failed("binary"))?;
        GraphTensor::computed(answer, [a, b])
    }

    fn affine(&self, x: &GraphTensor, scale: f64, shift: f64) -> Result<GraphTensor> {
        self.map("affine", x, |x| x.affine(scale, shift))
    }

    fn sum(&self, x: &GraphTensor, axis: usize) -> Result<GraphTensor> {
        shape::axis("sum", x.tensor().dims(), axis)?;
        self.map("sum", x, |x| x.sum(axis))
    }

    fn max(&self, x: &GraphTensor, axis: usize) -> Result<GraphTensor> {
        shape::axis("max", x.tensor().dims(), axis)?;
        self.map("max", x, |x| x.detach().max_keepdim(axis))
    }

    fn matmul(&self, a: &GraphTensor, b: &GraphTensor) -> Result<GraphTensor> {
        shape::product(a.tensor().dims(), b.tensor().dims())?;
        let product = || a.tensor().contiguous()?.matmul(&b.tensor().contiguous()?);
        GraphTensor::computed(product().map_err(failed("matmul"))?, [a, b])
    }

    fn reshape(&self, x: &GraphTensor, shape: &[usize]) -> Result<GraphTensor> {
        shape::filled("reshape", x.tensor().elem_count(), shape)?;
        self.view("reshape", x, |x| x.reshape(shape))
    }

    fn transpose(&self, x: &GraphTensor, a: usize, b: usize) -> Result<GraphTensor> {
        shape::axis("transpose", x.tensor().dims(), a)?;
        shape::axis("transpose", x.tensor().dims(), b)?;
        self.view("transpose", x, |x| x.transpose(a, b))
    }

    fn narrow(&self, x: &GraphTensor, axis: usize, start: usize, length: usize) -> Result<GraphTensor> {
        shape::within("narrow", x.tensor().dims(), axis, start, length)?;
        self.view("narrow", x, |x| x.narrow(axis, start, length))
    }

    fn cat(&self, parts: &[GraphTensor], axis: usize) -> Result<GraphTensor> {
        shape::joined(&self.shapes(parts), axis)?;
        let tensors: Vec<&Tensor> = parts.iter().map(GraphTensor::tensor).collect();
        GraphTensor::computed(Tensor::cat(&tensors, axis).map_err(failed("cat"))?, parts)
    }

    fn stack(&self, parts: &[GraphTensor]) -> Result<GraphTensor> {
        shape::stacked(&self.shapes(parts))?;
        let tensors: Vec<&Tensor> = parts.iter().map(GraphTensor::tensor).collect();
        GraphTensor::computed(Tensor::stack(&tensors, 0).map_err(failed("stack"))?, parts)
    }

    fn unstack(&self, x: &GraphTensor) -> Result<Vec<GraphTensor>> {
        shape::axis("unstack", x.tensor().dims(), 0)?;
        let parts = sequence::unstack(x.tensor()).map_err(failed("unstack"))?;
        parts.into_iter().map(|part| GraphTensor::computed(part, [x])).collect()
    }

    fn select(&self, x: &GraphTensor, rows: &Index) -> Result<GraphTensor> {
        shape::rows(x.tensor().dims(), rows.largest)?;
        self.map("select", x, |x| x.contiguous()?.index_select(&rows.rows, 0))
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

    /// As a `CustomOp`. candle asks for the gradient of every input, so one
    /// that is a constant is left out.
    fn node(
        &self,
        value: Value<GraphTensor>,
        inputs: &[&GraphTensor],
        adjoint: ScanAdjoint<Self>,
    ) -> Result<GraphTensor> {
        let value = match value {
            Value::Host(values) => {
                let shape = vec![values.len()];
                adjoint::Value::Host(values, shape)
            }
            Value::Tensor(value) => adjoint::Value::Tensor(value.tensor().clone()),
        };
        let constant = inputs.last().is_some_and(|last| !last.tensor().track_op());
        let inputs = if constant { &inputs[..inputs.len() - 1] } else { inputs };
        let tensors: Vec<&Tensor> = inputs.iter().map(|x| x.tensor()).collect();
        let own = self.clone();
        let back = move |inputs: &[&Tensor], _: &Tensor, gradient: &Tensor| {
            let gradient = GraphTensor::leaf(gradient.clone());
            let gradients = adjoint.gradients(&own, &gradient, inputs.len());
            let gradients = gradients.map_err(candle_core::Error::wrap)?;
            Ok(gradients.iter().map(|gradient| gradient.tensor().clone()).collect())
        };
        let node = given("scan", value, &tensors, back).map_err(failed("scan"))?;
        GraphTensor::computed(node, inputs.iter().copied())
    }

    fn read<R>(&self, x: &GraphTensor, read: impl FnOnce(Memory<'_>) -> R) -> Result<R> {
        if !self.device.is_cpu() {
            return Ok(read(Memory::Host(&self.values(x)?)));
        }
        host::read(x.tensor(), |numbers| read(Memory::Host(numbers))).map_err(failed("read"))
    }

    fn edit<R>(&self, x: &GraphTensor, edit: impl FnOnce(MemoryMut<'_>) -> R) -> Result<R> {
        if !self.device.is_cpu() {
            return Ok(edit(MemoryMut::Elsewhere));
        }
        host::edit(x.tensor(), |numbers| edit(MemoryMut::Host(numbers))).map_err(failed("edit"))
    }

    fn zeros(&self, shape: &[usize]) -> Result<GraphTensor> {
        Tensor::zeros(shape, DType::F32, &self.device).map(GraphTensor::leaf).map_err(failed("zeros"))
    }

    fn adopt(&self, values: Vec<f32>, shape: &[usize]) -> Result<GraphTensor> {
        shape::filled("tensor", values.len(), shape)?;
        Tensor::from_vec(values, shape, &self.device).map(GraphTensor::leaf).map_err(failed("tensor"))
    }

    fn alias(&self, x: &GraphTensor) -> GraphTensor {
        GraphTensor::leaf(x.tensor().detach())
    }
}

impl CandleBackend {
    fn shapes(&self, parts: &[GraphTensor]) -> Vec<Vec<usize>> {
        parts.iter().map(|part| self.shape(part)).collect()
    }
}
