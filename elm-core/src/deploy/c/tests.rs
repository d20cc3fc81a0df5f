//! What C may get wrong is a status with a message, and changes nothing.

use super::*;
use crate::deploy::{InputForm, InputKind, LiveFile, Names, OutputForm, OutputKind, Symbols};
use crate::kernel::{LiveInput, Simd};
use crate::model::{Embedding, LiveNetwork, NetworkOptions};
use std::ffi::CStr;
use std::ptr::{null, null_mut};

/// A network of 4 symbols and 3 classes, with or without a learned table.
fn file(learned: bool) -> LiveFile {
    let mut options = NetworkOptions::new(4, 3).num_hidden(6);
    if learned {
        options.embedding = Some(Embedding::Learned { symbols: 4, width: 2, scale: 1.0 });
    }
    let network = options.resolve().unwrap();
    let symbols = Symbols { first: 1, names: Names::Bytes(vec![b'a', 0, b'c']) };
    let input = InputForm { symbols: Some(symbols), ..InputForm::new(InputKind::Tokens) };
    let names = Some(["one", "two", "three"].map(String::from).to_vec());
    let output = OutputForm { kind: OutputKind::Class, names };
    let weights = network.initial_weights(3);
    LiveFile { network, weights, input, output, written_by: "test".into(), step: 9 }
}

fn made(bytes: &[u8]) -> (ElmStatus, *mut ElmLive) {
    let mut live = null_mut();
    // SAFETY: as long as the slice is, and a pointer of our own.
    let status = unsafe { elm_live_new(bytes.as_ptr(), bytes.len(), &raw mut live) };
    (status, live)
}

/// What the last failure had to say.
fn said() -> String {
    // SAFETY: points at a text of this thread that ends with a zero.
    unsafe { CStr::from_ptr(elm_live_error()) }.to_string_lossy().into_owned()
}

#[test]
fn every_kind_of_step_answers_as_the_network_does() {
    let file = file(false);
    let (status, live) = made(&file.to_bytes().unwrap());
    assert_eq!(status, ElmStatus::Done);
    let mut network = LiveNetwork::new(&file.network, &file.weights, Simd::Auto, 1).unwrap();
    let mut output = [0.0; 4];
    // The input may lie where the answer goes.
    output.copy_from_slice(&[0.5, -1.0, 2.0, 0.0]);
    let (at, events) = (output.as_mut_ptr(), [ElmEvent { channel: 1, count: 2.0 }]);
    // SAFETY: a network of our own; lengths are those of the arrays.
    unsafe {
        assert_eq!((elm_live_inputs(live), elm_live_outputs(live)), (4, 3));
        assert_eq!(elm_live_step(live, at, 4, at, 3), ElmStatus::Done);
        assert_eq!(output[..3], *network.step(LiveInput::Dense(&[0.5, -1.0, 2.0, 0.0])).unwrap());
        assert_eq!(elm_live_step_token(live, 3, at, 3), ElmStatus::Done);
        assert_eq!(output[..3], *network.step(LiveInput::Token(3)).unwrap());
        assert_eq!(elm_live_step_events(live, events.as_ptr(), 1, at, 3), ElmStatus::Done);
        assert_eq!(output[..3], *network.step(LiveInput::Events(&[(1, 2.0)])).unwrap());
        assert_eq!(elm_live_step_events(live, null(), 0, at, 3), ElmStatus::Done);
        assert_eq!(output[..3], *network.step(LiveInput::Silence).unwrap());
        assert_eq!(elm_live_reset(live), ElmStatus::Done);
        network.reset();
        assert_eq!(elm_live_step_token(live, 0, at, 3), ElmStatus::Done);
        assert_eq!(output[..3], *network.step(LiveInput::Token(0)).unwrap());
        elm_live_free(live);
    }
}

#[test]
fn names_symbols_and_the_document_are_told() {
    let file = file(false);
    let (_, live) = made(&file.to_bytes().unwrap());
    let (mut length, mut token) = (9, 9);
    let text = |name: *const c_char, length: usize| {
        // SAFETY: a name of a network that lives, and its zero byte.
        unsafe { std::slice::from_raw_parts(name.cast::<u8>(), length + 1) }.to_vec()
    };
    // SAFETY: a network of our own, and numbers of our own to write to.
    unsafe {
        let name = elm_live_output_name(live, 2, &raw mut length);
        assert_eq!(text(name, length), b"three\0");
        assert!(elm_live_output_name(live, 3, &raw mut length).is_null() && length == 0);
        assert!(elm_live_symbol(live, 0, null_mut()).is_null());
        let name = elm_live_symbol(live, 2, &raw mut length);
        assert_eq!(text(name, length), b"\0\0");
        assert!(elm_live_symbol(live, u32::MAX, null_mut()).is_null());
        assert_eq!(elm_live_token(live, c"c".as_ptr(), 1, &raw mut token), ElmStatus::Done);
        assert_eq!(token, 3);
        assert_eq!(elm_live_token(live, c"d".as_ptr(), 1, &raw mut token), ElmStatus::WrongIndex);
        assert!(said().contains("does not know \"d\""), "{}", said());
        let document = CStr::from_ptr(elm_live_description(live)).to_str().unwrap();
        assert_eq!(document, file.document().unwrap());
        elm_live_free(live);
    }
}

