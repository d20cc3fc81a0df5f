//! libtorch's errors under elm-core's roof.

use elm_core::Error;
use tch::TchError;

/// Name of this backend in messages and configurations.
pub(crate) const NAME: &str = "tch";

/// Wraps an error of libtorch; `op` names what was attempted.
pub(crate) fn failed(op: &'static str) -> impl FnOnce(TchError) -> Error {
    move |error| Error::Backend { op, backend: NAME, source: first_line(error).into() }
}

/// The message without the C++ stack trace that libtorch appends.
fn first_line(error: TchError) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}
