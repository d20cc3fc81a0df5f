//! Nvidia's driver: kernels on a card of this machine.
//!
//! Tensor libraries compute in the card's primary context; so does this, with
//! their memory and in their streams, through raw addresses.

use super::api::{Api, DeviceAttribute, FunctionAttribute, Handle, LaunchAttribute, LaunchConfig};
use super::api::{call, failed};
use super::library::Place;
use super::nvrtc::Nvrtc;
use super::report::{Usage, usage};
use super::{Card, Driver, Grid, Launch, NAME, Slice, Stream};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, PoisonError};

/// Room for the name of a card.
const NAME_BYTES: usize = 128;

/// A card of this machine.
pub struct Nvidia {
    api: Arc<Api>,
    nvrtc: Nvrtc,
    context: Handle,
    card: Card,
    can: Abilities,
    version: (u32, u32),
}

/// What a card can do besides running kernels.
struct Abilities {
    cooperative: bool,
    clusters: bool,
    /// It reads pageable memory of the host itself, perhaps after a copy from
    /// there has returned.
    reads_host_pages: bool,
}

/// A compiled source on the card, for the life of the process: when its owner
/// is dropped a kernel of it may still run.
pub struct NvidiaModule {
    module: Handle,
    log: String,
    /// Kernels that are ready for launches of a size.
    ready: Mutex<HashMap<Ready, Handle>>,
}

/// A kernel, blocks, threads, shared bytes, blocks that have to run at once.
type Ready = (String, u32, u32, usize, Together);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Together {
    One,
    All,
    Cluster(u32),
}

impl NvidiaModule {
    /// What the compiler said.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// What each kernel takes of a multiprocessor.
    pub fn usage(&self) -> Vec<Usage> {
        usage(&self.log)
    }
}

impl Nvidia {
    /// Opens the card of this number, as the CUDA libraries count them.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when driver or compiler are not there,
    /// [`Error::Backend`] when the driver refuses.
    pub fn open(ordinal: usize) -> Result<Self> {
        Self::open_at(ordinal, &Place::all(|name| std::env::var_os(name)))
    }

    pub(super) fn open_at(ordinal: usize, places: &[Place]) -> Result<Self> {
        let api = Arc::new(Api::open(places)?);
        let version = api.version()?;
        let number = c_int::try_from(ordinal)
            .map_err(|_| failed("cuDeviceGet", format!("there is no card {ordinal}")))?;
        let (mut device, mut context) = (0, Handle::NONE);
        // SAFETY: the pointers are good for the calls.
        unsafe {
            call!(api, cuDeviceGet(&mut device, number))?;
            call!(api, cuDevicePrimaryCtxRetain(&mut context, device))?;
        }
        let ask = |what| attribute(&api, what, device);
        let card = Card {
            name: name(&api, device)?,
            multiprocessors: ask(DeviceAttribute::Multiprocessors)? as usize,
            shared_bytes: ask(DeviceAttribute::SharedBytesOfABlock)? as usize,
            capability: (ask(DeviceAttribute::CapabilityMajor)?, ask(DeviceAttribute::CapabilityMinor)?),
            drawn: false,
        };
        let can = Abilities {
            cooperative: ask(DeviceAttribute::CooperativeLaunch)? != 0,
            // A driver of before clusters does not know the question.
            clusters: ask(DeviceAttribute::ClusterLaunch).unwrap_or(0) != 0,
            reads_host_pages: ask(DeviceAttribute::ReadsHostPages)? != 0,
        };
        let nvrtc = Nvrtc::open_at(places, version.0)?;
        Ok(Nvidia { api, nvrtc, context, card, can, version })
    }

    /// The newest version of CUDA that the driver knows.
    pub fn version(&self) -> (u32, u32) {
        self.version
    }

    /// The compiler.
    pub fn nvrtc(&self) -> &Nvrtc {
        &self.nvrtc
    }

