//! What the kernels of a layer take of a card.

use super::driver::{Card, Driver, Nvidia, Nvrtc, Usage};
use super::plan::Plan;
use super::shapes::SOURCE;
use super::sizes::Sizes;
use crate::error::{Error, Result};
use crate::spec::LayerSpec;
use std::fmt;

/// The kernels of a layer on a card, compiled but not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerKernels {
    /// Blocks of the recurrence, all of which run at once.
    pub blocks: usize,
    /// Dynamic shared memory of its largest kernel, in bytes.
    pub shared_bytes: usize,
    /// Registers and spills of every kernel.
    pub usage: Vec<Usage>,
}

impl LayerKernels {
    /// Compiles the kernels of a layer over so many sequences for a card,
    /// which need not be there.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the layer does not fit the card, else as
    /// [`Nvrtc::compile`].
    pub fn new(nvrtc: &Nvrtc, card: &Card, layer: &LayerSpec, rows: usize) -> Result<Self> {
        let unsupported = |reason| Error::Unsupported {
            what: "a fused recurrence of this layer".into(),
            backend: "cuda".into(),
            reason,
        };
        let plan = Plan::new(&Sizes::new(layer, rows), card).map_err(unsupported)?;
        let compiled = nvrtc.compile(SOURCE, &plan.defines(), card.capability)?;
        let shared =
            [plan.forward_shared(), plan.backward_shared(), plan.map_shared(), plan.synapse_shared()];
        Ok(LayerKernels {
            blocks: plan.groups * plan.blocks,
            shared_bytes: shared.into_iter().max().unwrap_or(0),
            usage: compiled.usage(),
        })
    }

    /// Bytes that threads of all kernels write out for want of registers.
    pub fn spilled_bytes(&self) -> usize {
        self.usage.iter().map(|usage| usage.spilled_bytes).sum()
    }

    /// Registers of the kernel that has most.
    pub fn registers(&self) -> usize {
        self.usage.iter().map(|usage| usage.registers).max().unwrap_or(0)
    }
}

impl fmt::Display for LayerKernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LayerKernels { blocks, shared_bytes, .. } = self;
        let (registers, spilled) = (self.registers(), self.spilled_bytes());
        write!(
            f,
            "{blocks} blocks, {shared_bytes} bytes of shared memory, {registers} registers, {spilled} bytes spilled"
        )
    }
}

/// One line on the fused recurrence on Nvidia's card of this number: who
/// compiles it there, and what a layer takes.
///
/// # Errors
/// Why there is none.
pub fn about(ordinal: usize, layer: &LayerSpec, rows: usize) -> Result<String> {
    let driver = Nvidia::open(ordinal)?;
    let kernels = LayerKernels::new(driver.nvrtc(), driver.card(), layer, rows)?;
    let (own, known, card) = (driver.nvrtc().version(), driver.version(), driver.card());
    let (major, minor) = card.capability;
    Ok(format!(
        "fused recurrence compiled by NVRTC {}.{} for compute capability {major}.{minor}, driver for CUDA {}.{}, \
         {} bytes of shared memory a block; a layer of {} neurons: {kernels}",
        own.0, own.1, known.0, known.1, card.shared_bytes, layer.neurons,
    ))
}
