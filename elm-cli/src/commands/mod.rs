//! What the program does, one file per command.

pub mod backends;
pub mod bench;
pub mod check;
pub(crate) mod data;
pub mod eval;
pub mod evaluation;
pub mod export;
pub mod generate;
pub mod import;
pub mod info;
pub mod inspect;
pub mod law;
mod live_file;
pub mod plot;
pub mod predictions;
pub mod report;
pub mod runs;
pub mod scores;
pub mod settings;
pub mod sweep;
pub mod train;
pub mod verify;
mod weights_file;