    /// Makes the card's context that of this thread while the answer lives.
    fn entered(&self) -> Result<Entered<'_>> {
        Entered::new(&self.api, self.context)
    }

    /// The driver's functions and the card's context.
    pub(super) fn parts(&self) -> (Arc<Api>, Handle) {
        (self.api.clone(), self.context)
    }

    /// The kernel, allowed its shared memory, once it is known that the card
    /// can run the grid: a cooperative one that does not fit would be refused
    /// without a word on why.
    fn ready(
        &self,
        module: &NvidiaModule,
        kernel: &str,
        grid: &Grid,
        config: &LaunchConfig,
    ) -> Result<Handle> {
        let together = match grid.launch {
            Launch::Plain => Together::One,
            Launch::Cooperative => Together::All,
            Launch::Cluster(blocks) => Together::Cluster(blocks),
        };
        let key = (kernel.to_string(), grid.blocks, grid.threads, grid.shared_bytes, together);
        let mut ready = module.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&function) = ready.get(&key) {
            return Ok(function);
        }
        let function = self.function(module, kernel)?;
        self.allow_shared(function, kernel, grid.shared_bytes)?;
        match together {
            Together::One => {}
            Together::All => self.check_cooperative(function, kernel, grid)?,
            Together::Cluster(blocks) => self.check_cluster(function, kernel, blocks, config)?,
        }
        ready.insert(key, function);
        Ok(function)
    }

    fn function(&self, module: &NvidiaModule, kernel: &str) -> Result<Handle> {
        let name = CString::new(kernel).map_err(|error| failed("cuModuleGetFunction", error.to_string()))?;
        let mut function = Handle::NONE;
        // SAFETY: the module is loaded, the name a C string.
        unsafe { call!(self.api, cuModuleGetFunction(&mut function, module.module, name.as_ptr())) }
            .map_err(|error| failed("cuModuleGetFunction", format!("{kernel}: {error}")))?;
        Ok(function)
    }

    /// Beyond 48 KB a kernel has to be allowed its dynamic shared memory.
    fn allow_shared(&self, function: Handle, kernel: &str, bytes: usize) -> Result<()> {
        let most = self.card.shared_bytes;
        let Some(wanted) = c_int::try_from(bytes).ok().filter(|_| bytes <= most) else {
            let words = format!("{kernel} needs {bytes} bytes of shared memory, a block has {most}");
            return Err(failed("cuFuncSetAttribute", words));
        };
        let attribute = FunctionAttribute::DynamicSharedBytes;
        // SAFETY: the function belongs to a module that stays loaded.
        unsafe { call!(self.api, cuFuncSetAttribute(function, attribute, wanted)) }
    }

    fn check_cooperative(&self, function: Handle, kernel: &str, grid: &Grid) -> Result<()> {
        if !self.can.cooperative {
            return Err(self.refused(format!("{kernel}: this card has no cooperative launches")));
        }
        let mut each: c_int = 0;
        let (threads, shared) = (grid.threads as c_int, grid.shared_bytes);
        // SAFETY: the pointer is good for the call.
        unsafe {
            call!(self.api, cuOccupancyMaxActiveBlocksPerMultiprocessor(&mut each, function, threads, shared))
        }?;
        let most = each.unsigned_abs() as usize * self.card.multiprocessors;
        if grid.blocks as usize <= most {
            return Ok(());
        }
        Err(self.refused(format!(
            "{kernel}: {} blocks of {threads} threads and {shared} bytes have to run at once, {most} can",
            grid.blocks
        )))
    }

    fn check_cluster(
        &self,
        function: Handle,
        kernel: &str,
        blocks: u32,
        config: &LaunchConfig,
    ) -> Result<()> {
        if !self.can.clusters {
            return Err(self.refused(format!("{kernel}: this card has no clusters of blocks")));
        }
        let mut clusters: c_int = 0;
        // SAFETY: the pointers are good for the call.
        unsafe { call!(self.api, cuOccupancyMaxActiveClusters(&mut clusters, function, config)) }?;
        if clusters > 0 {
            return Ok(());
        }
        Err(self.refused(format!("{kernel}: no cluster of {blocks} blocks can run at once")))
    }

    fn refused(&self, reason: String) -> Error {
        Error::Unsupported { what: format!("a launch on {}", self.card.name), backend: NAME.into(), reason }
    }
}

impl Driver for Nvidia {
    type Module = NvidiaModule;

