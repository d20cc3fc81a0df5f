//! What happens behind the calls of the C ABI.

use super::{ElmEvent, ElmStatus};
use crate::deploy::{DeployedNetwork, LiveFile};
use crate::error::Error;
use crate::kernel::{LiveInput, Simd};
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A network in a live program.
pub struct ElmLive {
    network: DeployedNetwork,
    /// Names of the outputs by number, where they have some.
    pub(super) output_names: Vec<Option<CName>>,
    /// Symbols by token; empty where there are none.
    pub(super) symbols: Vec<Option<CName>>,
    /// The document of the file.
    pub(super) description: CString,
    /// The events of a step, as the network reads them.
    events: Vec<(u32, f32)>,
    /// Did a step end in a panic?
    broken: bool,
}

/// A name with a zero byte behind it.
pub(super) struct CName(Vec<u8>);

/// Why a call fails.
pub(super) struct Failure {
    status: ElmStatus,
    message: String,
}

// A handle may be handed from thread to thread.
const _: fn() = || {
    fn handed<T: Send>() {}
    handed::<ElmLive>();
};

impl ElmLive {
    /// The network in the bytes of a file.
    pub(super) fn new(bytes: &[u8]) -> Result<Self, Failure> {
        let file = LiveFile::from_bytes("the file", bytes)?;
        let network = DeployedNetwork::new(&file, Simd::Auto, 1)?;
        let named = |name: Option<&[u8]>| name.map(|name| CName([name, b"\0"].concat()));
        let output_names = (0..network.outputs()).map(|place| named(network.output_name(place))).collect();
        let known = network.input().symbols.as_ref().map_or(0, |symbols| symbols.first + symbols.names.len());
        Ok(ElmLive {
            output_names,
            symbols: (0..known).map(|token| named(network.input().name(token))).collect(),
            // JSON escapes zero bytes.
            description: CString::new(file.document()?).unwrap_or_default(),
            events: Vec::with_capacity(network.inputs()),
            network,
            broken: false,
        })
    }

    pub(super) fn inputs(&self) -> usize {
        self.network.inputs()
    }

    pub(super) fn outputs(&self) -> usize {
        self.network.outputs()
    }

    pub(super) fn reset(&mut self) {
        self.network.reset();
    }

    pub(super) fn step_values(&mut self, values: &[f32]) -> Result<&[f32], Failure> {
        Ok(self.network.step(LiveInput::Dense(values))?)
    }

    pub(super) fn step_token(&mut self, token: u32) -> Result<&[f32], Failure> {
        Ok(self.network.step(LiveInput::Token(token))?)
    }

    pub(super) fn step_events(&mut self, events: &[ElmEvent]) -> Result<&[f32], Failure> {
        self.events.clear();
        self.events.extend(events.iter().map(|event| (event.channel, event.count)));
        Ok(self.network.step(match self.events.is_empty() {
            true => LiveInput::Silence,
            false => LiveInput::Events(&self.events),
        })?)
    }

    pub(super) fn token(&self, symbol: &[u8]) -> Result<u32, Failure> {
        let token = self.network.input().place(symbol).and_then(|token| u32::try_from(token).ok());
        token.ok_or_else(|| {
            let symbol = String::from_utf8_lossy(symbol);
            Failure::new(ElmStatus::WrongIndex, format!("symbol: the network does not know {symbol:?}"))
        })
    }
}

impl Failure {
    fn new(status: ElmStatus, message: impl Into<String>) -> Self {
        Failure { status, message: message.into() }
    }

