//! The reference backend with single functions replaced.

use crate::backend::{Backend, Binary, Description, Unary};
use crate::error::Result;
use crate::optimizer::{self, Moments, Update};
use crate::reference::{Gradients, Reference, Tensor};
use crate::scan::{self, ScanArgs, ScanOutput};
use std::cell::Cell;
use std::rc::Rc;

type Index = Rc<[u32]>;
pub(super) type Scan = fn(&Altered, &ScanArgs<Altered>) -> Result<ScanOutput<Altered>>;
pub(super) type Updater = fn(&Altered, &Update, &[Tensor], &[Tensor], &mut [Moments<Altered>]) -> Result<f64>;

/// A function for everything a defect can sit in; by default that of the
/// reference backend.
pub(super) struct Altered {
    pub(super) tensor: fn(&[f32], &[usize]) -> Result<Tensor>,
    pub(super) zeros: fn(&[usize]) -> Result<Tensor>,
    pub(super) variable: fn(&[f32], &[usize]) -> Result<Tensor>,
    pub(super) assign: fn(&Tensor, &Tensor) -> Result<()>,
    pub(super) detach: fn(&Tensor) -> Tensor,
    pub(super) backward: fn(&Tensor) -> Result<Gradients>,
    pub(super) gradient: fn(&Gradients, &Tensor) -> Option<Tensor>,
    pub(super) unary: fn(Unary, &Tensor) -> Result<Tensor>,
    pub(super) binary: fn(Binary, &Tensor, &Tensor) -> Result<Tensor>,
    pub(super) affine: fn(&Tensor, f64, f64) -> Result<Tensor>,
    pub(super) sum: fn(&Tensor, usize) -> Result<Tensor>,
    pub(super) max: fn(&Tensor, usize) -> Result<Tensor>,
    pub(super) matmul: fn(&Tensor, &Tensor) -> Result<Tensor>,
    pub(super) reshape: fn(&Tensor, &[usize]) -> Result<Tensor>,
    pub(super) transpose: fn(&Tensor, usize, usize) -> Result<Tensor>,
    pub(super) narrow: fn(&Tensor, usize, usize, usize) -> Result<Tensor>,
    pub(super) cat: fn(&[Tensor], usize) -> Result<Tensor>,
    pub(super) stack: fn(&[Tensor]) -> Result<Tensor>,
    pub(super) unstack: fn(&Tensor) -> Result<Vec<Tensor>>,
    pub(super) select: fn(&Tensor, &Index) -> Result<Tensor>,
    pub(super) scan: Scan,
    pub(super) update: Updater,
    /// Counts scans and updates, for defects that come and go.
    pub(super) calls: Cell<usize>,
}

impl Default for Altered {
    fn default() -> Self {
        Altered {
            tensor: |values, shape| Reference.tensor(values, shape),
            zeros: |shape| Reference.zeros(shape),
            variable: |values, shape| Reference.variable(values, shape),
            assign: |variable, x| Reference.assign(variable, x),
            detach: |x| Reference.detach(x),
            backward: |loss| Reference.backward(loss),
            gradient: |gradients, x| Reference.gradient(gradients, x),
            unary: |op, x| Reference.unary(op, x),
            binary: |op, a, b| Reference.binary(op, a, b),
            affine: |x, scale, shift| Reference.affine(x, scale, shift),
            sum: |x, axis| Reference.sum(x, axis),
            max: |x, axis| Reference.max(x, axis),
            matmul: |a, b| Reference.matmul(a, b),
            reshape: |x, shape| Reference.reshape(x, shape),
            transpose: |x, a, b| Reference.transpose(x, a, b),
            narrow: |x, axis, start, length| Reference.narrow(x, axis, start, length),
            cat: |parts, axis| Reference.cat(parts, axis),
            stack: |parts| Reference.stack(parts),
            unstack: |x| Reference.unstack(x),
            select: |x, rows| Reference.select(x, rows),
            scan: |backend, args| scan::composed(backend, args),
            update: |backend, update, parameters, gradients, moments| {
                optimizer::composed_update(backend, update, parameters, gradients, moments)
            },
            calls: Cell::new(0),
        }
    }
}

impl Altered {
    /// Every calculated value is rounded to f32.
    pub(super) fn rounded() -> Self {
        Altered {
            unary: |op, x| rounded(&Reference.unary(op, x)?),
            binary: |op, a, b| rounded(&Reference.binary(op, a, b)?),
            affine: |x, scale, shift| rounded(&Reference.affine(x, scale, shift)?),
            sum: |x, axis| rounded(&Reference.sum(x, axis)?),
            matmul: |a, b| rounded(&Reference.matmul(a, b)?),
            ..Altered::default()
        }
    }
}

/// `x` in f32, with the gradient of `x`.
fn rounded(x: &Tensor) -> Result<Tensor> {
    with_values(x, &Reference.tensor(&Reference.values(x)?, &Reference.shape(x))?)
}

