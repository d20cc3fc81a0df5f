//! Which instructions to use, and which this processor has.

use crate::error::{Error, Result};
use std::fmt;

/// Which instructions the kernels use.
///
/// All paths compute the same function; they differ in rounding only. On
/// processors other than x86-64 the portable path is the only one, and it has
/// not been run there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Simd {
    /// The widest that this processor has.
    #[default]
    Auto,
    /// AVX-512 (F, VL, DQ, BW) and FMA.
    Avx512,
    /// AVX2 and FMA.
    Avx2,
    /// Plain Rust on every processor.
    Portable,
}

/// An instruction set that this processor is known to have. Only
/// [`Simd::resolve`] makes one, after asking the processor: code compiled for
/// these instructions is run on the strength of this value alone.
///
/// ```compile_fail
/// use elm_core::kernel::InstructionSet;
/// let unasked = InstructionSet::Avx512;
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InstructionSet(Level);

/// The sets that code is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// AVX-512 (F, VL, DQ, BW) and FMA.
    Avx512,
    /// AVX2 and FMA.
    Avx2,
    /// Plain Rust.
    Portable,
}

impl InstructionSet {
    /// Plain Rust, which every processor runs.
    pub const PORTABLE: InstructionSet = InstructionSet(Level::Portable);

    pub(super) fn level(self) -> Level {
        self.0
    }
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Level::Avx512 => "avx512",
            Level::Avx2 => "avx2+fma",
            Level::Portable => "portable",
        })
    }
}

impl fmt::Debug for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Simd {
    /// The instruction set to use on this processor.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the processor lacks the one asked for.
    pub fn resolve(self) -> Result<InstructionSet> {
        match self {
            Simd::Auto if has_avx512() => Ok(InstructionSet(Level::Avx512)),
            Simd::Auto if has_avx2() => Ok(InstructionSet(Level::Avx2)),
            Simd::Avx512 if has_avx512() => Ok(InstructionSet(Level::Avx512)),
            Simd::Avx2 if has_avx2() => Ok(InstructionSet(Level::Avx2)),
            Simd::Auto | Simd::Portable => Ok(InstructionSet::PORTABLE),
            Simd::Avx512 | Simd::Avx2 => Err(Error::Unsupported {
                what: format!("simd = \"{}\"", if self == Simd::Avx512 { "avx512" } else { "avx2" }),
                backend: "this processor".into(),
                reason: format!("it lacks these instructions; use {}", usable()),
            }),
        }
    }
}

/// The names of what this processor can do.
fn usable() -> &'static str {
    if has_avx2() { "auto, avx2 or portable" } else { "auto or portable" }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512() -> bool {
    false
}
