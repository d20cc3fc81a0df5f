//! The library behind the `elm` program.
