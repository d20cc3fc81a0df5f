//! A key of a configuration, which may be absent, `null`, or a value.

use crate::error::{Error, Result};
use serde::{Deserialize, Deserializer};

/// What a configuration says of a key.
///
/// What `null` means differs from key to key; reading a key by one of the
/// functions below decides it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) enum Given<T> {
    /// The key is not there.
    #[default]
    Absent,
    /// It is there and `null`.
    Null,
    /// It has a value.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Given::Null, Given::Value))
    }
}

impl<T> Given<T> {
    /// Of what can be off: `null` switches it off, `Some(None)`.
    pub(super) fn or_off(self) -> Option<Option<T>> {
        match self {
            Given::Absent => None,
            Given::Null => Some(None),
            Given::Value(value) => Some(Some(value)),
        }
    }

    /// Of what can follow from other settings: `null` derives it, as if it
    /// were absent.
    ///
    /// # Errors
    /// [`Error::Stored`] naming the key when `null` would have to undo a value
    /// that is `inherited`.
    pub(super) fn or_derived(self, what: &str, key: &str, inherited: bool) -> Result<Option<T>> {
        match self {
            Given::Null if inherited => {
                let reason = format!("{key} is null where another value is inherited: write the number");
                Err(Error::stored(what, reason))
            }
            Given::Null | Given::Absent => Ok(None),
            Given::Value(value) => Ok(Some(value)),
        }
    }

    /// Of what always has a value.
    ///
    /// # Errors
    /// [`Error::Stored`] naming the key when it is `null`.
    pub(super) fn or_default(self, what: &str, key: &str) -> Result<Option<T>> {
        match self {
            Given::Null => Err(Error::stored(what, format!("{key} cannot be null: leave it out or set it"))),
            Given::Absent => Ok(None),
            Given::Value(value) => Ok(Some(value)),
        }
    }

    /// Has it a value?
    pub(super) fn is_value(&self) -> bool {
        matches!(self, Given::Value(_))
    }
}
