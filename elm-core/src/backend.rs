//! The one file a backend author must read: what a tensor library has to offer.
//!
//! A backend is a *value*: it owns its device and options, and every method
//! takes `&self`. The required methods are few and small; whatever the models
//! need beyond them is composed in [`crate::scan`] and [`crate::ops`].
//!
//! Two methods carry the speed, [`Backend::elm_scan`] and
//! [`Backend::optimizer_update`]. Their defaults are complete; what they need
//! of a backend to be fast are the hooks at the end. A backend that offers a
//! [`Kernel`] ([`Backend::scan_options`]) and can put a value with an adjoint
//! into its graph ([`Backend::node`]) has the fused recurrence; the other hooks
//! save copies.
//!
//! A library that has layers of its own for what ELM neurons are compared with
//! names them in [`Backend::fused_layers`].
//!
//! The suite in `elm_core::conformance` (feature `conformance`) tells whether
//! an implementation is right.

use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::layers::{self, Attention, FusedLayers, GatedAnswer, GatedLayer};
use crate::optimizer::{self, Moments, Update};
use crate::scan::{self, ScanAdjoint, ScanArgs, ScanOutput};
use std::sync::Arc;

/// Element-wise functions of one tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unary {
    /// `e^x`
    Exp,
    /// natural logarithm
    Log,
    /// square root
    Sqrt,
    /// hyperbolic tangent
    Tanh,
    /// `1 / (1 + e^-x)`; its gradient at ±inf is 0
    Sigmoid,
    /// `max(x, 0)`; its gradient at 0 is 0
    Relu,
    /// absolute value; its gradient at 0 is 0
    Abs,
    /// 1 where `x > 0`, else 0; carries no gradient
    Step,
}

/// Element-wise functions of two tensors, broadcast as in NumPy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// `a / b`
    Div,
}

/// What a backend says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Name as in `backend.kind`, e.g. `candle`.
    pub name: &'static str,
    /// Device in use, e.g. `cpu` or `cuda:0`.
    pub device: String,
    /// Library and version, e.g. `candle 0.11.1`.
    pub version: String,
}

/// How a backend wants recurrences computed.
#[derive(Clone, Copy, Default)]
pub struct ScanOptions<'a> {
    /// The fused recurrence; `None` composes it from primitives.
    pub kernel: Option<&'a Arc<Kernel>>,
    /// Bytes that the history of a composed recurrence may take before
    /// segments of it are computed twice instead; `None`: any number.
    pub memory_budget: Option<u64>,
}

/// Where a tensor's numbers lie, row-major, for kernels that read them outside
/// of the library. Device memory would be another variant.
#[non_exhaustive]
pub enum Memory<'a> {
    /// In host memory.
    Host(&'a [f32]),
}

/// Where a tensor's numbers can be changed in place.
#[non_exhaustive]
pub enum MemoryMut<'a> {
    /// In host memory.
    Host(&'a mut [f32]),
    /// Where no kernel of this crate reaches them.
    Elsewhere,
}

/// A value that was computed outside of the graph.
pub enum Value<T> {
    /// On the host, of shape `[length]`.
    Host(Vec<f32>),
    /// By the backend's own operations; without history.
    Tensor(T),
}

/// A tensor library with reverse-mode differentiation.
///
/// Tensors hold 32-bit floats (the f64 reference backend excepted), shapes
/// are row-major, axes count from 0. Every function here is differentiable in
/// every tensor argument unless it says otherwise. A shape that does not fit
/// is an error, never a panic.
pub trait Backend: Sized {
    /// A tensor; cloning is cheap and shares storage and graph.
    type Tensor: Clone;
    /// Row numbers kept on the device, for [`Backend::select`].
    type Index: Clone;
    /// What [`Backend::backward`] returns.
    type Gradients;

    // ---- identity and transfer ------------------------------------------

    /// Name, device, version.
    fn description(&self) -> Description;

    /// Copies host values to the device; no gradient flows into them.
    ///
    /// # Errors
    /// [`Error::Shape`] when `values` does not fill `shape`.
    fn tensor(&self, values: &[f32], shape: &[usize]) -> Result<Self::Tensor>;

    /// Copies a tensor to the host, in row-major order.
    fn values(&self, x: &Self::Tensor) -> Result<Vec<f32>>;

