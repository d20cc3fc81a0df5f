//! The program with one backend more: the naive f64 one of `elm-core`.
//!
//! ```sh
//! cargo run --release --example own_backend -- train configs/quickstart.toml --set backend.kind=reference
//! ```

use elm_cli::{Registry, main_with};
use elm_core::device::{BackendOptions, BackendReport, Device, DeviceReport};
use elm_core::reference::Reference;
use elm_core::{Error, Result};
use std::process::ExitCode;

fn main() -> ExitCode {
    main_with(Registry::standard().with("reference", open, report))
}

fn open(options: BackendOptions) -> Result<Reference> {
    match options.device {
        Device::Cpu => Ok(Reference),
        Device::Cuda(_) => Err(Error::Unsupported {
            what: options.device.to_string(),
            backend: "reference".into(),
            reason: "it computes on the processor only".into(),
        }),
    }
}

fn report() -> BackendReport {
    let device = DeviceReport {
        device: "cpu".into(),
        usable: true,
        detail: "plain Rust in f64, slow".into(),
        remedy: None,
    };
    BackendReport { name: "reference", version: "0".into(), threads: 1, devices: vec![device] }
}
