//! The program `elm` as a library: configuration, run folders and commands
//! over the backends of a [`Registry`](engine::Registry).

pub mod commands;
pub mod config;
pub mod engine;
pub mod run;
pub mod task;
