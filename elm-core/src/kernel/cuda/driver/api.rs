//! The functions of the CUDA driver that are needed, typed by hand after
//! Nvidia's `cuda.h` (13.0), and the errors they answer.

use super::NAME;
use super::library::{Library, Place, functions};
use crate::error::{Error, Result};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr::null;

functions! {
    /// Functions of libcuda.
    Api {
        cuInit(c_uint) -> Code;
        cuDriverGetVersion(*mut c_int) -> Code;
        cuGetErrorName(Code, *mut *const c_char) -> Code;
        cuGetErrorString(Code, *mut *const c_char) -> Code;
        cuDeviceGet(*mut c_int, c_int) -> Code;
        cuDeviceGetName(*mut c_char, c_int, c_int) -> Code;
        cuDeviceGetAttribute(*mut c_int, DeviceAttribute, c_int) -> Code;
        cuDevicePrimaryCtxRetain(*mut Handle, c_int) -> Code;
        cuCtxPushCurrent_v2(Handle) -> Code;
        cuCtxPopCurrent_v2(*mut Handle) -> Code;
        cuModuleLoadData(*mut Handle, *const c_void) -> Code;
        cuModuleGetFunction(*mut Handle, Handle, *const c_char) -> Code;
        cuFuncSetAttribute(Handle, FunctionAttribute, c_int) -> Code;
        cuOccupancyMaxActiveBlocksPerMultiprocessor(*mut c_int, Handle, c_int, usize) -> Code;
        cuOccupancyMaxActiveClusters(*mut c_int, Handle, *const LaunchConfig) -> Code;
        cuLaunchKernelEx(*const LaunchConfig, Handle, *mut *mut c_void, *mut *mut c_void) -> Code;
        cuMemcpyHtoDAsync_v2(u64, *const c_void, usize, *mut c_void) -> Code;
        cuStreamSynchronize(*mut c_void) -> Code;
        cuMemAlloc_v2(*mut u64, usize) -> Code;
        cuMemcpyDtoH_v2(*mut c_void, u64, usize) -> Code;
    }
}

/// `CUresult`; 0 is success.
pub(super) type Code = c_int;

/// `CUcontext`, `CUmodule`, `CUfunction`.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle(pub *mut c_void);

// SAFETY: it is a name that the driver gives out, good on every thread; only
// the driver looks behind it.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Handle {
    pub(super) const NONE: Handle = Handle(std::ptr::null_mut());
}

/// `CUdevice_attribute`, those that are asked for.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) enum DeviceAttribute {
    Multiprocessors = 16,
    CapabilityMajor = 75,
    CapabilityMinor = 76,
    CooperativeLaunch = 95,
    SharedBytesOfABlock = 97,
    ReadsHostPages = 100,
    ClusterLaunch = 120,
}

/// `CUfunction_attribute`, the one that is set.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) enum FunctionAttribute {
    DynamicSharedBytes = 8,
}

/// `CUlaunchConfig`.
#[repr(C)]
pub(super) struct LaunchConfig {
    pub grid: [c_uint; 3],
    pub block: [c_uint; 3],
    pub shared_bytes: c_uint,
    pub stream: *mut c_void,
    pub attributes: *const LaunchAttribute,
    pub attribute_count: c_uint,
}

/// `CUlaunchAttribute`: its number, and a union of 64 bytes, 8-byte aligned.
#[repr(C, align(8))]
pub(super) struct LaunchAttribute {
    id: c_uint,
    pad: c_uint,
    value: [c_uint; 16],
}

impl LaunchAttribute {
    /// All blocks run at once and can meet.
    pub(super) fn cooperative() -> Self {
        Self::new(2, [1, 0, 0])
    }

    /// So many neighbouring blocks run at once and can meet.
    pub(super) fn cluster(blocks: u32) -> Self {
        Self::new(4, [blocks, 1, 1])
    }

    fn new(id: c_uint, first: [c_uint; 3]) -> Self {
        let mut value = [0; 16];
        value[..3].copy_from_slice(&first);
        LaunchAttribute { id, pad: 0, value }
    }
}

/// Calls a function of a table and turns its code into an error with its name.
macro_rules! call {
    ($api:expr, $name:ident($($argument:expr),* $(,)?)) => {
        $api.checked(stringify!($name), ($api.$name)($($argument),*))
    };
}
pub(super) use call;

impl Api {
    /// Opens the driver.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when it is not installed or too old.
    pub(super) fn open(places: &[Place]) -> Result<Self> {
        let (library, _) = Library::open("a card", &["libcuda.so.1".into()], places)?;
        // SAFETY: it is the driver.
        let api = unsafe { Self::of(library) }?;
        // SAFETY: the flags have to be 0.
        unsafe { call!(api, cuInit(0)) }?;
        Ok(api)
    }

    /// The newest version of CUDA that the driver knows, major and minor.
    pub(super) fn version(&self) -> Result<(u32, u32)> {
        let mut version: c_int = 0;
        // SAFETY: the pointer is good for the call.
        unsafe { call!(self, cuDriverGetVersion(&mut version)) }?;
        let version = version.unsigned_abs();
        Ok((version / 1000, version % 1000 / 10))
    }

    /// Success, or the driver's words for what went wrong.
    ///
    /// # Errors
    /// [`Error::Backend`] naming the function.
    pub(super) fn checked(&self, function: &'static str, code: Code) -> Result<()> {
        if code == 0 { Ok(()) } else { Err(failed(function, self.words(code))) }
    }

    /// Name and description of an error.
    fn words(&self, code: Code) -> String {
        let word = |of: unsafe extern "C" fn(Code, *mut *const c_char) -> Code| {
            let mut text: *const c_char = null();
            // SAFETY: the pointer is good for the call; what it answers is a
            // constant of the driver's, or null for a code it does not know.
            let known = unsafe { of(code, &mut text) } == 0 && !text.is_null();
            // SAFETY: as above.
            known.then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
        };
        match (word(self.cuGetErrorName), word(self.cuGetErrorString)) {
            (Some(name), Some(words)) => format!("{name}, {words}"),
            (Some(name), None) => name,
            _ => format!("error {code}"),
        }
    }
}

/// An error of the driver or the compiler, with the function that answered it.
pub(super) fn failed(op: &'static str, words: impl Into<String>) -> Error {
    Error::Backend { op, backend: NAME, source: words.into().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes and places of `cuda.h` on a 64-bit system.
    #[test]
    fn structs_lie_in_memory_as_the_driver_has_them() {
        use std::mem::offset_of;
        assert_eq!((size_of::<LaunchConfig>(), size_of::<LaunchAttribute>()), (56, 72));
        assert_eq!(offset_of!(LaunchConfig, shared_bytes), 24);
        assert_eq!(offset_of!(LaunchConfig, stream), 32);
        assert_eq!(offset_of!(LaunchConfig, attributes), 40);
        assert_eq!(offset_of!(LaunchConfig, attribute_count), 48);
        assert_eq!(offset_of!(LaunchAttribute, value), 8);
    }
}
