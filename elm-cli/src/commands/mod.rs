//! What the program does, one file per command.

pub mod verify;
