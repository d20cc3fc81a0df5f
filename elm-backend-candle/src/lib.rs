//! The candle backend of elm-core.