    pub(super) fn null(what: &str) -> Self {
        Failure::new(ElmStatus::BadPointer, format!("{what}: a null pointer"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::Shape { .. } => ElmStatus::WrongLength,
            Error::Index { .. } => ElmStatus::WrongIndex,
            Error::Stored { .. } => ElmStatus::BadFile,
            _ => ElmStatus::Unsupported,
        };
        Failure::new(status, error.to_string())
    }
}

thread_local! {
    static LAST_FAILURE: RefCell<CString> = RefCell::default();
}

/// Points at what this thread's last failure had to say.
pub(super) fn message_of_last_failure() -> *const c_char {
    // While the thread ends there is nothing any more.
    LAST_FAILURE.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

/// Runs a call: keeps the message of a failure, and lets no panic out.
pub(super) fn guarded(call: impl FnOnce() -> Result<(), Failure>) -> ElmStatus {
    // Where a network was half-way through a step, `answer` has marked it.
    let outcome = catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(Failure::new(ElmStatus::Defect, "a defect in this library: it panicked")));
    let Err(Failure { status, message }) = outcome else { return ElmStatus::Done };
    let message = CString::new(message.replace('\0', "\\0")).unwrap_or_default();
    let _ = LAST_FAILURE.try_with(|last| *last.borrow_mut() = message);
    status
}

/// The network behind a handle.
///
/// # Safety
/// `live` is null or from `elm_live_new`, and nothing else uses it for `'a`.
pub(super) unsafe fn network<'a>(live: *mut ElmLive) -> Result<&'a mut ElmLive, Failure> {
    // SAFETY: as the caller says.
    let live = unsafe { live.as_mut() }.ok_or_else(|| Failure::null("live"))?;
    match live.broken {
        true => Err(Failure::new(ElmStatus::Defect, "this network broke in an earlier step")),
        false => Ok(live),
    }
}

/// Runs a step and writes what it answers.
///
/// # Safety
/// `live` is null or from `elm_live_new` and no other call is using it;
/// `output` is null or points at `outputs` writable floats.
pub(super) unsafe fn answer(
    live: *mut ElmLive,
    output: *mut f32,
    outputs: usize,
    step: impl FnOnce(&mut ElmLive) -> Result<&[f32], Failure>,
) -> ElmStatus {
    guarded(|| {
        // SAFETY: as the caller says.
        let live = unsafe { network(live) }?;
        let output = place("output", output)?;
        if outputs != live.outputs() {
            let message = format!("output: room for {outputs} numbers, a step answers {}", live.outputs());
            return Err(Failure::new(ElmStatus::WrongLength, message));
        }
        // Until the step is over; behind a panic it stays so.
        live.broken = true;
        let outcome = step(live).map(|answered| {
            // SAFETY: there is room for as many floats, as the caller says and
            // was checked; the answer lies in the network, and the input, which
            // may lie where the output does, is not looked at any more.
            unsafe { std::ptr::copy_nonoverlapping(answered.as_ptr(), output, answered.len()) };
        });
        live.broken = false;
        outcome
    })
}

/// A name, with its length where that is asked for; null where there is none.
///
/// # Safety
/// `live` is null or from `elm_live_new`, `length` null or writable.
pub(super) unsafe fn name(
    live: *const ElmLive,
    length: *mut usize,
    find: impl FnOnce(&ElmLive) -> Option<&Option<CName>>,
) -> *const c_char {
    // SAFETY: as the caller says.
    let name = unsafe { live.as_ref() }.and_then(find).and_then(Option::as_ref);
    if !length.is_null() && length.is_aligned() {
        // SAFETY: as the caller says.
        unsafe { length.write(name.map_or(0, |CName(bytes)| bytes.len() - 1)) };
    }
    name.map_or(std::ptr::null(), |CName(bytes)| bytes.as_ptr().cast())
}

/// A place to write to.
pub(super) fn place<T>(what: &str, pointer: *mut T) -> Result<*mut T, Failure> {
    usable(what, pointer.cast_const()).map(<*const T>::cast_mut)
}

/// What a pointer and a length describe. Of length 0 the pointer does not matter.
///
/// # Safety
/// The pointer is null or points at `length` readable values.
pub(super) unsafe fn slice<'a, T>(what: &str, pointer: *const T, length: usize) -> Result<&'a [T], Failure> {
    if length == 0 {
        return Ok(&[]);
    }
    let pointer = usable(what, pointer)?;
    if length.checked_mul(size_of::<T>()).is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        return Err(Failure::new(ElmStatus::WrongLength, format!("{what}: {length} is beyond any memory")));
    }
    // SAFETY: readable as the caller says, aligned, and no longer than memory.
    Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
}

fn usable<T>(what: &str, pointer: *const T) -> Result<*const T, Failure> {
    if pointer.is_null() {
        return Err(Failure::null(what));
    }
    match pointer.is_aligned() {
        true => Ok(pointer),
        false => Err(Failure::new(ElmStatus::BadPointer, format!("{what}: the pointer is not aligned"))),
    }
}
