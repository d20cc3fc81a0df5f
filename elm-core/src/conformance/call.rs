//! Calls of a primitive that can be made on any backend, and their comparison
//! with the reference backend.

use super::layers;
use super::tolerance::{Failure, Result, Tolerance};
use crate::backend::{Backend, Binary, Unary};
use crate::ops;
use crate::random::{Draws, Purpose};
use crate::reference::Reference;
use crate::spec::{Activation, MlpActivation};

/// A differentiable call that gives one tensor.
#[derive(Debug, Clone)]
pub(super) enum Call {
    Unary(Unary),
    Binary(Binary),
    Affine(f64, f64),
    Sum(usize),
    Max(usize),
    Matmul,
    /// `[a, b] -> a^T b`, `b` given transposed as well.
    MatmulOfTransposed,
    Reshape(Vec<usize>),
    Transpose(usize, usize),
    /// A transposed tensor under another shape.
    ReshapeOfTransposed(usize, usize, Vec<usize>),
    Narrow(usize, usize, usize),
    Cat(usize),
    /// The same tensor several times.
    CatWithItself(usize),
    Stack,
    /// The parts stacked again, last first.
    UnstackReversed,
    /// One part only, so that the others get no gradient.
    UnstackPart(usize),
    Select(Vec<u32>),
    SumAll,
    MeanAll,
    MlpActivation(MlpActivation),
    Activation(Activation),
    LogSoftmax,
    /// `x * detach(x)`: half the gradient of the square.
    TimesDetached,
    /// Activity and end state of both kinds of gated units; weights, biases
    /// and parts of the state, then the input as `[C, T, B]`.
    Lstm,
    Gru,
    /// Queries, keys, values, each `[h, T, B, D]`; the last sequences have some
    /// steps less.
    Attention,
}

impl Call {
    pub(super) fn apply<B: Backend>(&self, b: &B, x: &[B::Tensor]) -> crate::Result<B::Tensor> {
        match self {
            Call::Unary(op) => b.unary(*op, &x[0]),
            Call::Binary(op) => b.binary(*op, &x[0], &x[1]),
            Call::Affine(scale, shift) => b.affine(&x[0], *scale, *shift),
            Call::Sum(axis) => b.sum(&x[0], *axis),
            Call::Max(axis) => b.max(&x[0], *axis),
            Call::Matmul => b.matmul(&x[0], &x[1]),
            Call::MatmulOfTransposed => {
                let last = b.shape(&x[0]).len() - 1;
                b.matmul(&b.transpose(&x[0], last - 1, last)?, &b.transpose(&x[1], last - 1, last)?)
            }
            Call::Reshape(shape) => b.reshape(&x[0], shape),
            Call::Transpose(first, second) => b.transpose(&x[0], *first, *second),
            Call::ReshapeOfTransposed(first, second, shape) => {
                b.reshape(&b.transpose(&x[0], *first, *second)?, shape)
            }
            Call::Narrow(axis, start, length) => b.narrow(&x[0], *axis, *start, *length),
            Call::Cat(axis) => b.cat(x, *axis),
            Call::CatWithItself(axis) => b.cat(&[x[0].clone(), x[0].clone(), x[0].clone()], *axis),
            Call::Stack => b.stack(x),
            Call::UnstackReversed => {
                let mut parts = b.unstack(&x[0])?;
                parts.reverse();
                b.stack(&parts)
            }
            Call::UnstackPart(part) => Ok(b.unstack(&x[0])?.swap_remove(*part)),
            Call::Select(rows) => b.select(&x[0], &b.index(rows)?),
            Call::SumAll => ops::sum_all(b, &x[0]),
            Call::MeanAll => ops::mean_all(b, &x[0]),
            Call::MlpActivation(kind) => ops::mlp_activation(b, *kind, &x[0]),
            Call::Activation(kind) => ops::activation(b, *kind, &x[0]),
            Call::LogSoftmax => ops::log_softmax(b, &x[0]),
            Call::TimesDetached => ops::mul(b, &x[0], &b.detach(&x[0])),
            Call::Lstm => layers::lstm(b, x),
            Call::Gru => layers::gru(b, x),
            Call::Attention => layers::attention(b, x),
        }
    }

    fn tolerance(&self) -> Tolerance {
        match self {
            Call::Reshape(_)
            | Call::Transpose(..)
            | Call::ReshapeOfTransposed(..)
            | Call::Narrow(..)
            | Call::Cat(_)
            | Call::CatWithItself(_)
            | Call::Stack
            | Call::UnstackReversed
            | Call::UnstackPart(_)
            | Call::Select(_)
            | Call::Max(_)
            | Call::Unary(Unary::Step | Unary::Relu | Unary::Abs) => Tolerance::Exact,
            Call::Sum(_)
            | Call::Matmul
            | Call::MatmulOfTransposed
            | Call::SumAll
            | Call::MeanAll
            | Call::LogSoftmax => Tolerance::Sum,
            Call::Lstm | Call::Gru | Call::Attention => Tolerance::Scan,
            _ => Tolerance::Elementwise,
        }
    }
}

