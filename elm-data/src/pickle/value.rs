//! What a pickle holds.

use super::machine::run;

/// Place of a node in the pickle's table.
pub(super) type Id = usize;

/// One object. Children are places in a table, so that neither depth nor
/// cycles can hurt.
#[derive(Debug, Clone)]
pub(super) enum Node {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A string or byte string: a range of the file.
    Bytes(std::ops::Range<usize>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    /// Keys and values in turn.
    Dict(Vec<Id>),
    /// A name that Python would import: a range of the file, `module\nname`.
    Global(std::ops::Range<usize>),
    /// A call `callable(arguments)` that is only noted, with the state it was
    /// given afterwards.
    Call {
        callable: Id,
        arguments: Id,
        state: Option<Id>,
    },
}

/// A parsed pickle; strings and arrays stay in the file's bytes.
#[derive(Debug)]
pub struct Pickle<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) nodes: Vec<Node>,
    pub(super) root: Id,
}

/// A value inside a pickle.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    pickle: &'a Pickle<'a>,
    id: Id,
}

/// A NumPy array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Type of an element as NumPy writes it, byte order first: `<f4`, `|u1`.
    pub dtype: String,
    /// Its shape; elements are in row-major order.
    pub shape: Vec<usize>,
    /// The elements' bytes.
    pub data: Vec<u8>,
}

impl<'a> Pickle<'a> {
    /// Parses the bytes of a pickle of protocol 0 to 2 as far as data files
    /// use it (and the strings of protocols 3 and 4).
    ///
    /// # Errors
    /// The byte at which it is cut off or has what no data file has, and what
    /// that is.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, (usize, String)> {
        run(bytes)
    }

    /// The pickled object.
    pub fn root(&'a self) -> Value<'a> {
        Value { pickle: self, id: self.root }
    }
}

impl<'a> Value<'a> {
    fn node(self) -> &'a Node {
        &self.pickle.nodes[self.id]
    }

    fn at(self, id: Id) -> Value<'a> {
        Value { pickle: self.pickle, id }
    }

    /// The value of a key of a dictionary.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        let Node::Dict(items) = self.node() else { return None };
        let is_key = |id| {
            let own = self.at(id);
            // Long texts are passed over unread: one may be the key a million times.
            own.text_range().is_some_and(|range| range.len() <= 2 * key.len())
                && own.bytes().as_deref() == Some(key.as_bytes())
        };
        let found = items.chunks_exact(2).find(|pair| is_key(pair[0]));
        found.map(|pair| self.at(pair[1]))
    }

    /// The members of a list or tuple.
    pub fn members(self) -> Option<impl ExactSizeIterator<Item = Value<'a>>> {
        match self.node() {
            Node::List(items) | Node::Tuple(items) => Some(items.iter().map(move |&id| self.at(id))),
            _ => None,
        }
    }

    /// An integer (or a truth value).
    pub fn int(self) -> Option<i64> {
        match self.node() {
            Node::Int(value) => Some(*value),
            Node::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// A number.
    pub fn float(self) -> Option<f64> {
        match self.node() {
            Node::Float(value) => Some(*value),
            _ => self.int().map(|value| value as f64),
        }
    }

    /// A string or byte string. Python 3 writes byte strings into the older
    /// protocols as text that is to be encoded in Latin-1; that is undone.
    pub fn bytes(self) -> Option<std::borrow::Cow<'a, [u8]>> {
        let bytes = &self.pickle.bytes[self.text_range()?];
        if matches!(self.node(), Node::Bytes(_)) {
            return Some(bytes.into());
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let encoded = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
        encoded.collect::<Option<Vec<u8>>>().map(Into::into)
    }

    /// Where the bytes of a string lie, or those of the text to encode.
    fn text_range(self) -> Option<std::ops::Range<usize>> {
        match self.node() {
            Node::Bytes(range) => Some(range.clone()),
            Node::Call { callable, arguments, .. } if self.at(*callable).is_global("_codecs", "encode") => {
                let text = self.at(*arguments).members()?.next()?;
                // Only text, not another call: no recursion.
                let Node::Bytes(range) = text.node() else { return None };
                Some(range.clone())
            }
            _ => None,
        }
    }

    fn is_global(self, module: &str, name: &str) -> bool {
        let Node::Global(range) = self.node() else { return false };
        let text = &self.pickle.bytes[range.clone()];
        text.strip_prefix(module.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n"))
            == Some(name.as_bytes())
    }

    /// A NumPy array; `None` when this is none, or one whose shape does not
    /// fit its bytes, or in column-major order.
    pub fn array(self) -> Option<Array> {
        let Node::Call { callable, state, .. } = self.node() else { return None };
        let multiarray = ["numpy.core.multiarray", "numpy._core.multiarray"];
        if !multiarray.iter().any(|module| self.at(*callable).is_global(module, "_reconstruct")) {
            return None;
        }
        let state: Vec<Value<'a>> = self.at((*state)?).members()?.collect();
        let &[_, shape, dtype, by_column, data] = state.as_slice() else { return None };
        let shape =
            shape.members()?.map(|size| usize::try_from(size.int()?).ok()).collect::<Option<Vec<_>>>()?;
        let (dtype, width) = dtype.dtype()?;
        let data = data.bytes()?.into_owned();
        let size = shape.iter().try_fold(width, |size, &next| size.checked_mul(next))?;
        let in_order = by_column.int() == Some(0) || shape.len() < 2;
        (in_order && size == data.len()).then_some(Array { dtype, shape, data })
    }

    /// Type and width of elements.
    fn dtype(self) -> Option<(String, usize)> {
        let Node::Call { callable, arguments, state } = self.node() else { return None };
        if !self.at(*callable).is_global("numpy", "dtype") {
            return None;
        }
        let name = self.at(*arguments).members()?.next()?.bytes()?.into_owned();
        let name = String::from_utf8(name).ok()?;
        let order = match state {
            Some(state) => {
                String::from_utf8(self.at(*state).members()?.nth(1)?.bytes()?.into_owned()).ok()?
            }
            None => "|".into(),
        };
        let width = name.get(1..)?.parse().ok()?;
        Some((order + &name, width))
    }
}
