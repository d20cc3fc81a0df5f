//! Tensors that remember how they came about, and the way back.

use super::operation::Operation;
use crate::error::{Error, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A tensor of f64 values; a clone shares values and history.
#[derive(Debug, Clone)]
pub struct Tensor(Rc<Node>);

#[derive(Debug)]
struct Node {
    /// Counts all tensors of the process, so parents have smaller numbers
    /// than children: descending order is an order for going backwards.
    number: u64,
    shape: Vec<usize>,
    values: RefCell<Rc<[f64]>>,
    origin: Origin,
}

#[derive(Debug)]
enum Origin {
    /// No gradient flows here.
    Constant,
    /// A leaf whose gradient is wanted.
    Variable,
    /// Computed from tensors of which at least one carries a gradient.
    Computed { operation: Operation, parents: Vec<Tensor> },
    /// Computed elsewhere from such tensors.
    Given { adjoint: Adjoint, parents: Vec<Tensor> },
}

/// From the gradient of a value to the gradients of what it was computed from.
pub(super) struct Adjoint(pub(super) Box<dyn Fn(&Tensor) -> Result<Vec<Tensor>>>);

impl std::fmt::Debug for Adjoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Adjoint")
    }
}

static TENSORS: AtomicU64 = AtomicU64::new(0);

impl Tensor {
    fn new(values: Rc<[f64]>, shape: Vec<usize>, origin: Origin) -> Self {
        let number = TENSORS.fetch_add(1, Ordering::Relaxed);
        Tensor(Rc::new(Node { number, shape, values: RefCell::new(values), origin }))
    }

    pub(super) fn constant(values: Vec<f64>, shape: &[usize]) -> Self {
        Tensor::new(values.into(), shape.to_vec(), Origin::Constant)
    }

    pub(super) fn variable(values: Vec<f64>, shape: &[usize]) -> Self {
        Tensor::new(values.into(), shape.to_vec(), Origin::Variable)
    }

    /// Applies an operation; its history is kept if a gradient can use it.
    pub(super) fn computed(operation: Operation, parents: Vec<Tensor>, shape: Vec<usize>) -> Self {
        let values = operation.values(&parents, shape.iter().product());
        let origin = if parents.iter().any(Tensor::carries_gradient) {
            Origin::Computed { operation, parents }
        } else {
            Origin::Constant
        };
        Tensor::new(values.into(), shape, origin)
    }

    /// The values of `value` as computed elsewhere from `parents`.
    pub(super) fn given(value: &Tensor, parents: Vec<Tensor>, adjoint: Adjoint) -> Self {
        let origin = if parents.iter().any(Tensor::carries_gradient) {
            Origin::Given { adjoint, parents }
        } else {
            Origin::Constant
        };
        Tensor::new(value.values(), value.shape().to_vec(), origin)
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    pub(super) fn values(&self) -> Rc<[f64]> {
        self.0.values.borrow().clone()
    }

    pub(super) fn overwrite(&self, with: &Tensor) {
        let values = with.values();
        *self.0.values.borrow_mut() = values;
    }

    pub(super) fn detached(&self) -> Tensor {
        Tensor::new(self.values(), self.0.shape.clone(), Origin::Constant)
    }

    fn carries_gradient(&self) -> bool {
        !matches!(self.0.origin, Origin::Constant)
    }
}

impl Drop for Node {
    /// Frees the history one tensor at a time: the compiler's own way would
    /// recurse as deep as the history is long.
    fn drop(&mut self) {
        let mut pending = take_parents(self);
        while let Some(Tensor(node)) = pending.pop() {
            if let Some(mut node) = Rc::into_inner(node) {
                pending.append(&mut take_parents(&mut node));
            }
        }
    }
}

fn take_parents(node: &mut Node) -> Vec<Tensor> {
    match &mut node.origin {
        Origin::Computed { parents, .. } | Origin::Given { parents, .. } => std::mem::take(parents),
        Origin::Constant | Origin::Variable => Vec::new(),
    }
}

/// The gradients of every variable that a loss came from.
#[derive(Debug, Default)]
pub struct Gradients(BTreeMap<u64, Tensor>);

impl Gradients {
    pub(super) fn of(&self, variable: &Tensor) -> Option<Tensor> {
        self.0.get(&variable.0.number).cloned()
    }
}

/// Visits the history of `loss` in descending order of numbers, so that a
/// tensor's gradient is complete when its turn comes.
pub(super) fn backward(loss: &Tensor) -> Result<Gradients> {
    if loss.values().len() != 1 {
        return Err(Error::shape("backward", loss.shape(), "a scalar"));
    }
    let mut gradients = Gradients::default();
    let mut pending = BTreeMap::from([(loss.0.number, (loss.clone(), vec![1.0]))]);
    while let Some((number, (tensor, gradient))) = pending.pop_last() {
        match &tensor.0.origin {
            Origin::Constant => {}
            Origin::Variable => {
                gradients.0.insert(number, Tensor::constant(gradient, tensor.shape()));
            }
            Origin::Computed { operation, parents } => {
                let answer = tensor.values();
                for (which, parent) in parents.iter().enumerate().filter(|(_, p)| p.carries_gradient()) {
                    let zeros = || (parent.clone(), vec![0.0; parent.values().len()]);
                    let (_, into) = pending.entry(parent.0.number).or_insert_with(zeros);
                    operation.add_adjoint(which, parents, &answer, &gradient, into);
                }
            }
            Origin::Given { adjoint, parents } => {
                let answers = (adjoint.0)(&Tensor::constant(gradient, tensor.shape()))?;
                for (parent, answer) in parents.iter().zip(&answers).filter(|(p, _)| p.carries_gradient()) {
                    let zeros = || (parent.clone(), vec![0.0; parent.values().len()]);
                    let (_, into) = pending.entry(parent.0.number).or_insert_with(zeros);
                    into.iter_mut().zip(answer.values().iter()).for_each(|(sum, value)| *sum += value);
                }
            }
        }
    }
    Ok(gradients)
}
