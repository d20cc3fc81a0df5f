//! The libtorch backend of elm-core.
