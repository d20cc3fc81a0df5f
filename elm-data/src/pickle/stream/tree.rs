//! What a large pickle holds of what was asked for.

use super::object::{Node, Value};

/// A pickle that was read.
#[derive(Debug)]
pub(crate) struct Streamed {
    pub(super) nodes: Vec<Node>,
    pub(super) root: Value,
}

/// A value inside of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    pickle: &'a Streamed,
    value: Value,
}

impl Streamed {
    /// The pickled object.
    pub(crate) fn root(&self) -> Item<'_> {
        Item { pickle: self, value: self.root }
    }
}

impl<'a> Item<'a> {
    fn node(self) -> Option<&'a Node> {
        match self.value {
            Value::Node(place) => self.pickle.nodes.get(place as usize),
            _ => None,
        }
    }

    fn at(self, value: Value) -> Item<'a> {
        Item { pickle: self.pickle, value }
    }

    /// Keys and values of a dictionary.
    pub(crate) fn entries(self) -> Option<impl ExactSizeIterator<Item = (Item<'a>, Item<'a>)>> {
        let Some(Node::Dict(entries)) = self.node() else { return None };
        Some(entries.iter().map(move |&(key, value)| (self.at(key), self.at(value))))
    }

    /// The value of a key of a dictionary; the last where there are several.
    pub(crate) fn get(self, key: &str) -> Option<Item<'a>> {
        let is_key = |own: Item<'_>| match (own.value, own.node()) {
            (Value::Bytes(bytes, length), _) => bytes.get(..length.into()) == Some(key.as_bytes()),
            (_, Some(Node::Bytes(bytes))) => **bytes == *key.as_bytes(),
            _ => false,
        };
        self.entries()?.filter(|(own, _)| is_key(*own)).last().map(|(_, value)| value)
    }

    /// The members of a list or tuple.
    pub(crate) fn members(self) -> Option<Box<dyn ExactSizeIterator<Item = Item<'a>> + 'a>> {
        match self.node()? {
            Node::Integers(all) => {
                Some(Box::new(all.iter().map(move |&int| self.at(Value::Int(int.into())))))
            }
            Node::List(all) => Some(Box::new(all.iter().map(move |&value| self.at(value)))),
            Node::Tuple(all) => Some(Box::new(all.iter().map(move |&value| self.at(value)))),
            _ => None,
        }
    }

    /// A number.
    pub(crate) fn number(self) -> Option<f64> {
        match self.value {
            Value::Int(int) => Some(int as f64),
            Value::Float(float) => Some(float),
            _ => None,
        }
    }

    /// Hands on the numbers of a list, a tuple or an array, one by one; false
    /// when this is none of them, or has other members.
    pub(crate) fn numbers(self, mut take: impl FnMut(f64)) -> bool {
        match self.node() {
            Some(Node::Array { element: Some(element), content: Some(content) }) => {
                let mut all = content.chunks(element.width);
                all.all(|bytes| {
                    let number = element.number(bytes).and_then(|value| self.at(value).number());
                    number.map(&mut take).is_some()
                })
            }
            Some(Node::Integers(all)) => {
                all.iter().for_each(|&int| take(int.into()));
                true
            }
            _ => self.members().is_some_and(|mut all| all.all(|one| one.number().map(&mut take).is_some())),
        }
    }
}
