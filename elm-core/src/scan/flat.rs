//! A scan's answers as one flat tensor, for libraries in which an operation
//! with its own adjoint has a single answer.

use super::{ScanOutput, ScanPath};
use crate::backend::Backend;
use crate::error::Result;
use crate::spec::LayerRun;
use std::ops::Range;

/// Where activity, end state and magnitude lie in a flat tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlatLayout {
    /// `[T, N * O, B]`.
    pub activity: Range<usize>,
    /// `[rows of the state layout, B]`.
    pub state: Range<usize>,
    /// `[N, B]`; empty unless asked for.
    pub magnitude: Range<usize>,
    shapes: [Vec<usize>; 3],
}

impl FlatLayout {
    /// The layout of a scan's answers.
    pub fn new<X, I>(args: &LayerRun<X, I>) -> Self {
        let (layer, rows) = (&args.layer, args.rows);
        let shapes = [
            vec![args.steps, layer.neurons * layer.outputs, rows],
            vec![layer.state_layout().rows(), rows],
            vec![if args.want.magnitude { layer.neurons } else { 0 }, rows],
        ];
        let lengths = shapes.each_ref().map(|shape| shape.iter().product::<usize>());
        let state = lengths[0]..lengths[0] + lengths[1];
        let magnitude = state.end..state.end + lengths[2];
        FlatLayout { activity: 0..lengths[0], state, magnitude, shapes }
    }

    /// Number of elements altogether.
    pub fn len(&self) -> usize {
        self.magnitude.end
    }

    /// True when there is nothing, which no scan answers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Joins activity, end state and magnitude.
    ///
    /// # Errors
    /// When the backend refuses an operation.
    pub fn join<B: Backend>(&self, backend: &B, parts: &[B::Tensor]) -> Result<B::Tensor> {
        let flat = |part| backend.reshape(part, &[backend.shape(part).iter().product()]);
        backend.cat(&parts.iter().map(flat).collect::<Result<Vec<_>>>()?, 0)
    }

    /// Cuts a flat tensor into activity, end state and, where asked for,
    /// magnitude.
    ///
    /// # Errors
    /// When the backend refuses an operation.
    pub fn parts<B: Backend>(&self, backend: &B, flat: &B::Tensor) -> Result<Vec<B::Tensor>> {
        let ranges = [&self.activity, &self.state, &self.magnitude];
        let parts = ranges.into_iter().zip(&self.shapes).filter(|(range, _)| !range.is_empty());
        parts
            .map(|(range, shape)| backend.reshape(&backend.narrow(flat, 0, range.start, range.len())?, shape))
            .collect()
    }

    /// A flat tensor as the answer of a scan.
    ///
    /// # Errors
    /// When the backend refuses an operation.
    pub fn output<B: Backend>(&self, backend: &B, flat: &B::Tensor, path: ScanPath) -> Result<ScanOutput<B>> {
        let mut parts = self.parts(backend, flat)?;
        let magnitude = if self.magnitude.is_empty() { None } else { parts.pop() };
        let (state, activity) = (parts.remove(1), parts.remove(0));
        Ok(ScanOutput { activity, state, magnitude, monitors: None, path, reason: None, backward: None })
    }
}