    /// The shape; `[]` for a scalar.
    fn shape(&self, x: &Self::Tensor) -> Vec<usize>;

    /// Uploads row numbers.
    fn index(&self, rows: &[u32]) -> Result<Self::Index>;

    /// Waits until the device has finished its work.
    fn synchronize(&self) -> Result<()> {
        Ok(())
    }

    // ---- variables and gradients ------------------------------------------

    /// A trainable leaf with these values.
    fn variable(&self, values: &[f32], shape: &[usize]) -> Result<Self::Tensor>;

    /// Overwrites a variable in place with the values of `x`, outside of the graph.
    fn assign(&self, variable: &Self::Tensor, x: &Self::Tensor) -> Result<()>;

    /// The same values without their history.
    fn detach(&self, x: &Self::Tensor) -> Self::Tensor;

    /// Differentiates a scalar with respect to every variable it came from.
    fn backward(&self, loss: &Self::Tensor) -> Result<Self::Gradients>;

    /// The gradient of a variable, or `None` if the loss does not depend on it.
    fn gradient(&self, gradients: &Self::Gradients, variable: &Self::Tensor) -> Option<Self::Tensor>;

    // ---- arithmetic -----------------------------------------------------

    /// Applies `op` to every element.
    fn unary(&self, op: Unary, x: &Self::Tensor) -> Result<Self::Tensor>;

    /// Applies `op` to pairs of elements, broadcasting as NumPy does.
    fn binary(&self, op: Binary, a: &Self::Tensor, b: &Self::Tensor) -> Result<Self::Tensor>;

    /// `x * scale + shift`.
    fn affine(&self, x: &Self::Tensor, scale: f64, shift: f64) -> Result<Self::Tensor>;

    /// Sums over `axis` and removes it.
    fn sum(&self, x: &Self::Tensor, axis: usize) -> Result<Self::Tensor>;

    /// Largest value along `axis`, which is kept with length 1; carries no gradient.
    fn max(&self, x: &Self::Tensor, axis: usize) -> Result<Self::Tensor>;

    /// Matrix product `[.., m, k] x [.., k, n] -> [.., m, n]`; leading axes are
    /// equal on both sides.
    fn matmul(&self, a: &Self::Tensor, b: &Self::Tensor) -> Result<Self::Tensor>;

    // ---- layout --------------------------------------------------------

    /// The same elements in row-major order under another shape.
    fn reshape(&self, x: &Self::Tensor, shape: &[usize]) -> Result<Self::Tensor>;

    /// Exchanges two axes.
    fn transpose(&self, x: &Self::Tensor, a: usize, b: usize) -> Result<Self::Tensor>;

    /// `length` entries of `axis` from `start` on.
    fn narrow(&self, x: &Self::Tensor, axis: usize, start: usize, length: usize) -> Result<Self::Tensor>;

    /// Joins tensors along an existing axis.
    fn cat(&self, parts: &[Self::Tensor], axis: usize) -> Result<Self::Tensor>;

    /// Joins tensors of one shape along a new first axis; its adjoint costs
    /// O(total size).
    fn stack(&self, parts: &[Self::Tensor]) -> Result<Self::Tensor>;

    /// Splits along the first axis, which disappears; its adjoint costs
    /// O(total size), however many parts there are.
    fn unstack(&self, x: &Self::Tensor) -> Result<Vec<Self::Tensor>>;

    /// Rows of the first axis in the order of `rows`, with repeats:
    /// `[R, ..] -> [len(rows), ..]`. Its adjoint adds rows up.
    ///
    /// # Errors
    /// [`Error::Index`] when a row does not exist.
    fn select(&self, x: &Self::Tensor, rows: &Self::Index) -> Result<Self::Tensor>;

    // ---- what carries the speed -----------------------------------------

    /// A layer's recurrence over all time steps.
    ///
    /// The default does as [`Backend::scan_options`] says: by the fused
    /// kernel, or composed from the primitives, step by step. An override
    /// gives the same values *and* gradients within the tolerance of the
    /// conformance suite.
    fn elm_scan(&self, args: &ScanArgs<Self>) -> Result<ScanOutput<Self>> {
        scan::run(self, args)
    }

