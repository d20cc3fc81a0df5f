//! Every primitive, values and gradients, against the reference backend.

use super::call::{Call, Operand, check};
use super::tolerance::Result;
use crate::backend::{Backend, Binary, Unary};
use crate::spec::{Activation, MlpActivation};

/// A call with its arguments.
pub(super) type Called = (Call, Vec<Operand>);

fn check_all<B: Backend>(b: &B, calls: &[Called]) -> Result<()> {
    calls.iter().try_for_each(|(call, operands)| check(b, call, operands))
}

/// Unary functions away from their kinks.
pub fn unary_functions<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &unary_calls())
}

pub(super) fn unary_calls() -> Vec<Called> {
    let mut calls = Vec::new();
    for op in [Unary::Exp, Unary::Tanh, Unary::Sigmoid, Unary::Relu, Unary::Abs, Unary::Step] {
        for shape in [&[][..], &[1], &[37], &[2, 3], &[2, 3, 5]] {
            calls.push((Call::Unary(op), vec![Operand::made_up(1, shape)]));
        }
    }
    for op in [Unary::Log, Unary::Sqrt] {
        for shape in [&[1][..], &[4, 9]] {
            calls.push((Call::Unary(op), vec![Operand::positive(2, shape)]));
        }
    }
    calls
}

/// Kinks and infinities: `relu`, `abs` and `step` at 0, saturated `tanh`,
/// `sigmoid` at ±inf (value 0 or 1, gradient 0), `exp` of -inf.
pub fn unary_functions_at_their_edges<B: Backend>(b: &B) -> Result<()> {
    let infinity = f32::INFINITY;
    for (op, values) in [
        (Unary::Relu, &[0.0, 1e-30, -1e-30, 3e30][..]),
        (Unary::Abs, &[0.0, 1e-30, -1e-30, -3e30]),
        (Unary::Step, &[0.0, 1e-30, -1e-30, infinity, -infinity]),
        (Unary::Tanh, &[0.0, 100.0, -100.0, infinity, -infinity]),
        (Unary::Sigmoid, &[0.0, 100.0, -100.0, infinity, -infinity]),
        (Unary::Exp, &[0.0, -200.0, -infinity]),
    ] {
        check(b, &Call::Unary(op), &[Operand::of(values, &[values.len()])])?;
    }
    Ok(())
}

/// Binary functions of equal shapes.
pub fn binary_functions<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &binary_calls(&[(&[], &[]), (&[7], &[7]), (&[2, 3, 4], &[2, 3, 4])]))
}

/// Binary functions that stretch either side, or both, along any axis.
pub fn broadcasting<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &binary_calls(&BROADCAST))
}

pub(super) const BROADCAST: [(&[usize], &[usize]); 11] = [
    (&[2, 3], &[]),
    (&[], &[2, 3]),
    (&[2, 3], &[1]),
    (&[2, 3], &[3]),
    (&[3], &[2, 3]),
    (&[2, 3], &[2, 1]),
    (&[2, 1], &[1, 3]),
    (&[4, 1, 3], &[2, 1]),
    (&[2, 3, 4], &[3, 1]),
    (&[2, 3, 1], &[2, 3, 4]),
    (&[1, 1, 1], &[5]),
];

pub(super) fn binary_calls(shapes: &[(&[usize], &[usize])]) -> Vec<Called> {
    let mut calls = Vec::new();
    for (left, right) in shapes {
        for op in [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div] {
            calls.push((Call::Binary(op), vec![Operand::made_up(3, left), Operand::positive(4, right)]));
        }
    }
    calls
}

/// `x * scale + shift`.
pub fn affine_maps<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &affine_calls())
}

pub(super) fn affine_calls() -> Vec<Called> {
    let pairs = [(1.0, 0.0), (-2.5, 0.75), (0.0, 3.0), (1.0, -1e-6)];
    pairs.map(|(scale, shift)| (Call::Affine(scale, shift), vec![Operand::made_up(5, &[3, 4])])).to_vec()
}

/// Sums over each axis, sums and means of everything.
pub fn sums<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &sum_calls())
}

pub(super) fn sum_calls() -> Vec<Called> {
    let mut calls: Vec<_> =
        (0..3).map(|axis| (Call::Sum(axis), vec![Operand::made_up(6, &[3, 17, 4])])).collect();
    for shape in [&[][..], &[1], &[129], &[5, 1, 8]] {
        calls.push((Call::SumAll, vec![Operand::made_up(7, shape)]));
        calls.push((Call::MeanAll, vec![Operand::made_up(7, shape)]));
    }
    calls
}

/// Largest values along each axis, without gradient.
pub fn largest_values<B: Backend>(b: &B) -> Result<()> {
    for axis in 0..3 {
        check(b, &Call::Max(axis), &[Operand::made_up(8, &[3, 5, 4])])?;
    }
    check(b, &Call::Max(0), &[Operand::of(&[-3.0, -1.0, -2.0], &[3])])
}

/// Products of matrices and of batches of matrices, also of transposed ones.
pub fn matrix_products<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &product_calls())
}

