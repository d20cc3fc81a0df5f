//! Nvidia's compiler as a library (NVRTC): from CUDA C++ to the code of one
//! kind of card, without a toolkit and without a card.

use super::NAME;
use super::api::failed;
use super::library::{Library, Place, functions};
use super::report::{Usage, usage};
use crate::error::{Error, Result};
use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::{null, null_mut};

/// Lines of a compiler's log that an error tells.
const LINES: usize = 12;
/// The oldest version that compiles C++17 to a card's own code for every card
/// that clusters and large shared memory are used on.
const OLDEST: u32 = 12;
/// The newest one that is looked for where no driver says what it knows.
const NEWEST: u32 = 13;

functions! {
    /// Functions of libnvrtc, typed by hand after Nvidia's `nvrtc.h` (13.0).
    Api {
        nvrtcVersion(*mut c_int, *mut c_int) -> c_int;
        nvrtcGetErrorString(c_int) -> *const c_char;
        nvrtcGetNumSupportedArchs(*mut c_int) -> c_int;
        nvrtcGetSupportedArchs(*mut c_int) -> c_int;
        nvrtcCreateProgram(*mut Program, *const c_char, *const c_char, c_int, *const *const c_char, *const *const c_char) -> c_int;
        nvrtcDestroyProgram(*mut Program) -> c_int;
        nvrtcCompileProgram(Program, c_int, *const *const c_char) -> c_int;
        nvrtcGetProgramLogSize(Program, *mut usize) -> c_int;
        nvrtcGetProgramLog(Program, *mut c_char) -> c_int;
        nvrtcGetCUBINSize(Program, *mut usize) -> c_int;
        nvrtcGetCUBIN(Program, *mut c_char) -> c_int;
    }
}

/// `nvrtcProgram`.
type Program = *mut std::ffi::c_void;

/// Calls a function of the compiler and turns its code into an error with its
/// name.
macro_rules! call {
    ($nvrtc:expr, $name:ident($($argument:expr),* $(,)?)) => {
        $nvrtc.checked(stringify!($name), ($nvrtc.api.$name)($($argument),*))
    };
}

/// The compiler.
pub struct Nvrtc {
    api: Api,
    version: (u32, u32),
    /// Compute capabilities that it compiles for, as `10 * major + minor`.
    architectures: Vec<u32>,
}

/// What became of a source.
pub struct Compiled {
    /// Code for one kind of card (a cubin).
    pub image: Vec<u8>,
    /// What the compiler says, registers and spills included.
    pub log: String,
}

impl Compiled {
    /// What each kernel takes of a multiprocessor.
    pub fn usage(&self) -> Vec<Usage> {
        usage(&self.log)
    }
}

impl Nvrtc {
    /// Opens the newest one that is there, wherever Nvidia's libraries are
    /// looked for.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when there is none.
    pub fn open() -> Result<Self> {
        Self::open_at(&Place::all(|name| std::env::var_os(name)), NEWEST)
    }

    /// The newest of at most this major version: a driver takes code of no
    /// newer one than its own.
    pub(super) fn open_at(places: &[Place], newest: u32) -> Result<Self> {
        let names: Vec<String> =
            (OLDEST..=newest.max(OLDEST)).rev().map(|major| format!("libnvrtc.so.{major}")).collect();
        let (library, place) = Library::open("compiling for a card", &names, places)?;
        // SAFETY: it is the compiler.
        let api = unsafe { Api::of(library) }?;
        let mut nvrtc = Nvrtc { api, version: (0, 0), architectures: Vec::new() };
        let (mut major, mut minor, mut count) = (0, 0, 0);
        // SAFETY: the pointers are good for the call.
        unsafe { call!(nvrtc, nvrtcVersion(&mut major, &mut minor)) }?;
        nvrtc.version = (major.unsigned_abs(), minor.unsigned_abs());
        Library::preload(&place.path(&format!("libnvrtc-builtins.so.{major}.{minor}")));
        // SAFETY: as above.
        unsafe { call!(nvrtc, nvrtcGetNumSupportedArchs(&mut count)) }?;
        let mut architectures: Vec<c_int> = vec![0; count.unsigned_abs() as usize];
        // SAFETY: there is room for as many as it said.
        unsafe { call!(nvrtc, nvrtcGetSupportedArchs(architectures.as_mut_ptr())) }?;
        nvrtc.architectures = architectures.into_iter().map(c_int::unsigned_abs).collect();
        Ok(nvrtc)
    }

    /// Its version, major and minor.
    pub fn version(&self) -> (u32, u32) {
        self.version
    }

