//! The way back through a scan that is one node of a graph.

use super::clock::Clock;
use super::fused::FusedScan;
use super::recurrence::SegmentedWalk;
use super::segments::SegmentedScan;
use crate::backend::Backend;
use crate::error::Result;
use std::sync::{Mutex, PoisonError};

/// What [`Backend::node`] keeps: from the gradient of a scan's flat value to
/// the gradients of what it was computed from.
///
/// It owns what it needs and holds no history, so keeping it in a graph makes
/// no circle.
pub struct ScanAdjoint<B: Backend> {
    way: Way<B>,
    clock: Clock,
}

enum Way<B: Backend> {
    Fused(Box<FusedScan<B>>),
    Segmented(Box<SegmentedScan<B>>),
    Walked(Box<SegmentedWalk<B>>),
    /// Behind a lock, so that a graph may be shared between threads even where
    /// a library's tensors may not.
    Own(Mutex<Back<B>>),
}

/// From the gradient of a value to the gradients of the first so many inputs.
type Back<B> = Box<dyn Fn(&B, &<B as Backend>::Tensor, usize) -> Result<Vec<<B as Backend>::Tensor>> + Send>;

impl<B: Backend> ScanAdjoint<B> {
    fn new(way: Way<B>) -> Self {
        ScanAdjoint { way, clock: Clock::default() }
    }

    pub(super) fn fused(scan: FusedScan<B>) -> Self {
        Self::new(Way::Fused(Box::new(scan)))
    }

    pub(super) fn segmented(scan: SegmentedScan<B>) -> Self {
        Self::new(Way::Segmented(Box::new(scan)))
    }

    pub(super) fn walked(walk: SegmentedWalk<B>) -> Self {
        Self::new(Way::Walked(Box::new(walk)))
    }

    /// A way back of a backend's own; it answers at least as many gradients as
    /// it is asked for, and holds no history.
    pub fn own(back: impl Fn(&B, &B::Tensor, usize) -> Result<Vec<B::Tensor>> + Send + 'static) -> Self {
        Self::new(Way::Own(Mutex::new(Box::new(back))))
    }

    /// How long it takes, once it has been gone.
    pub(super) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// The gradients of the first `count` inputs of the node: parameters
    /// `[P]`, start state, dense input.
    ///
    /// # Errors
    /// When `gradient` has not the shape of the node's value, or the backend
    /// refuses an operation.
    pub fn gradients(&self, backend: &B, gradient: &B::Tensor, count: usize) -> Result<Vec<B::Tensor>> {
        let mut gradients = self.clock.timed(|| match &self.way {
            Way::Fused(scan) => scan.adjoint(backend, gradient, count),
            Way::Segmented(scan) => scan.adjoint(backend, gradient),
            Way::Walked(walk) => walk.adjoint(backend, gradient, count),
            Way::Own(back) => back.lock().unwrap_or_else(PoisonError::into_inner)(backend, gradient, count),
        })?;
        gradients.truncate(count);
        Ok(gradients)
    }
}
