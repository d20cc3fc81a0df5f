//! What can go wrong, said with names, shapes and values.

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error that says what was given and what was wanted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array does not have the shape an operation needs.
    #[error("{what}: got shape {got:?}, wanted {wanted}")]
    Shape {
        /// The operation or tensor concerned.
        what: String,
        /// The shape it was given.
        got: Vec<usize>,
        /// The shape it needs.
        wanted: String,
    },
    /// An integer points outside of what it indexes.
    #[error("{what}: index {index} is out of range, there are {len}")]
    Index {
        /// What is indexed.
        what: String,
        /// The offending value.
        index: usize,
        /// Number of entries.
        len: usize,
    },
    /// A setting is impossible; `key` is its path in a configuration.
    #[error("{key}: {reason}")]
    Config {
        /// Path of the setting, e.g. `model.neuron.num_memory`.
        key: String,
        /// What is wrong and what is possible.
        reason: String,
    },
    /// A number that must be finite is not.
    #[error("{what} is not finite at step {step}: {value}")]
    NonFinite {
        /// The tensor or figure concerned.
        what: String,
        /// Index of the update, from 0.
        step: u64,
        /// The value seen.
        value: f64,
    },
    /// A trainable parameter received no gradient.
    #[error("parameter {parameter} received no gradient; the backend cuts it somewhere")]
    NoGradient {
        /// Name of the parameter.
        parameter: String,
    },
    /// Stored data (weights, checkpoint, record) does not fit.
    #[error("{what}: {reason}")]
    Stored {
        /// The document or tensor concerned.
        what: String,
        /// What is wrong and what was expected.
        reason: String,
    },
    /// The backend cannot do what was asked for.
    #[error("{what} is not supported by {backend}: {reason}")]
    Unsupported {
        /// What was asked for.
        what: String,
        /// The backend's name.
        backend: String,
        /// Why not, and what to do instead.
        reason: String,
    },
    /// The tensor library reported an error.
    #[error("{op} failed in {backend}: {source}")]
    Backend {
        /// The operation.
        op: &'static str,
        /// The backend's name.
        backend: &'static str,
        /// The library's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There are too few measurements for a statement about them.
    #[error("{what} needs at least {wanted} {unit}, got {got}")]
    TooFew {
        /// The statement.
        what: &'static str,
        /// What is counted.
        unit: &'static str,
        /// How many are needed.
        wanted: usize,
        /// How many there are.
        got: usize,
    },
    /// The system has no more memory.
    #[error(
        "out of memory: {bytes} more bytes are not to be had; take a smaller batch, shorter sequences, a \
         smaller model or a smaller backend.memory_budget"
    )]
    Memory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// The source of batches failed (a file could not be read, say).
    #[error("reading the data failed: {0}")]
    Data(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A [`Error::Config`] from anything printable.
    pub fn config(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Config { key: key.into(), reason: reason.into() }
    }

    /// A [`Error::Shape`].
    pub fn shape(what: impl Into<String>, got: &[usize], wanted: impl Into<String>) -> Self {
        Error::Shape { what: what.into(), got: got.to_vec(), wanted: wanted.into() }
    }

    /// A [`Error::Stored`].
    pub fn stored(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Stored { what: what.into(), reason: reason.into() }
    }
}
