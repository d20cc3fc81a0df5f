//! The C ABI of deployed networks, which `include/elm_live.h` declares:
//! cbindgen makes that from this file, see CONTRIBUTING.md.
//!
//! Nothing unwinds into the caller, and nothing of the caller's is kept after a
//! call has returned. `handle` has what happens behind a call.

mod handle;

#[cfg(test)]
mod tests;

pub use handle::ElmLive;

use handle::{Failure, answer, guarded, message_of_last_failure, name};
use std::ffi::c_char;

/// What became of a call; elm_live_error() says more.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElmStatus {
    /// All is well.
    Done = 0,
    /// A pointer is null, or not aligned for what it points at.
    BadPointer = 1,
    /// An array has another length than the network needs.
    WrongLength = 2,
    /// There is no channel, token or name like that.
    WrongIndex = 3,
    /// The bytes are not those of a whole file that this library can read.
    BadFile = 4,
    /// The network does not take that kind of input, or cannot run here.
    Unsupported = 5,
    /// A defect in this library. The network can only be freed.
    Defect = 6,
}

/// A channel that spiked in a step, and how often.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ElmEvent {
    /// The input channel.
    pub channel: u32,
    /// How often.
    pub count: f32,
}

/// Makes a network from the bytes of a file that `elm export RUN --to live`
/// has written; its state is that before the first step. The bytes are not
/// needed afterwards. Free it with elm_live_free().
///
/// A network may be handed from thread to thread, but only one call at a time
/// may use it; different networks are independent of each other. A step takes
/// no lock that another network holds and allocates nothing.
///
/// # Safety
/// `bytes` points at `length` readable bytes, `live` at a pointer to write to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_new(bytes: *const u8, length: usize, live: *mut *mut ElmLive) -> ElmStatus {
    guarded(|| {
        let live = handle::place("live", live)?;
        // SAFETY: the caller says that a pointer can be written there.
        unsafe { live.write(std::ptr::null_mut()) };
        // SAFETY: the caller says that so many bytes can be read.
        let bytes = unsafe { handle::slice("bytes", bytes, length) }?;
        let made = Box::into_raw(Box::new(ElmLive::new(bytes)?));
        // SAFETY: as above.
        unsafe { live.write(made) };
        Ok(())
    })
}

/// Frees a network; null is none.
///
/// # Safety
/// `live` comes from elm_live_new(), and nothing uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_free(live: *mut ElmLive) {
    // What freeing came to is nothing a caller could act on.
    let _ = guarded(|| {
        if !live.is_null() {
            // SAFETY: made by a box in elm_live_new and freed once, as the caller says.
            drop(unsafe { Box::from_raw(live) });
        }
        Ok(())
    });
}

/// One time step with a value for every input. The values are those of the
/// data: where the network was trained on scaled ones, they are scaled here.
/// Where the file says under `input` that a `group` of steps of the data is
/// taken together, all their channels are the inputs of one step, those of the
/// first step first: putting them together is up to the caller. Writes what the
/// network answers; `output` may be the memory of `input`.
///
/// # Safety
/// `live` comes from elm_live_new() and no other call is using it; `input`
/// points at `inputs` readable floats, `output` at `outputs` writable ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_step(
    live: *mut ElmLive,
    input: *const f32,
    inputs: usize,
    output: *mut f32,
    outputs: usize,
) -> ElmStatus {
    // SAFETY: as the caller says.
    unsafe {
        answer(live, output, outputs, |live| {
            // SAFETY: the caller says that so many floats can be read; they are
            // not looked at any more when the answer is written.
            let values = handle::slice("input", input, inputs)?;
            live.step_values(values)
        })
    }
}

/// One time step with one symbol.
///
/// # Safety
/// `live` comes from elm_live_new() and no other call is using it; `output`
/// points at `outputs` writable floats.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_step_token(
    live: *mut ElmLive,
    token: u32,
    output: *mut f32,
    outputs: usize,
) -> ElmStatus {
    // SAFETY: as the caller says.
    unsafe { answer(live, output, outputs, |live| live.step_token(token)) }
}