/// The values of `values` with the gradient of `x`, where both are finite.
pub(super) fn with_values(x: &Tensor, values: &Tensor) -> Result<Tensor> {
    let values = Reference.values64(values);
    let correction: Vec<f64> = (Reference.values64(x).iter().zip(&values))
        .map(|(x, value)| if x == value { 0.0 } else { value - x })
        .collect();
    let correction = Reference.tensor64(&correction, &Reference.shape(x))?;
    Reference.binary(Binary::Add, x, &correction)
}

/// The values of `x` with `factor` times its gradient.
pub(super) fn scaled_gradient(x: &Tensor, factor: f64) -> Result<Tensor> {
    with_values(&Reference.affine(x, factor, 0.0)?, x)
}

/// A defect, and the case that must catch it.
pub(super) struct Planted {
    pub(super) defect: &'static str,
    pub(super) backend: Altered,
    pub(super) caught_by: &'static str,
}

/// Plants a defect.
pub(super) fn plant(
    defect: &'static str,
    caught_by: &'static str,
    alter: impl FnOnce(&mut Altered),
) -> Planted {
    let mut backend = Altered::default();
    alter(&mut backend);
    Planted { defect, backend, caught_by }
}

impl Backend for Altered {
    type Tensor = Tensor;
    type Index = Index;
    type Gradients = Gradients;

    fn description(&self) -> Description {
        Reference.description()
    }

    fn tensor(&self, values: &[f32], shape: &[usize]) -> Result<Tensor> {
        (self.tensor)(values, shape)
    }

    fn values(&self, x: &Tensor) -> Result<Vec<f32>> {
        Reference.values(x)
    }

    fn shape(&self, x: &Tensor) -> Vec<usize> {
        Reference.shape(x)
    }

    fn index(&self, rows: &[u32]) -> Result<Index> {
        Reference.index(rows)
    }

    fn variable(&self, values: &[f32], shape: &[usize]) -> Result<Tensor> {
        (self.variable)(values, shape)
    }

    fn assign(&self, variable: &Tensor, x: &Tensor) -> Result<()> {
        (self.assign)(variable, x)
    }

    fn detach(&self, x: &Tensor) -> Tensor {
        (self.detach)(x)
    }

    fn backward(&self, loss: &Tensor) -> Result<Gradients> {
        (self.backward)(loss)
    }

    fn gradient(&self, gradients: &Gradients, variable: &Tensor) -> Option<Tensor> {
        (self.gradient)(gradients, variable)
    }

    fn unary(&self, op: Unary, x: &Tensor) -> Result<Tensor> {
        (self.unary)(op, x)
    }

    fn binary(&self, op: Binary, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        (self.binary)(op, a, b)
    }

    fn affine(&self, x: &Tensor, scale: f64, shift: f64) -> Result<Tensor> {
        (self.affine)(x, scale, shift)
    }

    fn sum(&self, x: &Tensor, axis: usize) -> Result<Tensor> {
        (self.sum)(x, axis)
    }

    fn max(&self, x: &Tensor, axis: usize) -> Result<Tensor> {
        (self.max)(x, axis)
    }

    fn matmul(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        (self.matmul)(a, b)
    }

    fn reshape(&self, x: &Tensor, shape: &[usize]) -> Result<Tensor> {
        (self.reshape)(x, shape)
    }

    fn transpose(&self, x: &Tensor, a: usize, b: usize) -> Result<Tensor> {
        (self.transpose)(x, a, b)
    }

    fn narrow(&self, x: &Tensor, axis: usize, start: usize, length: usize) -> Result<Tensor> {
        (self.narrow)(x, axis, start, length)
    }

    fn cat(&self, parts: &[Tensor], axis: usize) -> Result<Tensor> {
        (self.cat)(parts, axis)
    }

    fn stack(&self, parts: &[Tensor]) -> Result<Tensor> {
        (self.stack)(parts)
    }

    fn unstack(&self, x: &Tensor) -> Result<Vec<Tensor>> {
        (self.unstack)(x)
    }

    fn select(&self, x: &Tensor, rows: &Index) -> Result<Tensor> {
        (self.select)(x, rows)
    }

    fn zeros(&self, shape: &[usize]) -> Result<Tensor> {
        (self.zeros)(shape)
    }

    fn elm_scan(&self, args: &ScanArgs<Self>) -> Result<ScanOutput<Self>> {
        self.calls.set(self.calls.get() + 1);
        (self.scan)(self, args)
    }

    fn optimizer_update(
        &self,
        update: &Update,
        parameters: &[Tensor],
        gradients: &[Tensor],
        moments: &mut [Moments<Self>],
    ) -> Result<f64> {
        self.calls.set(self.calls.get() + 1);
        (self.update)(self, update, parameters, gradients, moments)
    }
}
