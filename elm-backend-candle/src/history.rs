//! A candle tensor that knows how long its history is.

use crate::error::NAME;
use candle_core::Tensor;
use elm_core::{Error, Result};
use std::cell::RefCell;

/// Stack that candle's recursion takes for one node of a history, three times
/// what was measured without optimisation: 1200 bytes in `backward`, ...
const BACKWARD_BYTES: usize = 4096;
/// ... 300 in `drop`.
const DROP_BYTES: usize = 1024;
/// Stack left for what is not this recursion.
const RESERVE: usize = 128 << 10;
/// Upper bound of the candle nodes that one method of this backend appends to
/// a path through the history.
const NODES_PER_OP: usize = 3;
/// Longest path through a history. `backward` then takes 8 GiB of address
/// space, of which only what the recursion touches becomes memory.
const MAX_NODES: usize = 1 << 21;
/// Long histories that wait to be dropped together.
const MAX_WAITING: usize = 256;

/// A candle tensor with the length of the longest path through its history.
///
/// candle walks a history by recursion, in `backward` and when the last tensor
/// that holds it is dropped, and so would overflow the stack after a few
/// thousand time steps. With the length known, both run on a stack that is
/// large enough, on the same thread; short histories, the rule, cost one
/// comparison.
#[derive(Clone)]
pub struct GraphTensor {
    tensor: Tensor,
    nodes: usize,
}

impl GraphTensor {
    /// A tensor without history: a constant, a variable, a gradient.
    pub(crate) fn leaf(tensor: Tensor) -> Self {
        GraphTensor { tensor, nodes: 0 }
    }

    /// The answer of an operation on these tensors.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the history becomes longer than candle can
    /// walk.
    pub(crate) fn computed<'a>(
        tensor: Tensor,
        from: impl IntoIterator<Item = &'a GraphTensor>,
    ) -> Result<Self> {
        if !tensor.track_op() {
            return Ok(GraphTensor::leaf(tensor));
        }
        let nodes = from.into_iter().map(|x| x.nodes).max().unwrap_or(0) + NODES_PER_OP;
        let answer = GraphTensor { tensor, nodes };
        if nodes <= MAX_NODES {
            return Ok(answer);
        }
        Err(Error::Unsupported {
            what: format!("a history of {nodes} operations in a row"),
            backend: NAME.into(),
            reason: format!("at most {MAX_NODES}; use shorter sequences or the fused recurrence"),
        })
    }

    /// The tensor itself.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// `backward` of candle, on a stack that is large enough.
    pub(crate) fn backward(&self) -> candle_core::Result<candle_core::backprop::GradStore> {
        drop_waiting();
        let needed = RESERVE + self.nodes * BACKWARD_BYTES;
        stacker::maybe_grow(needed, needed, || self.tensor.backward())
    }
}

impl Drop for GraphTensor {
    fn drop(&mut self) {
        let needed = RESERVE + self.nodes * DROP_BYTES;
        if self.nodes == 0 || stacker::remaining_stack().is_some_and(|left| left >= needed) {
            return;
        }
        // Leaves a tensor without history behind for the field's own drop.
        let detached = self.tensor.detach();
        let mut history = Waiting { tensors: vec![std::mem::replace(&mut self.tensor, detached)], needed };
        let full = WAITING.try_with(|waiting| waiting.borrow_mut().take_over(&mut history));
        if full == Ok(true) {
            drop_waiting();
        }
    }
}

/// Histories that need a larger stack to be dropped.
///
/// Making a stack costs ten times as much as a small operation. In a long
/// sequence nearly every tensor would need one, though for all but the last
/// the history lives on; so they wait here and share it.
struct Waiting {
    tensors: Vec<Tensor>,
    needed: usize,
}

thread_local! {
    static WAITING: RefCell<Waiting> = const { RefCell::new(Waiting { tensors: Vec::new(), needed: 0 }) };
}

impl Waiting {
    /// Takes the tensors of `other`; true when it is time to drop them.
    fn take_over(&mut self, other: &mut Waiting) -> bool {
        self.tensors.append(&mut other.tensors);
        self.needed = self.needed.max(other.needed);
        self.tensors.len() >= MAX_WAITING
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let tensors = std::mem::take(&mut self.tensors);
        if !tensors.is_empty() {
            stacker::maybe_grow(self.needed, self.needed, || drop(tensors));
        }
    }
}

/// Drops the histories of this thread that wait for it.
fn drop_waiting() {
    let _ = WAITING.try_with(|waiting| waiting.replace(Waiting { tensors: Vec::new(), needed: 0 }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    fn chain(start: &Var, length: usize) -> GraphTensor {
        let mut x = GraphTensor::leaf(start.as_tensor().clone());
        for _ in 0..length {
            let next = x.tensor().affine(1.0, 0.5).unwrap();
            x = GraphTensor::computed(next, [&x]).unwrap();
        }
        x
    }

    /// Long enough to overflow a test thread's 2 MiB many times over.
    #[test]
    fn a_long_history_is_walked_and_dropped() {
        let start = Var::new(&[1.0f32], &Device::Cpu).unwrap();
        for _ in 0..2 {
            let x = chain(&start, 100_000);
            let gradients = x.backward().unwrap();
            assert_eq!(gradients.get(&start).unwrap().to_vec1::<f32>().unwrap(), [1.0]);
        }
    }

    #[test]
    fn a_long_history_is_dropped_at_the_end_of_a_thread() {
        let run = || drop(chain(&Var::new(&[1.0f32], &Device::Cpu).unwrap(), 50_000));
        assert!(std::thread::spawn(run).join().is_ok());
    }

    #[test]
    fn a_history_beyond_the_limit_is_refused() {
        let start = Var::new(&[1.0f32], &Device::Cpu).unwrap();
        let next = start.affine(1.0, 0.5).unwrap();
        let almost = GraphTensor { tensor: start.as_tensor().clone(), nodes: MAX_NODES };
        assert!(GraphTensor::computed(next, [&almost]).is_err());
    }
}