/// Host values of one argument.
#[derive(Debug, Clone)]
pub(super) struct Operand {
    pub(super) values: Vec<f32>,
    pub(super) shape: Vec<usize>,
}

impl Operand {
    /// These values.
    pub(super) fn of(values: &[f32], shape: &[usize]) -> Self {
        Operand { values: values.to_vec(), shape: shape.to_vec() }
    }

    /// Made-up values in `-2..2`; `stream` tells operands apart.
    pub(super) fn made_up(stream: u64, shape: &[usize]) -> Self {
        Operand { values: numbers(stream, shape.iter().product(), 2.0), shape: shape.to_vec() }
    }

    /// Made-up values in `0.2..2.2`.
    pub(super) fn positive(stream: u64, shape: &[usize]) -> Self {
        let mut operand = Operand::made_up(stream, shape);
        operand.values.iter_mut().for_each(|value| *value = value.abs() + 0.2);
        operand
    }
}

/// Made-up numbers in `-bound..bound`.
pub(super) fn numbers(stream: u64, count: usize, bound: f64) -> Vec<f32> {
    let mut draws = Draws::new(0, Purpose::MadeUp, [stream, 0]);
    (0..count).map(|_| draws.symmetric(bound)).collect()
}

/// Weights of the elements of an answer in the loss that is differentiated.
pub(super) fn loss_weights(count: usize) -> Vec<f32> {
    numbers(0x10_55, count, 1.0)
}

/// `sum(answer * weights)`, to have something to differentiate.
pub(super) fn weighted_sum<B: Backend>(
    b: &B,
    answer: &B::Tensor,
    weights: &[f32],
) -> crate::Result<B::Tensor> {
    let weights = b.tensor(weights, &b.shape(answer))?;
    ops::sum_all(b, &ops::mul(b, answer, &weights)?)
}

struct Evaluated {
    shape: Vec<usize>,
    values: Vec<f32>,
    /// Of the weighted sum, with respect to each operand.
    gradients: Vec<Option<Vec<f32>>>,
}

fn evaluate<B: Backend>(b: &B, call: &Call, operands: &[Operand]) -> crate::Result<Evaluated> {
    let x = operands.iter().map(|x| b.variable(&x.values, &x.shape)).collect::<crate::Result<Vec<_>>>()?;
    let answer = call.apply(b, &x)?;
    let values = b.values(&answer)?;
    let gradients = b.backward(&weighted_sum(b, &answer, &loss_weights(values.len()))?)?;
    let gradient = |x| b.gradient(&gradients, x).map(|gradient| b.values(&gradient)).transpose();
    let gradients = x.iter().map(gradient).collect::<crate::Result<_>>()?;
    Ok(Evaluated { shape: b.shape(&answer), values, gradients })
}

/// Compares a call's values and gradients with those of the reference.
pub(super) fn check<B: Backend>(b: &B, call: &Call, operands: &[Operand]) -> Result<()> {
    let shapes: Vec<_> = operands.iter().map(|operand| &operand.shape).collect();
    let what = format!("{call:?} of {shapes:?}");
    let refused = |source| Failure::Refused { what: what.clone(), source };
    let got = evaluate(b, call, operands).map_err(refused)?;
    let wanted = evaluate(&Reference, call, operands).map_err(refused)?;
    if got.shape != wanted.shape {
        let fault = format!("answer has shape {:?}, wanted {:?}", got.shape, wanted.shape);
        return Err(Failure::broken(what, fault));
    }
    call.tolerance().compare(&what, &wanted.shape, &got.values, &wanted.values)?;
    for (which, operand) in operands.iter().enumerate() {
        let what = format!("gradient of {what} for argument {which}");
        let zeros = vec![0.0; operand.values.len()];
        let wanted = wanted.gradients[which].as_ref().unwrap_or(&zeros);
        match &got.gradients[which] {
            Some(got) => gradient_tolerance(call).compare(&what, &operand.shape, got, wanted)?,
            None if wanted.iter().all(|&value| value == 0.0) => {}
            None => return Err(Failure::broken(what, "there is none")),
        }
    }
    Ok(())
}

/// The adjoint of what stretches or repeats elements is a sum.
fn gradient_tolerance(call: &Call) -> Tolerance {
    match (call, call.tolerance()) {
        (Call::Binary(_) | Call::Select(_) | Call::CatWithItself(_), _) => Tolerance::Sum,
        (_, Tolerance::Exact) => Tolerance::Elementwise,
        (_, Tolerance::Scan) => Tolerance::ScanGradient,
        (_, same) => same,
    }
}
