//! A driver without a card, for tests: the kernels' source, compiled by the
//! system's C++ compiler, runs on the host with a fiber for each CUDA thread.
//!
//! Device memory is the host's, so an address is an address. What it cannot
//! show: faults of the memory model, bank conflicts, speed. What was compiled
//! once is kept, as that takes most of the time of a test.

use super::device::Memory;
use super::driver::{Card, Driver, Grid, Launch, Slice, Stream};
use crate::error::{Error, Result};
use libloading::Library;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const DEVICE: &str = include_str!("emulated/device.h");
const RUNTIME: &str = include_str!("emulated/runtime.cpp");

/// A card that is not there.
pub struct Emulated {
    card: Card,
    compiler: &'static str,
    /// The runtime's object file.
    runtime: Vec<u8>,
    compiled: Mutex<HashMap<(String, Defines), EmulatedModule>>,
    schedule: AtomicI32,
    without: AtomicI32,
}

/// Constants of a compilation.
type Defines = Vec<(String, i64)>;

/// Compiled kernels.
#[derive(Clone)]
pub struct EmulatedModule {
    /// It has one current thread.
    library: Arc<Mutex<Library>>,
}

type Kernel = unsafe extern "C" fn(*const u64);
type Run = unsafe extern "C" fn(Kernel, *const u64, u32, u32, usize, i32, i32, i32) -> std::ffi::c_long;

impl Emulated {
    /// A card of so many multiprocessors and so much shared memory.
    ///
    /// # Errors
    /// When the runtime does not compile; `None` without a C++ compiler.
    pub fn new(multiprocessors: usize, shared_bytes: usize) -> Result<Option<Self>> {
        let found = ["c++", "g++", "clang++"].into_iter().find(|name| {
            Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
        });
        let Some(compiler) = found else { return Ok(None) };
        let folder = Folder::new()?;
        folder.write("device.h", DEVICE.as_bytes())?;
        folder.write("runtime.cpp", RUNTIME.as_bytes())?;
        compile(compiler, &folder, &["-c", "runtime.cpp", "-o", "runtime.o"])?;
        let runtime = folder.read("runtime.o")?;
        let card = Card {
            name: "no card (emulated)".into(),
            multiprocessors,
            shared_bytes,
            capability: (9, 0),
            drawn: false,
        };
        let (schedule, without) = (AtomicI32::new(0), AtomicI32::new(0));
        Ok(Some(Emulated { card, compiler, runtime, compiled: Mutex::default(), schedule, without }))
    }

    /// The same card with divisions of work as a draw says, see [`Card::drawn`].
    #[must_use]
    pub fn with_drawn_divisions(mut self) -> Self {
        self.card.drawn = true;
        self
    }

    /// The order in which threads run: 0 forwards, 1 backwards, from 2 on at
    /// random. Results do not depend on it, unless a barrier is missing.
    pub fn set_schedule(&self, schedule: i32) {
        self.schedule.store(schedule, Ordering::Relaxed);
    }

    /// Leaves out the barrier on this line of the source; 0 for none.
    pub fn leave_out(&self, line: i32) {
        self.without.store(line, Ordering::Relaxed);
    }

    fn build(&self, source: &str, defines: &[(String, i64)]) -> Result<EmulatedModule> {
        let folder = Folder::new()?;
        folder.write("device.h", DEVICE.as_bytes())?;
        folder.write("runtime.o", &self.runtime)?;
        folder.write("kernels.cpp", format!("#include \"device.h\"\n#line 1\n{source}").as_bytes())?;
        let defines: Vec<String> = defines.iter().map(|(name, value)| format!("-D{name}={value}")).collect();
        let mut options: Vec<&str> = defines.iter().map(String::as_str).collect();
        options.extend(["-shared", "-fPIC", "kernels.cpp", "runtime.o", "-o", "kernels.so"]);
        compile(self.compiler, &folder, &options)?;
        // SAFETY: the library is the one just made; it has no initialisers but
        // those of plain statics.
        let library = unsafe { Library::new(folder.path("kernels.so")) };
        library
            .map(|library| EmulatedModule { library: Arc::new(Mutex::new(library)) })
            .map_err(|error| failed("load", error))
    }
}

impl Driver for Emulated {
    type Module = EmulatedModule;

    fn card(&self) -> &Card {
        &self.card
    }

    fn compile(&self, source: &str, defines: &[(String, i64)]) -> Result<Self::Module> {
        let key = (source.to_string(), defines.to_vec());
        if let Some(module) = lock(&self.compiled).get(&key) {
            return Ok(module.clone());
        }
        // Other shapes may be compiled meanwhile, and now and then the same.
        let module = self.build(source, defines)?;
        lock(&self.compiled).insert(key, module.clone());
        Ok(module)
    }