pub(super) fn product_calls() -> Vec<Called> {
    let mut calls = Vec::new();
    for (batch, m, k, n) in [
        (&[][..], 1, 1, 1),
        (&[], 3, 4, 5),
        (&[], 1, 33, 9),
        (&[2], 3, 4, 5),
        (&[3, 2], 2, 5, 1),
        (&[7], 17, 1, 8),
    ] {
        let operand = |stream, rows, columns| Operand::made_up(stream, &[batch, &[rows, columns]].concat());
        calls.push((Call::Matmul, vec![operand(9, m, k), operand(10, k, n)]));
        calls.push((Call::MatmulOfTransposed, vec![operand(9, k, m), operand(10, n, k)]));
    }
    calls
}

/// Reshape, transpose, narrow: values come out in row-major order.
pub fn layouts<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &layout_calls())
}

pub(super) fn layout_calls() -> Vec<Called> {
    let x = || vec![Operand::made_up(11, &[2, 3, 4])];
    let one = || vec![Operand::made_up(11, &[1])];
    let mut calls = vec![
        (Call::Reshape(vec![24]), x()),
        (Call::Reshape(vec![4, 1, 6]), x()),
        (Call::Reshape(vec![]), one()),
        (Call::ReshapeOfTransposed(0, 2, vec![6, 4]), x()),
        (Call::ReshapeOfTransposed(1, 2, vec![24]), x()),
    ];
    for (first, second) in [(0, 1), (1, 0), (0, 2), (1, 2), (2, 2)] {
        calls.push((Call::Transpose(first, second), x()));
    }
    for (axis, start, length) in [(0, 1, 1), (1, 0, 3), (1, 1, 2), (2, 3, 1), (2, 0, 2)] {
        calls.push((Call::Narrow(axis, start, length), x()));
    }
    calls
}

/// Cat and stack, also of one part and of a part with itself.
pub fn joining<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &joining_calls())
}

pub(super) fn joining_calls() -> Vec<Called> {
    let x = |stream, shape: &[usize]| Operand::made_up(stream, shape);
    vec![
        (Call::Cat(0), vec![x(12, &[2, 3]), x(13, &[1, 3]), x(14, &[4, 3])]),
        (Call::Cat(1), vec![x(12, &[2, 3, 2]), x(13, &[2, 1, 2])]),
        (Call::Cat(2), vec![x(12, &[2, 3, 2]), x(13, &[2, 3, 5])]),
        (Call::Cat(0), vec![x(12, &[3])]),
        (Call::CatWithItself(0), vec![x(12, &[3])]),
        (Call::CatWithItself(1), vec![x(12, &[2, 2])]),
        (Call::Stack, vec![x(12, &[2, 3]), x(13, &[2, 3]), x(14, &[2, 3])]),
        (Call::Stack, vec![x(12, &[]), x(13, &[])]),
        (Call::Stack, vec![x(12, &[4])]),
    ]
}

/// Unstack: every part, and one part alone.
pub fn unstacking<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &unstacking_calls())
}

pub(super) fn unstacking_calls() -> Vec<Called> {
    let mut calls = Vec::new();
    for shape in [&[5][..], &[3, 2], &[4, 2, 3], &[1, 6]] {
        calls.push((Call::UnstackReversed, vec![Operand::made_up(15, shape)]));
        calls.push((Call::UnstackPart(shape[0] / 2), vec![Operand::made_up(15, shape)]));
    }
    calls
}

/// Rows in any order; the adjoint adds up the gradients of repeated rows.
pub fn selecting_rows<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &select_calls())
}

pub(super) fn select_calls() -> Vec<Called> {
    let many: Vec<u32> = (0..60).map(|place| (place * place) % 7).collect();
    [&[0][..], &[3, 1], &[2, 2, 2, 0], &[6, 5, 4, 3, 2, 1, 0, 6, 6], &many]
        .into_iter()
        .flat_map(|rows| [&[7][..], &[7, 3], &[7, 2, 3]].map(|shape| (rows, shape)))
        .map(|(rows, shape)| (Call::Select(rows.to_vec()), vec![Operand::made_up(16, shape)]))
        .collect()
}

/// The functions of [`crate::ops`] on this backend's primitives.
pub fn composed_functions<B: Backend>(b: &B) -> Result<()> {
    check_all(b, &composed_calls())?;
    let spiking = Operand::of(&[-3.0, -0.2, -1e-3, 1e-3, 0.2, 3.0, 0.0], &[7]);
    check(b, &Call::Activation(Activation::Spike), &[spiking])?;
    check(b, &Call::TimesDetached, &[Operand::made_up(17, &[5])])?;
    let far = Operand::of(&[500.0, -500.0, 499.0, 0.0, 88.0, -88.0], &[3, 2]);
    check(b, &Call::LogSoftmax, &[far])
}

pub(super) fn composed_calls() -> Vec<Called> {
    let x = || vec![Operand::made_up(17, &[4, 5])];
    let mut calls = vec![(Call::LogSoftmax, x())];
    for kind in [MlpActivation::Relu, MlpActivation::Silu, MlpActivation::ReluSquared] {
        calls.push((Call::MlpActivation(kind), x()));
    }
    for kind in [Activation::Identity, Activation::Relu] {
        calls.push((Call::Activation(kind), x()));
    }
    calls
}