/// One time step with the channels that spiked, in any order; counts of one
/// channel add up, and none is cut off: where the file says under `input` that
/// `counts` is false, several spikes of a channel in a step are to be given as
/// one. A `group` of steps is put together as for elm_live_step(). None at all
/// is a step in silence. Memory grows where there are more than the network
/// has inputs, else nothing is allocated.
///
/// # Safety
/// `live` comes from elm_live_new() and no other call is using it; `events`
/// points at `count` readable events, `output` at `outputs` writable floats.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_step_events(
    live: *mut ElmLive,
    events: *const ElmEvent,
    count: usize,
    output: *mut f32,
    outputs: usize,
) -> ElmStatus {
    // SAFETY: as the caller says.
    unsafe {
        answer(live, output, outputs, |live| {
            // SAFETY: the caller says that so many events can be read.
            let events = handle::slice("events", events, count)?;
            live.step_events(events)
        })
    }
}

/// Back to the state before the first step.
///
/// # Safety
/// `live` comes from elm_live_new() and no other call is using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_reset(live: *mut ElmLive) -> ElmStatus {
    guarded(|| {
        // SAFETY: as the caller says.
        unsafe { handle::network(live) }?.reset();
        Ok(())
    })
}

/// Input channels, or symbols, of a network; 0 of null.
///
/// # Safety
/// `live` is null or comes from elm_live_new().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_inputs(live: *const ElmLive) -> usize {
    // SAFETY: as the caller says.
    unsafe { live.as_ref() }.map_or(0, ElmLive::inputs)
}

/// Numbers that a step answers; 0 of null.
///
/// # Safety
/// `live` is null or comes from elm_live_new().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_outputs(live: *const ElmLive) -> usize {
    // SAFETY: as the caller says.
    unsafe { live.as_ref() }.map_or(0, ElmLive::outputs)
}

/// The name of an output: of a class or value, or the symbol that comes next.
/// Null where it has none. Ends with a zero byte and lives as long as the
/// network; a symbol may itself be a zero byte, so its length is written to
/// `length`, unless that is null.
///
/// # Safety
/// `live` is null or comes from elm_live_new(), `length` is null or points at
/// a number to write to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_output_name(
    live: *const ElmLive,
    output: usize,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: as the caller says.
    unsafe { name(live, length, |live| live.output_names.get(output)) }
}

/// The symbol of a token, likewise.
///
/// # Safety
/// As elm_live_output_name().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_symbol(
    live: *const ElmLive,
    token: u32,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: as the caller says.
    unsafe { name(live, length, |live| live.symbols.get(token as usize)) }
}

/// The token of a symbol.
///
/// # Safety
/// `live` comes from elm_live_new(), `symbol` points at `length` readable
/// bytes, `token` at a number to write to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_token(
    live: *const ElmLive,
    symbol: *const c_char,
    length: usize,
    token: *mut u32,
) -> ElmStatus {
    guarded(|| {
        let token = handle::place("token", token)?;
        // SAFETY: the caller says that so many bytes can be read.
        let symbol = unsafe { handle::slice("symbol", symbol.cast::<u8>(), length) }?;
        // SAFETY: null or made by elm_live_new, as the caller says.
        let live = unsafe { live.as_ref() }.ok_or_else(|| Failure::null("live"))?;
        let found = live.token(symbol)?;
        // SAFETY: the caller says that a number can be written there.
        unsafe { token.write(found) };
        Ok(())
    })
}

/// What the network is, as the JSON document in its file has it; the README
/// lists the keys. Ends with a zero byte and lives as long as the network.
///
/// # Safety
/// `live` is null, of which there is none, or comes from elm_live_new().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn elm_live_description(live: *const ElmLive) -> *const c_char {
    // SAFETY: as the caller says.
    unsafe { live.as_ref() }.map_or(std::ptr::null(), |live| live.description.as_ptr())
}

/// What the last call of this thread that failed has to say, in English; empty
/// before any did. Lives until another call of this thread fails.
#[unsafe(no_mangle)]
pub extern "C" fn elm_live_error() -> *const c_char {
    message_of_last_failure()
}
