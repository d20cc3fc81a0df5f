//! Reading the pickles in which data sets are published: plain containers,
//! numbers, strings and NumPy arrays. Nothing is ever executed.
//!
//! [`Pickle::parse`] runs the opcodes; [`Value`] walks the result.

mod escapes;
mod machine;
mod value;

pub use value::{Array, Pickle, Value};
