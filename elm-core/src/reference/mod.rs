//! The oracle: a naive backend in f64 on the CPU.
//!
//! It exists to be obviously right, not fast: every layout operation is a
//! list of element numbers, every product three loops, and the history a list
//! that is walked backwards without recursion. Other backends are compared
//! with it (`elm_core::conformance`), and it shows how little a
//! [`Backend`] has to supply.
//!
//! Numbers enter and leave through the trait as f32;
//! [`Reference::tensor64`] and [`Reference::values64`] keep all digits.

mod operation;
mod places;
mod primitives;
mod tape;

#[cfg(test)]
mod tests;

use crate::backend::{Backend, Binary, Description, Unary};
use crate::error::{Error, Result};
use operation::Operation;
use std::rc::Rc;
pub use tape::{Gradients, Tensor};

/// The f64 backend; it has no settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reference;

impl Reference {
    /// [`Backend::tensor`] in full precision.
    ///
    /// # Errors
    /// [`Error::Shape`] when `values` does not fill `shape`.
    pub fn tensor64(&self, values: &[f64], shape: &[usize]) -> Result<Tensor> {
        check_filled(values.len(), shape)?;
        Ok(Tensor::constant(values.to_vec(), shape))
    }

    /// [`Backend::variable`] in full precision.
    ///
    /// # Errors
    /// [`Error::Shape`] when `values` does not fill `shape`.
    pub fn variable64(&self, values: &[f64], shape: &[usize]) -> Result<Tensor> {
        check_filled(values.len(), shape)?;
        Ok(Tensor::variable(values.to_vec(), shape))
    }

    /// A value that was computed elsewhere from `inputs`; `adjoint` answers
    /// their gradients, in order, from that of the value.
    pub fn given(
        &self,
        value: &Tensor,
        inputs: &[&Tensor],
        adjoint: impl Fn(&Tensor) -> Result<Vec<Tensor>> + 'static,
    ) -> Tensor {
        let parents = inputs.iter().map(|&input| input.clone()).collect();
        Tensor::given(value, parents, tape::Adjoint(Box::new(adjoint)))
    }

    /// [`Backend::values`] in full precision.
    pub fn values64(&self, x: &Tensor) -> Vec<f64> {
        x.values().to_vec()
    }
}

impl Backend for Reference {
    type Tensor = Tensor;
    type Index = Rc<[u32]>;
    type Gradients = Gradients;

    fn description(&self) -> Description {
        let version = concat!("elm-core ", env!("CARGO_PKG_VERSION"), ", f64").into();
        Description { name: "reference", device: "cpu".into(), version }
    }

    fn tensor(&self, values: &[f32], shape: &[usize]) -> Result<Tensor> {
        check_filled(values.len(), shape)?;
        Ok(Tensor::constant(widen(values), shape))
    }

    fn values(&self, x: &Tensor) -> Result<Vec<f32>> {
        Ok(x.values().iter().map(|&value| value as f32).collect())
    }

    fn shape(&self, x: &Tensor) -> Vec<usize> {
        x.shape().to_vec()
    }

    fn index(&self, rows: &[u32]) -> Result<Rc<[u32]>> {
        Ok(rows.into())
    }

    fn variable(&self, values: &[f32], shape: &[usize]) -> Result<Tensor> {
        check_filled(values.len(), shape)?;
        Ok(Tensor::variable(widen(values), shape))
    }

    fn assign(&self, variable: &Tensor, x: &Tensor) -> Result<()> {
        check_equal("assign", x.shape(), variable.shape())?;
        variable.overwrite(x);
        Ok(())
    }

    fn detach(&self, x: &Tensor) -> Tensor {
        x.detached()
    }

    fn backward(&self, loss: &Tensor) -> Result<Gradients> {
        tape::backward(loss)
    }

    fn gradient(&self, gradients: &Gradients, variable: &Tensor) -> Option<Tensor> {
        gradients.of(variable)
    }

    fn unary(&self, op: Unary, x: &Tensor) -> Result<Tensor> {
        Ok(Tensor::computed(Operation::Unary(op), vec![x.clone()], x.shape().to_vec()))
    }

    fn binary(&self, op: Binary, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        let shape = places::broadcast_shape(a.shape(), b.shape())?;
        let left = places::broadcast(a.shape(), &shape);
        let right = places::broadcast(b.shape(), &shape);
        Ok(Tensor::computed(Operation::Binary { op, left, right }, vec![a.clone(), b.clone()], shape))
    }

    fn affine(&self, x: &Tensor, scale: f64, shift: f64) -> Result<Tensor> {
        Ok(Tensor::computed(Operation::Affine { scale, shift }, vec![x.clone()], x.shape().to_vec()))
    }