#[test]
fn what_c_gets_wrong_is_a_status_and_no_time_passes() {
    use ElmStatus::{BadPointer, WrongIndex, WrongLength};
    let (_, live) = made(&file(false).to_bytes().unwrap());
    let (mut first, mut output, values) = ([0.0; 3], [0.0; 3], [0.0f32; 5]);
    let (at, odd) = (output.as_mut_ptr(), values.as_ptr().wrapping_byte_add(1));
    let beyond = ElmEvent { channel: 4, count: 1.0 };
    let none: *mut ElmLive = null_mut();
    let mut made = none;
    // SAFETY: a network of our own; what is wrong is refused before it is read.
    unsafe {
        assert_eq!(elm_live_step_token(live, 1, first.as_mut_ptr(), 3), ElmStatus::Done);
        elm_live_reset(live);
        for (status, message, wanted, part) in [
            (elm_live_step(live, values.as_ptr(), 5, at, 3), said(), WrongLength, "got shape [5]"),
            (elm_live_step(live, null(), 4, at, 3), said(), BadPointer, "input: a null pointer"),
            (elm_live_step(live, odd, 4, at, 3), said(), BadPointer, "input: the pointer is not aligned"),
            (
                elm_live_step(live, values.as_ptr(), usize::MAX, at, 3),
                said(),
                WrongLength,
                "beyond any memory",
            ),
            (elm_live_step(live, values.as_ptr(), 4, null_mut(), 3), said(), BadPointer, "output: a null"),
            (
                elm_live_step_token(live, 1, at, 2),
                said(),
                WrongLength,
                "room for 2 numbers, a step answers 3",
            ),
            (elm_live_step_token(live, 4, at, 3), said(), WrongIndex, "index 4"),
            (elm_live_step_events(live, &raw const beyond, 1, at, 3), said(), WrongIndex, "channel"),
            (elm_live_step_token(none, 1, at, 3), said(), BadPointer, "live: a null pointer"),
            (elm_live_reset(none), said(), BadPointer, "live: a null pointer"),
            (elm_live_new(null(), 9, &raw mut made), said(), BadPointer, "bytes: a null pointer"),
            (elm_live_new(null(), 0, null_mut()), said(), BadPointer, "live: a null pointer"),
        ] {
            assert!(
                status == wanted && message.contains(part),
                "{status:?} {message:?}: {wanted:?} {part:?}"
            );
        }
        assert_eq!((elm_live_inputs(none), elm_live_outputs(none)), (0, 0));
        assert!(elm_live_description(none).is_null() && elm_live_output_name(none, 0, null_mut()).is_null());
        elm_live_free(none);
        assert_eq!(elm_live_step_token(live, 1, at, 3), ElmStatus::Done);
        elm_live_free(live);
    }
    assert_eq!(output, first);
}

#[test]
fn only_tokens_enter_a_learned_table() {
    let (status, live) = made(&file(true).to_bytes().unwrap());
    assert_eq!(status, ElmStatus::Done);
    let (values, mut output) = ([0.0; 4], [0.0; 3]);
    // SAFETY: a network of our own; lengths are those of the arrays.
    unsafe {
        let at = output.as_mut_ptr();
        assert_eq!(elm_live_step(live, values.as_ptr(), 4, at, 3), ElmStatus::Unsupported);
        assert!(said().contains("only tokens"), "{}", said());
        assert_eq!(elm_live_step_token(live, 3, at, 3), ElmStatus::Done);
        assert_eq!(elm_live_step_events(live, null(), 0, at, 3), ElmStatus::Done);
        elm_live_free(live);
    }
}

#[test]
fn a_bad_file_makes_no_network() {
    let mut bytes = file(false).to_bytes().unwrap();
    assert_eq!(made(&bytes[..bytes.len() - 1]).0, ElmStatus::BadFile);
    assert_eq!(made(&[]).0, ElmStatus::BadFile);
    *bytes.last_mut().unwrap() ^= 1;
    let (status, live) = made(&bytes);
    assert!(status == ElmStatus::BadFile && live.is_null());
    assert!(said().contains("the file: damaged"), "{}", said());
}

#[test]
fn no_panic_leaves_the_library() {
    assert_eq!(guarded(|| panic!("a test")), ElmStatus::Defect);
    assert!(said().contains("a defect in this library"), "{}", said());
    let (_, live) = made(&file(false).to_bytes().unwrap());
    let mut output = [0.0; 3];
    // SAFETY: a network of our own; lengths are those of the arrays.
    unsafe {
        let at = output.as_mut_ptr();
        assert_eq!(answer(live, at, 3, |_| panic!("a test")), ElmStatus::Defect);
        assert_eq!(elm_live_step_token(live, 0, at, 3), ElmStatus::Defect);
        assert!(said().contains("broke in an earlier step"), "{}", said());
        elm_live_free(live);
    }
}
