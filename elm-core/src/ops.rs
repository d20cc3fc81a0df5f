//! Functions composed once from a backend's primitives.

use crate::backend::{Backend, Binary, Memory, MemoryMut, Unary};
use crate::error::{Error, Result};
use crate::spec::neuron::SURROGATE_SLOPE;
use crate::spec::{Activation, MlpActivation};

/// `a + b`, broadcast.
pub fn add<B: Backend>(backend: &B, a: &B::Tensor, b: &B::Tensor) -> Result<B::Tensor> {
    backend.binary(Binary::Add, a, b)
}

/// `a - b`, broadcast.
pub fn sub<B: Backend>(backend: &B, a: &B::Tensor, b: &B::Tensor) -> Result<B::Tensor> {
    backend.binary(Binary::Sub, a, b)
}

/// `a * b`, broadcast.
pub fn mul<B: Backend>(backend: &B, a: &B::Tensor, b: &B::Tensor) -> Result<B::Tensor> {
    backend.binary(Binary::Mul, a, b)
}

/// A tensor of zeros.
pub fn zeros<B: Backend>(backend: &B, shape: &[usize]) -> Result<B::Tensor> {
    backend.zeros(shape)
}

/// For each column one of the rows is 1 and the others 0, `[O, R]`; a label
/// that is no row is a column of zeros.
///
/// Where tensors are not on the host, the labels alone are copied to them:
/// with `|row - label|` a whole number below 2^24, `relu(1 - |row - label|)` is
/// exact.
///
/// # Errors
/// When the backend refuses an operation.
pub fn one_hot<B: Backend>(backend: &B, labels: &[u32], outputs: usize) -> Result<B::Tensor> {
    let columns = labels.len();
    let of_column: Vec<f32> = labels.iter().map(|&label| label as f32).collect();
    let of_column = backend.tensor(&of_column, &[1, columns])?;
    if !in_reach(backend, &of_column)? {
        let of_row: Vec<f32> = (0..outputs).map(|row| row as f32).collect();
        let apart = sub(backend, &backend.tensor(&of_row, &[outputs, 1])?, &of_column)?;
        let near = backend.affine(&backend.unary(Unary::Abs, &apart)?, -1.0, 1.0)?;
        return backend.unary(Unary::Relu, &near);
    }
    let mut values = vec![0.0; outputs * columns];
    for (column, &label) in labels.iter().enumerate().filter(|&(_, &label)| (label as usize) < outputs) {
        values[label as usize * columns + column] = 1.0;
    }
    backend.adopt(values, &[outputs, columns])
}

/// Can a tensor's numbers be changed on the host?
///
/// # Errors
/// When the backend cannot tell.
pub fn in_reach<B: Backend>(backend: &B, x: &B::Tensor) -> Result<bool> {
    backend.edit(x, |memory| matches!(memory, MemoryMut::Host(_)))
}

/// Sum of all elements, a scalar `[]`.
pub fn sum_all<B: Backend>(backend: &B, x: &B::Tensor) -> Result<B::Tensor> {
    let elements = backend.shape(x).iter().product();
    backend.sum(&backend.reshape(x, &[elements])?, 0)
}

/// Mean of all elements, a scalar `[]`.
pub fn mean_all<B: Backend>(backend: &B, x: &B::Tensor) -> Result<B::Tensor> {
    let elements: usize = backend.shape(x).iter().product();
    backend.affine(&sum_all(backend, x)?, 1.0 / elements as f64, 0.0)
}

/// The value of a tensor of one element.
pub fn scalar<B: Backend>(backend: &B, x: &B::Tensor) -> Result<f64> {
    Ok(backend.values(x)?.first().copied().map_or(f64::NAN, f64::from))
}

/// The values of tensors of one element `[]`, read together: each time that a
/// card is read, it is waited for.
///
/// # Errors
/// When the backend refuses an operation.
pub fn scalars<B: Backend>(backend: &B, xs: &[B::Tensor]) -> Result<Vec<f64>> {
    let detached: Vec<B::Tensor> = xs.iter().map(|x| backend.detach(x)).collect();
    if detached.is_empty() {
        return Ok(Vec::new());
    }
    Ok(backend.values(&backend.stack(&detached)?)?.into_iter().map(f64::from).collect())
}

