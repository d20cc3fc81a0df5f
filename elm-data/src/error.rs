//! What can be wrong with a file, and where.

use std::path::PathBuf;

/// The result type of this crate.
pub type Result<T, E = DataError> = std::result::Result<T, E>;

/// An error that names the file, the place in it and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file or folder is not there (or is of another kind than needed).
    #[error("{path}: {expected}", path = path.display())]
    Missing {
        /// The path that was looked for.
        path: PathBuf,
        /// What should have been there and how to get it.
        expected: String,
    },
    /// A file's content is not in the published layout.
    #[error("{path}: {at}: {reason}", path = path.display())]
    Format {
        /// The file at fault.
        path: PathBuf,
        /// Row, line or byte offset, e.g. `row 12` or `byte 4096`.
        at: String,
        /// What was found and what was expected.
        reason: String,
    },
    /// A digest differs from the published or recorded one.
    #[error("{path}: checksum {found} differs from the expected {expected}; the file is damaged or another version", path = path.display())]
    Checksum {
        /// The file at fault.
        path: PathBuf,
        /// Digest of the content.
        found: String,
        /// Digest it should have.
        expected: String,
    },
    /// The data is intact, but too little of it is there.
    #[error("{path}: {reason}", path = path.display())]
    TooFew {
        /// The file or folder.
        path: PathBuf,
        /// How much there is and how much is needed.
        reason: String,
    },
    /// The operating system refused to read or write.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A setting does not fit the data (a batch larger than the split, say).
    #[error("{setting}: {reason}")]
    Setting {
        /// The name of the setting, as in the configuration.
        setting: String,
        /// What was given and what is possible.
        reason: String,
    },
}
