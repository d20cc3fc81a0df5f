//! The names of Python objects that data files have.

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Global {
    /// Makes an empty array, filled by its state.
    Reconstruct,
    /// The class of arrays.
    Array,
    /// Makes a type of elements.
    Type,
    /// Makes a single number.
    Scalar,
    /// Makes an array from bytes.
    FromBuffer,
    /// Makes bytes from text.
    Encode,
    /// Makes bytes from nothing.
    Bytes,
    /// Makes an object of Python 2, whose content is not looked at.
    Object,
}

impl Global {
    /// What a name of a module stands for.
    ///
    /// # Errors
    /// The name, when data files have no such one.
    pub(super) fn named(module: &[u8], name: &[u8]) -> Result<Self, String> {
        let core = module.strip_prefix(b"numpy.core.").or_else(|| module.strip_prefix(b"numpy._core."));
        match (core, module, name) {
            (Some(b"multiarray"), _, b"_reconstruct") => Ok(Global::Reconstruct),
            (Some(b"multiarray"), _, b"scalar") => Ok(Global::Scalar),
            (Some(b"numeric"), _, b"_frombuffer") => Ok(Global::FromBuffer),
            (_, b"numpy", b"ndarray") => Ok(Global::Array),
            (_, b"numpy", b"dtype") => Ok(Global::Type),
            (_, b"_codecs", b"encode") => Ok(Global::Encode),
            (_, b"__builtin__" | b"builtins", b"bytes") => Ok(Global::Bytes),
            (_, b"copy_reg" | b"copyreg", b"_reconstructor") => Ok(Global::Object),
            (_, b"__builtin__" | b"builtins", b"object") => Ok(Global::Object),
            _ => {
                let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
                Err(format!(
                    "names {}.{}, which no data file needs; nothing is run",
                    text(module),
                    text(name)
                ))
            }
        }
    }
}
