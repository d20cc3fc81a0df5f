//! `[backend]`: what computes, and how.

use super::names::names;
use super::ranges::{Text, count, one_of, parsed, size};
use super::section::settings;
use elm_core::device::{BackendOptions, Device, ScanChoice};
use elm_core::kernel::{DEFAULT_MEMORY_BUDGET, Simd};

names! {
    for ScanChoice { Auto = "auto", Fused = "fused", Composed = "composed" }
}
names! {
    for Simd { Auto = "auto", Avx512 = "avx512", Avx2 = "avx2", Portable = "portable" }
}

settings! {
    /// Which backend.
    pub(super) struct BackendName {
        /// which backend computes: candle, tch or a plugin's name
        kind: String = Text, String::from("candle");
    }
}

settings! {
    for BackendOptions {
        /// cpu or cuda:N; it is used or it is an error
        device: Device = parsed::<Device>("\"cpu\" or \"cuda:N\""), Device::Cpu;
        /// threads to compute with, at most the cores that the process may use, or
        /// what the environment variable ELM_MAX_THREADS says; results depend on
        /// it in the last bits
        threads: Option<usize> = size(1), None, "all cores";
        /// how the recurrence is computed
        scan: ScanChoice = one_of::<ScanChoice>(), ScanChoice::Auto;
        /// bytes that the history of a recurrence may take; more is computed
        /// again instead of kept
        memory_budget: Option<u64> = count(1), None,
            format!("{DEFAULT_MEMORY_BUDGET} for the fused recurrence, no bound for the composed one");
        /// instructions of the fused recurrence; ones that the processor lacks are an error
        simd: Simd = one_of::<Simd>(), Simd::Auto;
    }
}

/// The key of the number of threads.
pub(super) const THREADS: &str = "backend.threads";
