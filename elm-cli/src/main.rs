//! The `elm` program.
fn main() {}
