//! What this build of candle sees on this machine.

use crate::error::NAME;
use crate::threads;
use elm_core::device::{BackendReport, DeviceReport};

/// Version of candle that this crate is built against.
pub(crate) const VERSION: &str = "candle 0.11";

/// Devices that candle knows of here, usable or not, and why not.
pub fn diagnose() -> BackendReport {
    let threads = threads::usual().unwrap_or(1);
    let processor = DeviceReport {
        device: "cpu".into(),
        usable: true,
        detail: format!("{threads} threads"),
        remedy: None,
    };
    let mut devices = vec![processor];
    devices.extend(cuda_devices());
    BackendReport { name: NAME, version: VERSION.into(), threads, devices }
}

#[cfg(not(feature = "cuda"))]
fn cuda_devices() -> Vec<DeviceReport> {
    vec![DeviceReport {
        device: "cuda".into(),
        usable: false,
        detail: "candle was built without CUDA".into(),
        remedy: Some("build with --features cuda, on a machine with the CUDA toolkit".into()),
    }]
}

#[cfg(feature = "cuda")]
fn cuda_devices() -> Vec<DeviceReport> {
    use candle_core::cuda_backend::cudarc::driver::CudaContext;
    let none = |detail: String| {
        vec![DeviceReport {
            device: "cuda".into(),
            usable: false,
            detail,
            remedy: Some(
                "check that `nvidia-smi` lists a card and that CUDA_VISIBLE_DEVICES does not hide it".into(),
            ),
        }]
    };
    let count = match CudaContext::device_count() {
        Ok(0) => return none("the CUDA driver sees no card".into()),
        Ok(count) => count.max(0) as usize,
        Err(error) => return none(format!("the CUDA driver does not answer: {error}")),
    };
    (0..count).map(cuda_device).collect()
}

#[cfg(feature = "cuda")]
fn cuda_device(ordinal: usize) -> DeviceReport {
    use candle_core::cuda_backend::cudarc::driver::CudaContext;
    let (usable, detail) = match CudaContext::new(ordinal).and_then(|context| context.name()) {
        Ok(name) => (true, format!("{name}; {}", recurrence(ordinal))),
        Err(error) => (false, error.to_string()),
    };
    let remedy =
        (!usable).then(|| "check that the driver is at least as new as the CUDA toolkit of the build".into());
    DeviceReport { device: format!("cuda:{ordinal}"), usable, detail, remedy }
}

/// What becomes of recurrences on a card.
#[cfg(feature = "cuda")]
fn recurrence(ordinal: usize) -> String {
    let network = elm_core::model::NetworkOptions::new(16, 2).resolve();
    let about = network.and_then(|network| elm_core::kernel::cuda::about(ordinal, &network.layers[0], 8));
    about.unwrap_or_else(|error| format!("recurrences are composed step by step, which is slow: {error}"))
}
