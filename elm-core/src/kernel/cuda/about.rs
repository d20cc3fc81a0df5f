//! What the kernels of a layer take of a card.

use super::driver::{Card, Driver, Nvidia, Nvrtc, Usage};
use super::plan::Plan;
use super::shapes::{SOURCE, Shapes};
use crate::error::{Error, Result};
use crate::spec::LayerSpec;
use std::fmt;
use std::sync::Arc;

/// How the work of a layer is divided over a card, which need not be there.
/// Equal ones are the same kernels.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LayerPlan(Arc<Plan>);

impl LayerPlan {
    /// That of a layer over so many sequences of so many steps.
    ///
    /// # Errors
    /// In words, why the layer is composed step by step instead.
    pub fn new(card: &Card, layer: &LayerSpec, rows: usize, steps: usize) -> Result<Self, String> {
        Shapes::<()>::default().plan(card, layer, rows, steps).map(LayerPlan)
    }

    /// Compiles the kernels for cards of a compute capability.
    ///
    /// # Errors
    /// As [`Nvrtc::compile`].
    pub fn compile(&self, nvrtc: &Nvrtc, capability: (u32, u32)) -> Result<LayerKernels> {
        let LayerPlan(plan) = self;
        let compiled = nvrtc.compile(SOURCE, &plan.defines(), capability)?;
        let shared =
            [plan.forward_shared(), plan.backward_shared(), plan.map_shared(), plan.synapse_shared()];
        Ok(LayerKernels {
            blocks: plan.groups * plan.blocks,
            shared_bytes: shared.into_iter().max().unwrap_or(0),
            usage: compiled.usage(),
        })
    }
}

impl fmt::Display for LayerPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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
    let plan = LayerPlan::new(driver.card(), layer, rows, 1).map_err(|reason| Error::Unsupported {
        what: "a fused recurrence of this layer".into(),
        backend: "cuda".into(),
        reason,
    })?;
    let kernels = plan.compile(driver.nvrtc(), driver.card().capability)?;
    let (own, known, card) = (driver.nvrtc().version(), driver.version(), driver.card());
    let (major, minor) = card.capability;
    Ok(format!(
        "fused recurrence compiled by NVRTC {}.{} for compute capability {major}.{minor}, driver for CUDA {}.{}, \
         {} bytes of shared memory a block; a layer of {} neurons: {kernels}",
        own.0, own.1, known.0, known.1, card.shared_bytes, layer.neurons,
    ))
}