/// Runs a function on a tensor's numbers in host memory, row-major.
///
/// # Errors
/// When the backend cannot read them.
pub fn on_host<B: Backend, R>(backend: &B, x: &B::Tensor, read: impl FnOnce(&[f32]) -> R) -> Result<R> {
    backend.read(x, |memory| match memory {
        Memory::Host(numbers) => read(numbers),
    })
}

/// The non-linearity of a neuron's MLP.
pub fn mlp_activation<B: Backend>(backend: &B, kind: MlpActivation, x: &B::Tensor) -> Result<B::Tensor> {
    match kind {
        MlpActivation::Relu => backend.unary(Unary::Relu, x),
        MlpActivation::Silu => mul(backend, x, &backend.unary(Unary::Sigmoid, x)?),
        MlpActivation::ReluSquared => {
            let positive = backend.unary(Unary::Relu, x)?;
            mul(backend, &positive, &positive)
        }
    }
}

/// The non-linearity of a neuron's output.
pub fn activation<B: Backend>(backend: &B, kind: Activation, x: &B::Tensor) -> Result<B::Tensor> {
    match kind {
        Activation::Identity => Ok(x.clone()),
        Activation::Relu => backend.unary(Unary::Relu, x),
        Activation::Spike => spike(backend, x),
    }
}

/// 1 where `v > 0`, else 0, with the surrogate gradient `1 / (100 |v| + 1)^2`.
///
/// # Equation
/// `v / (100 |v| + 1)` has exactly that derivative, so its value is taken out
/// of the forward pass and its gradient left in.
fn spike<B: Backend>(backend: &B, v: &B::Tensor) -> Result<B::Tensor> {
    let width = backend.affine(&backend.unary(Unary::Abs, v)?, SURROGATE_SLOPE, 1.0)?;
    let surrogate = backend.binary(Binary::Div, v, &width)?;
    let nothing = sub(backend, &surrogate, &backend.detach(&surrogate))?;
    add(backend, &backend.unary(Unary::Step, v)?, &nothing)
}

/// Logarithm of the softmax along the first axis of `[O, R]`.
///
/// # Errors
/// [`Error::Shape`] unless there are two axes.
pub fn log_softmax<B: Backend>(backend: &B, logits: &B::Tensor) -> Result<B::Tensor> {
    let shape = backend.shape(logits);
    let [_, columns] = shape[..] else {
        return Err(Error::shape("log_softmax", &shape, "[outputs, columns]"));
    };
    let shifted = sub(backend, logits, &backend.max(logits, 0)?)?;
    let total = backend.sum(&backend.unary(Unary::Exp, &shifted)?, 0)?;
    let log_total = backend.reshape(&backend.unary(Unary::Log, &total)?, &[1, columns])?;
    sub(backend, &shifted, &log_total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    #[test]
    fn labels_out_of_reach_of_the_host_are_ones_among_zeros() {
        let labels = [2, 0, 3, 1, 2];
        let got = one_hot(&Reference, &labels, 3).unwrap();
        assert_eq!(Reference.shape(&got), [3, 5]);
        let wanted = |at: usize| f32::from(u8::from(labels[at % 5] as usize == at / 5));
        assert_eq!(Reference.values(&got).unwrap(), (0..15).map(wanted).collect::<Vec<f32>>());
    }

    #[test]
    fn scalars_come_in_their_order() {
        let of = |value| Reference.tensor(&[value], &[]).unwrap();
        assert_eq!(
            scalars(&Reference, &[of(2.0), of(-1.5), of(f32::INFINITY)]).unwrap(),
            [2.0, -1.5, f64::INFINITY]
        );
        assert!(scalars::<Reference>(&Reference, &[]).unwrap().is_empty());
    }
}
