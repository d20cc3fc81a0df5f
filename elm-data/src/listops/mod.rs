//! ListOps of the Long Range Arena: nested lists of digits under minimum,
//! maximum, median and sum modulo 10, to be evaluated.
//!
//! [`ListOps::load`] reads the released files, [`make`] writes such files.

mod expression;
mod make;
mod read;

pub use expression::{SYMBOLS, evaluate, parse, write};
pub use make::{ListOpsSettings, expression, make};
pub use read::{ListOps, rows};