    fn card(&self) -> &Card {
        &self.card
    }

    fn compile(&self, source: &str, defines: &[(String, i64)]) -> Result<NvidiaModule> {
        let compiled = self.nvrtc.compile(source, defines, self.card.capability)?;
        let _entered = self.entered()?;
        let mut module = Handle::NONE;
        // SAFETY: the image is whole, and copied by the call.
        unsafe { call!(self.api, cuModuleLoadData(&mut module, compiled.image.as_ptr().cast())) }?;
        Ok(NvidiaModule { module, log: compiled.log, ready: Mutex::default() })
    }

    unsafe fn launch(
        &self,
        at: Stream,
        module: &NvidiaModule,
        kernel: &str,
        grid: &Grid,
        arguments: &[u8],
    ) -> Result<()> {
        let attribute = match grid.launch {
            Launch::Plain => None,
            Launch::Cooperative => Some(LaunchAttribute::cooperative()),
            Launch::Cluster(blocks) => Some(LaunchAttribute::cluster(blocks)),
        };
        let config = LaunchConfig {
            grid: [grid.blocks, 1, 1],
            block: [grid.threads, 1, 1],
            shared_bytes: grid.shared_bytes.try_into().unwrap_or(u32::MAX),
            stream: at.0,
            attributes: attribute.as_slice().as_ptr(),
            attribute_count: attribute.iter().count() as u32,
        };
        let _entered = self.entered()?;
        let function = self.ready(module, kernel, grid, &config)?;
        let mut parameters = [arguments.as_ptr().cast_mut().cast::<c_void>()];
        // SAFETY: the kernel takes one struct, whose bytes are copied by the
        // call; what it points to is the caller's word.
        unsafe { call!(self.api, cuLaunchKernelEx(&config, function, parameters.as_mut_ptr(), null_mut())) }
    }

    fn upload(&self, at: Stream, to: Slice, from: &[u8]) -> Result<()> {
        let room = to.len.saturating_mul(size_of::<f32>());
        if from.len() > room {
            return Err(Error::shape("bytes for the card", &[from.len()], format!("at most {room}")));
        }
        if from.is_empty() {
            return Ok(());
        }
        let _entered = self.entered()?;
        // SAFETY: there is room for the bytes. They are pageable memory, which
        // the driver has copied aside when it returns, unless the card reads
        // the host's pages itself; then this waits.
        unsafe {
            call!(self.api, cuMemcpyHtoDAsync_v2(to.address, from.as_ptr().cast(), from.len(), at.0))?;
            if self.can.reads_host_pages {
                call!(self.api, cuStreamSynchronize(at.0))?;
            }
        }
        Ok(())
    }
}

/// While it lives, the card's context is current on this thread.
pub(super) struct Entered<'a>(&'a Api);

impl<'a> Entered<'a> {
    /// Makes a card's context current.
    pub(super) fn new(api: &'a Api, context: Handle) -> Result<Self> {
        // SAFETY: the context is retained for the life of the process.
        unsafe { call!(api, cuCtxPushCurrent_v2(context)) }?;
        Ok(Entered(api))
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut context = Handle::NONE;
        // SAFETY: it was pushed by `new`. That it fails helps nobody.
        unsafe { (self.0.cuCtxPopCurrent_v2)(&mut context) };
    }
}

fn attribute(api: &Api, what: DeviceAttribute, device: c_int) -> Result<u32> {
    let mut value: c_int = 0;
    // SAFETY: the pointer is good for the call.
    unsafe { call!(api, cuDeviceGetAttribute(&mut value, what, device)) }?;
    Ok(value.unsigned_abs())
}

fn name(api: &Api, device: c_int) -> Result<String> {
    let mut name: [c_char; NAME_BYTES] = [0; NAME_BYTES];
    // SAFETY: there is room for as many bytes, the closing zero included.
    unsafe { call!(api, cuDeviceGetName(name.as_mut_ptr(), NAME_BYTES as c_int, device)) }?;
    // SAFETY: the driver closes it with a zero, and it starts as zeros.
    Ok(unsafe { CStr::from_ptr(name.as_ptr()) }.to_string_lossy().into_owned())
}
