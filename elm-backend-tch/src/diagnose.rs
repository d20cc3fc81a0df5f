//! What this build of libtorch sees on this machine.

use crate::error::NAME;
use crate::{given, threads};
use elm_core::device::{BackendReport, DeviceReport};

/// Version of libtorch, e.g. `libtorch 2.11.0`.
pub(crate) fn version() -> String {
    format!("libtorch {}", given::version())
}

/// Devices that libtorch knows of here, usable or not, and why not.
pub fn diagnose() -> BackendReport {
    let threads = threads::usual().unwrap_or(1);
    let processor = DeviceReport {
        device: "cpu".into(),
        usable: true,
        detail: format!("{threads} threads"),
        remedy: None,
    };
    let devices = std::iter::once(processor).chain(cuda_devices()).collect();
    BackendReport { name: NAME, version: version(), threads, devices }
}

fn cuda_devices() -> Vec<DeviceReport> {
    let unusable = |detail: &str, remedy: &str| {
        vec![DeviceReport {
            device: "cuda".into(),
            usable: false,
            detail: detail.into(),
            remedy: Some(remedy.into()),
        }]
    };
    if !tch::utils::has_cuda() {
        return unusable(
            "this libtorch is for the processor only",
            "rebuild with LIBTORCH set to the folder of a CUDA libtorch 2.11.0, or with \
             LIBTORCH_USE_PYTORCH=1 beside a CUDA PyTorch 2.11.0",
        );
    }
    let count = tch::Cuda::device_count().max(0);
    if count == 0 {
        return unusable(
            "libtorch sees no card",
            "check that `nvidia-smi` lists one and that CUDA_VISIBLE_DEVICES does not hide it",
        );
    }
    let card = |ordinal| DeviceReport {
        device: format!("cuda:{ordinal}"),
        usable: true,
        detail: recurrence(ordinal as usize),
        remedy: None,
    };
    (0..count).map(card).collect()
}

/// What becomes of recurrences on a card.
fn recurrence(ordinal: usize) -> String {
    let network = elm_core::model::NetworkOptions::new(16, 2).resolve();
    let about = network.and_then(|network| elm_core::kernel::cuda::about(ordinal, &network.layers[0], 8));
    about.unwrap_or_else(|error| format!("recurrences are composed step by step, which is slow: {error}"))
}
