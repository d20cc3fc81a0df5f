//! The driver, on a fake one and, where it is there, the real compiler.

mod compiler;
mod fake;
mod launches;
