//! The program with one backend more, that of `third_party_backend`.
//!
//! ```sh
//! cargo run --release --example own_backend -- train configs/quickstart.toml --set backend.kind=mine
//! ```

#[allow(unreachable_pub)] // the file of another crate, where it can be reached
#[path = "third_party_backend/src/lib.rs"]
mod third_party_backend;

use elm_cli::{Registry, main_with};
use std::process::ExitCode;
use third_party_backend::{Mine, report};

fn main() -> ExitCode {
    main_with(Registry::standard().with("mine", Mine::new, report))
}
