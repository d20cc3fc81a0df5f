//! Reading the pickles in which data sets and weights are published: plain
//! containers, numbers, strings and NumPy arrays, and names of what lies
//! elsewhere. Nothing is ever executed.
//!
//! [`Pickle::parse`] runs the opcodes of a pickle in memory, [`Value`] walks
//! the result; `stream` reads files that are larger than memory.

mod escapes;
mod machine;
mod objects;
mod outline;
pub(crate) mod stream;
mod value;

pub use value::{Array, Pickle, Value};