    fn sum(&self, x: &Tensor, axis: usize) -> Result<Tensor> {
        let place = places::along("sum", x.shape(), axis)?;
        let mut shape = x.shape().to_vec();
        shape.remove(axis);
        Ok(Tensor::computed(Operation::Sum(place.without_axis()), vec![x.clone()], shape))
    }

    fn max(&self, x: &Tensor, axis: usize) -> Result<Tensor> {
        let place = places::along("max", x.shape(), axis)?;
        let mut shape = x.shape().to_vec();
        shape[axis] = 1;
        let mut largest = vec![f64::NEG_INFINITY; shape.iter().product()];
        for (&value, target) in x.values().iter().zip(place.without_axis()) {
            largest[target] = largest[target].max(value);
        }
        Ok(Tensor::constant(largest, &shape))
    }

    fn matmul(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        let (size, shape) = places::product_shape(a.shape(), b.shape())?;
        Ok(Tensor::computed(Operation::Matmul(size), vec![a.clone(), b.clone()], shape))
    }

    fn reshape(&self, x: &Tensor, shape: &[usize]) -> Result<Tensor> {
        let elements = x.values().len();
        check_filled(elements, shape)?;
        Ok(gather(x, (0..elements).collect(), shape.to_vec()))
    }

    fn transpose(&self, x: &Tensor, a: usize, b: usize) -> Result<Tensor> {
        let place = places::transposed(x.shape(), a, b)?;
        let mut shape = x.shape().to_vec();
        shape.swap(a, b);
        Ok(gather(x, place, shape))
    }

    fn narrow(&self, x: &Tensor, axis: usize, start: usize, length: usize) -> Result<Tensor> {
        let place = places::along("narrow", x.shape(), axis)?;
        if start.checked_add(length).is_none_or(|end| end > place.length) {
            let wanted = format!("{length} entries of axis {axis} from {start} on");
            return Err(Error::shape("narrow", x.shape(), wanted));
        }
        let mut shape = x.shape().to_vec();
        shape[axis] = length;
        Ok(gather(x, place.entries(start, length), shape))
    }

    fn cat(&self, parts: &[Tensor], axis: usize) -> Result<Tensor> {
        let shapes: Vec<&[usize]> = parts.iter().map(Tensor::shape).collect();
        let (places, shape) = places::joined(&shapes, axis)?;
        Ok(Tensor::computed(Operation::Join(places), parts.to_vec(), shape))
    }

    fn stack(&self, parts: &[Tensor]) -> Result<Tensor> {
        let Some(first) = parts.first() else {
            return Err(Error::shape("stack", &[], "at least one tensor"));
        };
        for part in parts {
            check_equal("stack", part.shape(), first.shape())?;
        }
        let size = first.values().len();
        let places = (0..parts.len()).map(|part| (part * size..(part + 1) * size).collect()).collect();
        let shape = [&[parts.len()], first.shape()].concat();
        Ok(Tensor::computed(Operation::Join(places), parts.to_vec(), shape))
    }

    fn unstack(&self, x: &Tensor) -> Result<Vec<Tensor>> {
        let place = places::along("unstack", x.shape(), 0)?;
        let rest = x.shape()[1..].to_vec();
        Ok((0..place.length).map(|part| gather(x, place.entries(part, 1), rest.clone())).collect())
    }

    fn select(&self, x: &Tensor, rows: &Rc<[u32]>) -> Result<Tensor> {
        let place = places::along("select", x.shape(), 0)?;
        let mut elements = Vec::with_capacity(rows.len() * place.inner);
        for &row in rows.iter() {
            let row = row as usize;
            if row >= place.length {
                return Err(Error::Index { what: "select".into(), index: row, len: place.length });
            }
            elements.extend(row * place.inner..(row + 1) * place.inner);
        }
        let mut shape = x.shape().to_vec();
        shape[0] = rows.len();
        Ok(gather(x, elements, shape))
    }
}

/// The elements of `x` with these numbers, in this order.
fn gather(x: &Tensor, elements: Vec<usize>, shape: Vec<usize>) -> Tensor {
    Tensor::computed(Operation::Gather(elements), vec![x.clone()], shape)
}

fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

fn check_filled(elements: usize, shape: &[usize]) -> Result<()> {
    if shape.iter().product::<usize>() == elements {
        return Ok(());
    }
    Err(Error::shape("tensor", shape, format!("a shape of {elements} elements")))
}

fn check_equal(what: &str, got: &[usize], wanted: &[usize]) -> Result<()> {
    if got == wanted {
        return Ok(());
    }
    Err(Error::shape(what, got, format!("{wanted:?}")))
}