    /// Compiles source with these constants for cards of a compute capability.
    ///
    /// # Errors
    /// [`Error::Backend`] with the first lines of the compiler's log,
    /// [`Error::Unsupported`] when the card is newer than the compiler.
    pub fn compile(
        &self,
        source: &str,
        defines: &[(String, i64)],
        capability: (u32, u32),
    ) -> Result<Compiled> {
        let options = self.options(defines, capability)?;
        let pointers: Vec<*const c_char> = options.iter().map(|option| option.as_ptr()).collect();
        let source = text(source)?;
        let program = self.program(&source)?;
        // SAFETY: the program is one of its own, the options are C strings
        // that live longer than the call.
        let outcome = unsafe {
            call!(self, nvrtcCompileProgram(program.handle, pointers.len() as c_int, pointers.as_ptr()))
        };
        let log = program.log()?;
        if let Err(error) = outcome {
            let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).take(LINES).collect();
            return Err(if lines.is_empty() {
                error
            } else {
                failed("nvrtcCompileProgram", lines.join("\n"))
            });
        }
        Ok(Compiled { image: program.image()?, log })
    }

    fn options(&self, defines: &[(String, i64)], capability: (u32, u32)) -> Result<Vec<CString>> {
        let architecture = self.architecture(capability)?;
        let fixed = ["--std=c++17".into(), "--ptxas-options=-v".into()];
        let fixed = fixed.into_iter().chain([format!("--gpu-architecture=sm_{architecture}")]);
        let defines = defines.iter().map(|(name, value)| format!("-D{name}={value}"));
        fixed.chain(defines).map(|option| text(&option)).collect()
    }

    /// What to compile for: the capability itself or, where the compiler does
    /// not know it, the newest one before it of the same major version, whose
    /// code runs there too.
    fn architecture(&self, (major, minor): (u32, u32)) -> Result<u32> {
        let fitting = |&&known: &&u32| known / 10 == major && known % 10 <= minor;
        self.architectures.iter().filter(fitting).max().copied().ok_or_else(|| {
            let (own, part) = self.version;
            Error::Unsupported {
                what: format!("a card of compute capability {major}.{minor}"),
                backend: NAME.into(),
                reason: format!("NVRTC {own}.{part} compiles for {:?}", self.architectures),
            }
        })
    }

    fn program(&self, source: &CStr) -> Result<Owned<'_>> {
        let mut handle: Program = null_mut();
        // SAFETY: both strings are C strings; there are no headers.
        unsafe {
            call!(
                self,
                nvrtcCreateProgram(&mut handle, source.as_ptr(), c"elm.cu".as_ptr(), 0, null(), null())
            )
        }?;
        Ok(Owned { nvrtc: self, handle })
    }

    fn checked(&self, function: &'static str, code: c_int) -> Result<()> {
        if code == 0 {
            return Ok(());
        }
        // SAFETY: it answers a constant for every code.
        let words = unsafe { CStr::from_ptr((self.api.nvrtcGetErrorString)(code)) };
        Err(failed(function, words.to_string_lossy()))
    }
}

/// A program, freed with this.
struct Owned<'a> {
    nvrtc: &'a Nvrtc,
    handle: Program,
}

impl Owned<'_> {
    fn log(&self) -> Result<String> {
        let mut size = 0;
        // SAFETY: a program of the compiler's; the pointer is good for the call.
        unsafe { call!(self.nvrtc, nvrtcGetProgramLogSize(self.handle, &mut size)) }?;
        let mut bytes = vec![0u8; size.max(1)];
        // SAFETY: as above, with room for as many bytes as it said.
        unsafe { call!(self.nvrtc, nvrtcGetProgramLog(self.handle, bytes.as_mut_ptr().cast())) }?;
        Ok(String::from_utf8_lossy(bytes.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned())
    }

    fn image(&self) -> Result<Vec<u8>> {
        let mut size = 0;
        // SAFETY: a program of the compiler's; the pointer is good for the call.
        unsafe { call!(self.nvrtc, nvrtcGetCUBINSize(self.handle, &mut size)) }?;
        let mut image = vec![0u8; size];
        // SAFETY: as above, with room for as many bytes as it said.
        unsafe { call!(self.nvrtc, nvrtcGetCUBIN(self.handle, image.as_mut_ptr().cast())) }?;
        Ok(image)
    }
}

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `program` and freed once.
        unsafe { (self.nvrtc.api.nvrtcDestroyProgram)(&mut self.handle) };
    }
}

/// Text as C has it.
fn text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|error| failed("nvrtcCreateProgram", format!("a zero in the source: {error}")))
}