    unsafe fn launch(
        &self,
        _: Stream,
        module: &Self::Module,
        kernel: &str,
        grid: &Grid,
        arguments: &[u8],
    ) -> Result<()> {
        if grid.shared_bytes > self.card.shared_bytes {
            let reason = format!("{kernel} asks for {} bytes of shared memory", grid.shared_bytes);
            return Err(failed("launch", reason));
        }
        // The bytes of a struct of eight-byte numbers, put where those may lie.
        let mut aligned = vec![0u64; arguments.len().div_ceil(8)];
        for (word, bytes) in aligned.iter_mut().zip(arguments.chunks(8)) {
            let mut whole = [0; 8];
            whole[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_ne_bytes(whole);
        }
        let library = lock(&module.library);
        // SAFETY: both functions have these types in device.h and runtime.cpp.
        let functions = unsafe { (library.get::<Run>(b"emulated_launch\0"), library.get::<Kernel>(kernel)) };
        let (run, code) = (functions.0.map_err(|error| failed("launch", error))?, functions.1);
        let code = code.map_err(|error| failed("launch", error))?;
        let together = i32::from(!matches!(grid.launch, Launch::Plain));
        let (schedule, without) =
            (self.schedule.load(Ordering::Relaxed), self.without.load(Ordering::Relaxed));
        // SAFETY: the arguments are what the kernel takes, as the caller says;
        // the lock keeps other threads out of the module's state.
        let waiting = unsafe {
            run(
                *code,
                aligned.as_ptr(),
                grid.blocks,
                grid.threads,
                grid.shared_bytes,
                together,
                schedule,
                without,
            )
        };
        match waiting {
            0 => Ok(()),
            -1 => Err(failed("launch", format!("{kernel}: no memory for its threads"))),
            -3 => Err(failed("launch", format!("{kernel}: it writes behind its shared memory"))),
            -2 => Err(failed("launch", format!("{kernel}: it reads or writes where there is no memory"))),
            waiting => Err(failed("launch", format!("{kernel}: {waiting} threads wait for ever"))),
        }
    }

    fn upload(&self, _: Stream, to: Slice, from: &[u8]) -> Result<()> {
        if from.len() > to.len.saturating_mul(4) {
            return Err(Error::shape("upload", &[from.len()], format!("at most {} bytes", 4 * to.len)));
        }
        // SAFETY: the slice is memory of the host, as long as it says.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to.address as *mut u8, from.len()) };
        Ok(())
    }
}

/// Memory of the host, full of what is not a number, with a fence around each
/// block.
pub struct HostMemory;

/// A block of host memory. Dropping it panics if its fence was written to.
pub struct HostBlock {
    memory: Vec<Four>,
    floats: usize,
}

/// Sixteen bytes at a multiple of sixteen.
#[repr(C, align(16))]
#[derive(Clone, Copy)]
struct Four([f32; 4]);

/// Fours before a block and behind it.
const FENCE: usize = 16;

impl Memory for HostMemory {
    type Block = HostBlock;

    fn alloc(&self, floats: usize) -> Result<Self::Block> {
        let memory = vec![Four([f32::NAN; 4]); floats.div_ceil(4) + 2 * FENCE];
        Ok(HostBlock { memory, floats })
    }

    fn slice(&self, block: &Self::Block) -> Slice {
        let start = block.memory[FENCE..].as_ptr().expose_provenance();
        Slice { address: start as u64, len: block.floats }
    }

    fn stream(&self) -> Stream {
        Stream(std::ptr::null_mut())
    }
}

impl Drop for HostBlock {
    fn drop(&mut self) {
        let numbers = self.memory.iter().flat_map(|four| four.0);
        let inside = 4 * FENCE..4 * FENCE + self.floats;
        let mut fence = numbers.enumerate().filter(|(at, _)| !inside.contains(at));
        let whole = fence.all(|(_, number)| number.to_bits() == f32::NAN.to_bits());
        assert!(whole || std::thread::panicking(), "a kernel wrote beside its memory");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(op: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Backend { op, backend: "cuda (emulated)", source: source.into() }
}

fn compile(compiler: &str, folder: &Folder, options: &[&str]) -> Result<()> {
    let mut command = Command::new(compiler);
    command.current_dir(&folder.0).args(["-std=c++17", "-Og", "-fPIC", "-Wall", "-Wno-unknown-pragmas"]);
    let output = command.args(options).output().map_err(|error| failed("compile", error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed("compile", String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// A folder for the compiler, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("elm-emulated-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| failed("compile", error))?;
        Ok(Folder(path))
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(&self.0).join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        std::fs::write(self.path(name), bytes).map_err(|error| failed("compile", error))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        std::fs::read(self.path(name)).map_err(|error| failed("compile", error))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's cleaning.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
