//! The program `elm`.

use std::process::ExitCode;

fn main() -> ExitCode {
    elm_cli::main_with(elm_cli::Registry::standard())
}
