//! Text as a stream of tokens: enwik8, text8 or any file.
//!
//! [`Corpus::load`] reads a raw file, a `.zip` of one, a folder with splits,
//! plain or prepared, or any text file; [`TextBatches`] cuts a split into segments for
//! truncated backpropagation; [`baseline`] says how well simple models do.

pub mod baseline;
mod batches;
mod corpus;
mod prepared;
mod read;
mod vocabulary;

pub use batches::TextBatches;
pub use corpus::{Corpus, Fractions};
pub use read::is_text_folder;
pub use vocabulary::{TokenMode, Vocabulary};