    /// Clips the gradients of all `parameters` by their global norm and
    /// updates the parameters and moments in place. Returns the norm before
    /// clipping.
    ///
    /// # Errors
    /// [`Error::NonFinite`] when a gradient is not finite; then nothing was changed.
    fn optimizer_update(
        &self,
        update: &Update,
        parameters: &[Self::Tensor],
        gradients: &[Self::Tensor],
        moments: &mut [Moments<Self>],
    ) -> Result<f64> {
        optimizer::update(self, update, parameters, gradients, moments)
    }

    // ---- layers of other models -----------------------------------------

    /// Which of the following three are functions of the library's own. They
    /// are called only if they are named here; where dropout acts inside of a
    /// layer, which is then composed, not even so. The default: none.
    fn fused_layers(&self) -> FusedLayers {
        FusedLayers::default()
    }

    /// A layer of LSTM units over all time steps, as [`layers::gated::lstm`]
    /// defines it.
    fn lstm(&self, layer: &GatedLayer<'_, Self>) -> Result<GatedAnswer<Self>> {
        layers::gated::lstm(self, layer, None)
    }

    /// A layer of GRU units over all time steps, as [`layers::gated::gru`]
    /// defines it.
    fn gru(&self, layer: &GatedLayer<'_, Self>) -> Result<GatedAnswer<Self>> {
        layers::gated::gru(self, layer, None)
    }

    /// Scaled dot-product attention of several heads, `[h, B, T, D]`, as
    /// [`layers::attention::attention`] defines it. The padding gets no gradient.
    fn attention(&self, given: &Attention<'_, Self>) -> Result<Self::Tensor> {
        layers::attention::attention(self, given, None)
    }

    /// Why recurrences that a kernel might have run were composed so far, each
    /// reason once, in words; nothing where a user asked for that.
    fn why_composed(&self) -> Vec<String> {
        Vec::new()
    }

    // ---- hooks ------------------------------------------------------------

    /// How recurrences shall be computed: composed, unless a backend offers
    /// a kernel.
    fn scan_options(&self) -> ScanOptions<'_> {
        ScanOptions::default()
    }

    /// A tensor with this value, of which gradients flow to `inputs` as
    /// `adjoint` says: [`ScanAdjoint::gradients`] takes the gradient of the
    /// value and answers those of as many inputs, from the first on, as are
    /// asked for; the last may be left out where it is a constant.
    ///
    /// # Errors
    /// [`Error::Unsupported`] unless a backend implements it.
    fn node(
        &self,
        value: Value<Self::Tensor>,
        inputs: &[&Self::Tensor],
        adjoint: ScanAdjoint<Self>,
    ) -> Result<Self::Tensor> {
        let _ = (value, inputs, adjoint);
        Err(Error::Unsupported {
            what: "a value with an adjoint of its own".into(),
            backend: self.description().name.into(),
            reason: "it implements no Backend::node; use scan = \"composed\" without a memory_budget".into(),
        })
    }

    /// Runs a function on a tensor's numbers. The default copies them to the
    /// host.
    fn read<R>(&self, x: &Self::Tensor, read: impl FnOnce(Memory<'_>) -> R) -> Result<R> {
        Ok(read(Memory::Host(&self.values(x)?)))
    }

    /// Runs a function that may change a tensor's numbers in place; every
    /// clone of the tensor changes with them. By default they are elsewhere.
    fn edit<R>(&self, x: &Self::Tensor, edit: impl FnOnce(MemoryMut<'_>) -> R) -> Result<R> {
        let _ = x;
        Ok(edit(MemoryMut::Elsewhere))
    }

    /// [`Backend::tensor`] of zeros. The default copies them to the device.
    fn zeros(&self, shape: &[usize]) -> Result<Self::Tensor> {
        self.tensor(&vec![0.0; shape.iter().product()], shape)
    }

    /// [`Backend::tensor`] of numbers that it may keep. The default copies.
    fn adopt(&self, values: Vec<f32>, shape: &[usize]) -> Result<Self::Tensor> {
        self.tensor(&values, shape)
    }

    /// [`Backend::detach`] for a short time in which nobody changes `x`: the
    /// numbers may be shared even with a variable. The default is `detach`.
    fn alias(&self, x: &Self::Tensor) -> Self::Tensor {
        self.detach(x)
    }
}
