//! Text as a stream of tokens: enwik8, text8 or any file.
//!
//! [`Corpus::load`] reads a raw file, a `.zip` of one, the prepared `.txt`
//! splits or any text file; [`TextBatches`] cuts a split into segments for
//! truncated backpropagation; [`baseline`] says how well simple models do.

pub mod baseline;
mod batches;
mod corpus;
mod read;
mod vocabulary;

pub use batches::TextBatches;
pub use corpus::{Corpus, Fractions};
pub use vocabulary::{TokenMode, Vocabulary};
