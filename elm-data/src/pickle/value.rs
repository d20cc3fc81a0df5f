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
    /// A string that the file has with escapes.
    Owned(Box<[u8]>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    /// Keys and values in turn.
    Dict(Vec<Id>),
    /// A name that Python would import: `module\nname`.
    Global(Box<[u8]>),
    /// What is kept outside of the pickle, under this name.
    Outside(Id),
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
    pub(super) end: usize,
}

/// A value inside a pickle.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    pub(super) pickle: &'a Pickle<'a>,
    pub(super) id: Id,
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
    /// Parses the bytes of a pickle of protocol 0 to 5 as far as data files
    /// use it.
    ///
    /// # Errors
    /// The byte at which it is cut off or has what no data file has, and what
    /// that is.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, (usize, String)> {
        run(bytes)
    }

    /// Bytes that it takes; in some files others follow.
    pub fn end(&self) -> usize {
        self.end
    }

    /// The pickled object.
    pub fn root(&'a self) -> Value<'a> {
        Value { pickle: self, id: self.root }
    }
}

impl<'a> Value<'a> {
    pub(super) fn node(self) -> &'a Node {
        &self.pickle.nodes[self.id]
    }

    pub(super) fn at(self, id: Id) -> Value<'a> {
        Value { pickle: self.pickle, id }
    }

    /// The value of a key of a dictionary.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        let Node::Dict(items) = self.node() else { return None };
        let is_key = |id| {
            let own = self.at(id);
            // Long texts are passed over unread: one may be the key a million times.
            own.text().is_some_and(|text| text.len() <= 2 * key.len())
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
            Node::Call { .. } => self.scalar(),
            _ => None,
        }
    }

    /// A NumPy scalar that is a whole number.
    fn scalar(self) -> Option<i64> {
        let Node::Call { callable, arguments, .. } = self.node() else { return None };
        if !self.at(*callable).is_numpy("multiarray", "scalar") {
            return None;
        }
        let mut arguments = self.at(*arguments).members()?;
        let (dtype, width) = arguments.next()?.dtype()?;
        let bytes = arguments.next()?.bytes()?;
        (bytes.len() == width).then(|| whole_number(&dtype, &bytes)).flatten()
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
        let bytes = self.text()?;
        if matches!(self.node(), Node::Bytes(_) | Node::Owned(_)) {
            return Some(bytes.into());
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let encoded = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
        encoded.collect::<Option<Vec<u8>>>().map(Into::into)
    }

    /// The bytes of a string, or those of the text to encode.
    fn text(self) -> Option<&'a [u8]> {
        match self.node() {
            Node::Call { callable, arguments, .. } if self.at(*callable).is_global("_codecs", "encode") => {
                // Only text, not another call: no recursion.
                self.at(*arguments).members()?.next()?.own_text()
            }
            _ => self.own_text(),
        }
    }

    /// The bytes of a string.
    fn own_text(self) -> Option<&'a [u8]> {
        match self.node() {
            Node::Bytes(range) => Some(&self.pickle.bytes[range.clone()]),
            Node::Owned(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn is_global(self, module: &str, name: &str) -> bool {
        let Node::Global(text) = self.node() else { return false };
        text.strip_prefix(module.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n"))
            == Some(name.as_bytes())
    }

    /// Is it this name of a module of NumPy, of before or since version 2?
    fn is_numpy(self, module: &str, name: &str) -> bool {
        ["numpy.core", "numpy._core"].iter().any(|core| self.is_global(&format!("{core}.{module}"), name))
    }

    /// A NumPy array; `None` when this is none, or one whose shape does not
    /// fit its bytes. Elements in column-major order are put in order.
    pub fn array(self) -> Option<Array> {
        let Node::Call { callable, arguments, state } = self.node() else { return None };
        let callable = self.at(*callable);
        let (shape, dtype, by_column, data) = if callable.is_numpy("multiarray", "_reconstruct") {
            let state: Vec<Value<'a>> = self.at((*state)?).members()?.collect();
            let &[_, shape, dtype, by_column, data] = state.as_slice() else { return None };
            (shape, dtype, by_column.int()? != 0, data)
        } else if callable.is_numpy("numeric", "_frombuffer") {
            // As protocol 5 has arrays.
            let arguments: Vec<Value<'a>> = self.at(*arguments).members()?.collect();
            let &[data, dtype, shape, order] = arguments.as_slice() else { return None };
            (shape, dtype, order.bytes()?.as_ref() == b"F", data)
        } else {
            return None;
        };
        let shape =
            shape.members()?.map(|size| usize::try_from(size.int()?).ok()).collect::<Option<Vec<_>>>()?;
        let (dtype, width) = dtype.dtype()?;
        let data = data.bytes()?.into_owned();
        let size = shape.iter().try_fold(width, |size, &next| size.checked_mul(next))?;
        if size != data.len() {
            return None;
        }
        let data = if by_column && shape.len() > 1 { by_row(&data, &shape, width) } else { data };
        Some(Array { dtype, shape, data })
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

/// Elements in column-major order, put into row-major order.
fn by_row(data: &[u8], shape: &[usize], width: usize) -> Vec<u8> {
    let mut ordered = Vec::with_capacity(data.len());
    let mut index = vec![0; shape.len()];
    for _ in 0..data.len() / width.max(1) {
        // The first index runs fastest in the file, the last one in the answer.
        let place = index.iter().zip(shape).rev().fold(0, |place, (&at, &size)| place * size + at);
        ordered.extend_from_slice(&data[place * width..(place + 1) * width]);
        for (at, &size) in index.iter_mut().zip(shape).rev() {
            *at += 1;
            if *at < size {
                break;
            }
            *at = 0;
        }
    }
    ordered
}

impl Array {
    /// The elements as whole numbers; `None` when they are of another type, or
    /// one does not fit.
    pub fn whole_numbers(&self) -> Option<Vec<i64>> {
        let width: usize = self.dtype.get(2..)?.parse().ok().filter(|&width| width > 0)?;
        self.data.chunks(width).map(|bytes| whole_number(&self.dtype, bytes)).collect()
    }
}

/// A whole number of a type as NumPy writes it.
fn whole_number(dtype: &str, bytes: &[u8]) -> Option<i64> {
    let signed = match dtype.as_bytes().get(1)? {
        b'i' => true,
        b'u' | b'b' => false,
        _ => return None,
    };
    if bytes.is_empty() || bytes.len() > 8 {
        return None;
    }
    let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
    let bits =
        if dtype.starts_with('>') { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) };
    let unused = 64 - 8 * bytes.len() as u32;
    if signed { Some(((bits << unused) as i64) >> unused) } else { i64::try_from(bits).ok() }
}
