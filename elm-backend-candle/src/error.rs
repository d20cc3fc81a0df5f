//! candle's errors under elm-core's roof.

use elm_core::Error;

/// Name of this backend in messages and configurations.
pub(crate) const NAME: &str = "candle";

/// Wraps an error of candle; `op` names what was attempted.
pub(crate) fn failed(op: &'static str) -> impl FnOnce(candle_core::Error) -> Error {
    move |source| Error::Backend { op, backend: NAME, source: Box::new(source) }
}
