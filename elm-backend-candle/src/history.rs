//! A candle tensor that knows how long its history is.

use crate::error::NAME;
use candle_core::Tensor;
use elm_core::{Error, Result};

/// Stack that candle's recursion takes for one node, in `backward` and in
/// `drop`; three times what was measured without optimisation.
const BYTES_PER_NODE: usize = 1536;
/// Upper bound of the candle nodes that one method of this backend appends to
/// a path through the history.
const NODES_PER_OP: usize = 3;
/// Longest path through a history; needs 6 GiB of address space, of which
/// only what the recursion really touches becomes memory.
const MAX_NODES: usize = 1 << 22;
/// Stack left for everything that is not this recursion.
const RESERVE: usize = 128 << 10;

/// A candle tensor with the length of the longest path through its history.
///
/// candle walks a history by recursion, in `backward` and when the last tensor
/// that holds it is dropped, and so overflows the stack after a few thousand
/// time steps. With the length known, both run on a stack that is large
/// enough, on the same thread; shallow histories, the rule, cost one comparison.
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
        if nodes > MAX_NODES {
            return Err(Error::Unsupported {
                what: format!("a history of {nodes} operations"),
                backend: NAME.into(),
                reason: format!(
                    "at most {MAX_NODES} in a row; use shorter sequences or the fused recurrence"
                ),
            });
        }
        Ok(answer)
    }

    /// The tensor itself.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// Runs something that recurses through this history.
    pub(crate) fn with_stack<R>(&self, run: impl FnOnce() -> R) -> R {
        with_stack(self.nodes, run)
    }
}

fn with_stack<R>(nodes: usize, run: impl FnOnce() -> R) -> R {
    let needed = RESERVE + nodes * BYTES_PER_NODE;
    stacker::maybe_grow(needed, needed, run)
}

impl Drop for GraphTensor {
    fn drop(&mut self) {
        if self.nodes > 0 {
            // Leaves a tensor without history behind for the field's own drop.
            let detached = self.tensor.detach();
            let history = std::mem::replace(&mut self.tensor, detached);
            with_stack(self.nodes, || drop(history));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    /// Long enough to overflow a test thread's 2 MiB many times over.
    #[test]
    fn a_long_history_is_walked_and_dropped() {
        let start = Var::new(&[1.0f32], &Device::Cpu).unwrap();
        let mut x = GraphTensor::leaf(start.as_tensor().clone());
        for _ in 0..100_000 {
            let next = x.tensor().affine(1.0, 0.5).unwrap();
            x = GraphTensor::computed(next, [&x]).unwrap();
        }
        let gradients = x.with_stack(|| x.tensor().backward()).unwrap();
        assert_eq!(gradients.get(&start).unwrap().to_vec1::<f32>().unwrap(), [1.0]);
    }

    #[test]
    fn a_history_beyond_the_limit_is_refused() {
        let start = Var::new(&[1.0f32], &Device::Cpu).unwrap();
        let next = start.affine(1.0, 0.5).unwrap();
        let almost = GraphTensor { tensor: start.as_tensor().clone(), nodes: MAX_NODES };
        assert!(GraphTensor::computed(next, [&almost]).is_err());
    }
}
