//! A backend of one's own. Its primitives are those of the naive f64 backend of
//! `elm-core`, where yours would call your tensor library; two methods of its
//! own give it the fused recurrence. `tests/conformance.rs` tells that it is
//! right; the program with it is example `own_backend` of `elm-cli`.

use elm_core::backend::{Backend, ScanOptions, Value};
use elm_core::device::{BackendOptions, BackendReport, Device, DeviceReport};
use elm_core::kernel::Kernel;
use elm_core::reference::{Reference, Tensor};
use elm_core::scan::ScanAdjoint;
use elm_core::{Error, Result};
use std::sync::Arc;

/// The backend: with a kernel for the fused recurrence, or without.
#[derive(Clone)]
pub struct Mine(Option<Arc<Kernel>>);

impl Backend for Mine {
    elm_core::reference_primitives!();

    fn scan_options(&self) -> ScanOptions<'_> {
        ScanOptions { kernel: self.0.as_ref(), memory_budget: None }
    }

    fn node(&self, value: Value<Tensor>, inputs: &[&Tensor], adjoint: ScanAdjoint<Self>) -> Result<Tensor> {
        let value = match value {
            Value::Host(numbers) => self.tensor(&numbers, &[numbers.len()])?,
            Value::Tensor(value) => value,
        };
        let (own, count) = (self.clone(), inputs.len());
        Ok(Reference.given(&value, inputs, move |gradient| adjoint.gradients(&own, gradient, count)))
    }
}

impl Mine {
    /// Opens it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on another device than the processor, or where
    /// the processor lacks the instructions asked for.
    pub fn new(options: BackendOptions) -> Result<Self> {
        if options.device != Device::Cpu {
            let (what, reason) = (options.device.to_string(), "it computes on the processor only".into());
            return Err(Error::Unsupported { what, backend: "mine".into(), reason });
        }
        Ok(Mine(options.kernel("mine", options.threads.unwrap_or(1))?))
    }
}

/// What it sees of this machine.
pub fn report() -> BackendReport {
    let detail = "plain Rust in f64, slow".into();
    let device = DeviceReport { device: "cpu".into(), usable: true, detail, remedy: None };
    BackendReport { name: "mine", version: "0".into(), threads: 1, devices: vec![device] }
}
