//! Values and adjoints of the operations that leave a history.

use super::tape::Tensor;
use crate::backend::{Binary, Unary};

/// Sizes of a batched matrix product.
#[derive(Debug, Clone, Copy)]
pub(super) struct MatmulSize {
    pub(super) batch: usize,
    pub(super) m: usize,
    pub(super) k: usize,
    pub(super) n: usize,
}

/// How a tensor came from its parents.
#[derive(Debug)]
pub(super) enum Operation {
    /// `f(x)`
    Unary(Unary),
    /// `x * scale + shift`
    Affine { scale: f64, shift: f64 },
    /// `f(a[left[i]], b[right[i]])`
    Binary { op: Binary, left: Vec<usize>, right: Vec<usize> },
    /// Product of the last two axes.
    Matmul(MatmulSize),
    /// `x[list[i]]`
    Gather(Vec<usize>),
    /// Element `i` of `x` is added to element `list[i]`.
    Sum(Vec<usize>),
    /// Element `i` of part `p` goes to element `lists[p][i]`.
    Join(Vec<Vec<usize>>),
}

impl Operation {
    /// The answer's `elements` values.
    pub(super) fn values(&self, parents: &[Tensor], elements: usize) -> Vec<f64> {
        let parent = |which: usize| parents[which].values();
        match self {
            Operation::Unary(op) => parent(0).iter().map(|&x| unary(*op, x)).collect(),
            Operation::Affine { scale, shift } => parent(0).iter().map(|x| x * scale + shift).collect(),
            Operation::Binary { op, left, right } => {
                let (a, b) = (parent(0), parent(1));
                left.iter().zip(right).map(|(&left, &right)| binary(*op, a[left], b[right])).collect()
            }
            Operation::Gather(list) => {
                let x = parent(0);
                list.iter().map(|&element| x[element]).collect()
            }
            Operation::Matmul(size) => {
                let (a, b, mut answer) = (parent(0), parent(1), vec![0.0; elements]);
                size.for_each_product(|left, right, target| answer[target] += a[left] * b[right]);
                answer
            }
            Operation::Sum(list) => {
                let mut answer = vec![0.0; elements];
                for (x, &target) in parent(0).iter().zip(list) {
                    answer[target] += x;
                }
                answer
            }
            Operation::Join(lists) => {
                let mut answer = vec![0.0; elements];
                for (part, list) in parents.iter().zip(lists) {
                    for (x, &target) in part.values().iter().zip(list) {
                        answer[target] = *x;
                    }
                }
                answer
            }
        }
    }

    /// Adds to `into`, the gradient of parent `which`, its share of `gradient`,
    /// the gradient of the `answer`.
    pub(super) fn add_adjoint(
        &self,
        which: usize,
        parents: &[Tensor],
        answer: &[f64],
        gradient: &[f64],
        into: &mut [f64],
    ) {
        let parent = |which: usize| parents[which].values();
        match self {
            Operation::Unary(op) => {
                for (i, x) in parent(0).iter().enumerate() {
                    into[i] += gradient[i] * unary_slope(*op, *x, answer[i]);
                }
            }
            Operation::Affine { scale, .. } => {
                for (into, gradient) in into.iter_mut().zip(gradient) {
                    *into += gradient * scale;
                }
            }
            Operation::Binary { op, left, right } => {
                let (a, b) = (parent(0), parent(1));
                for (i, (&left, &right)) in left.iter().zip(right).enumerate() {
                    let slope = binary_slopes(*op, a[left], b[right])[which];
                    into[[left, right][which]] += gradient[i] * slope;
                }
            }
            Operation::Matmul(size) => {
                let (a, b) = (parent(0), parent(1));
                size.for_each_product(|left, right, target| {
                    let (place, factor) = [(left, b[right]), (right, a[left])][which];
                    into[place] += gradient[target] * factor;
                });
            }
            Operation::Gather(list) => {
                for (gradient, &element) in gradient.iter().zip(list) {
                    into[element] += gradient;
                }
            }
            Operation::Sum(list) => {
                for (into, &target) in into.iter_mut().zip(list) {
                    *into += gradient[target];
                }
            }
            Operation::Join(lists) => {
                for (into, &target) in into.iter_mut().zip(&lists[which]) {
                    *into += gradient[target];
                }
            }
        }
    }
}

impl MatmulSize {
    /// Calls `visit(element of a, element of b, element of the answer)` for
    /// every product that is summed.
    fn for_each_product(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let MatmulSize { batch, m, k, n } = *self;
        for matrix in 0..batch {
            for row in 0..m {
                for inner in 0..k {
                    for column in 0..n {
                        let left = (matrix * m + row) * k + inner;
                        let right = (matrix * k + inner) * n + column;
                        visit(left, right, (matrix * m + row) * n + column);
                    }
                }
            }
        }
    }
}

fn unary(op: Unary, x: f64) -> f64 {
    match op {
        Unary::Exp => x.exp(),
        Unary::Log => x.ln(),
        Unary::Sqrt => x.sqrt(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Unary::Relu if x < 0.0 => 0.0,
        Unary::Relu => x, // NaN stays NaN
        Unary::Abs => x.abs(),
        Unary::Step => f64::from(x > 0.0),
    }
}

/// `dy/dx` at `y = op(x)`.
fn unary_slope(op: Unary, x: f64, y: f64) -> f64 {
    match op {
        Unary::Exp => y,
        Unary::Log => 1.0 / x,
        Unary::Sqrt => 0.5 / y,
        Unary::Tanh => 1.0 - y * y,
        Unary::Sigmoid => y * (1.0 - y),
        Unary::Relu => f64::from(x > 0.0),
        Unary::Abs if x == 0.0 => 0.0,
        Unary::Abs => x.signum(),
        Unary::Step => 0.0,
    }
}

fn binary(op: Binary, a: f64, b: f64) -> f64 {
    match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
    }
}

/// The derivatives with respect to `a` and to `b`.
fn binary_slopes(op: Binary, a: f64, b: f64) -> [f64; 2] {
    match op {
        Binary::Add => [1.0, 1.0],
        Binary::Sub => [1.0, -1.0],
        Binary::Mul => [b, a],
        Binary::Div => [1.0 / b, -a / (b * b)],
    }
}
