//! What the program does, one file per command.

pub mod backends;
pub mod bench;
pub mod check;
pub(crate) mod data;
pub mod eval;
pub mod evaluation;
pub mod generate;
pub mod info;
pub mod predictions;
pub mod scores;
pub mod train;
pub mod verify;
