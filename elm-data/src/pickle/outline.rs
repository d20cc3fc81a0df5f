//! How a pickle hangs together: its dictionaries, what it names outside of
//! itself, and what Python would call.

use super::value::{Node, Pickle, Value};

impl<'a> Pickle<'a> {
    /// What Python would import: each name as `module.name`, as often as it
    /// is written.
    pub fn globals(&'a self) -> impl Iterator<Item = String> + 'a {
        self.nodes.iter().filter_map(|node| match node {
            Node::Global(name) => Some(dotted(name)),
            _ => None,
        })
    }

    /// The names of all that is kept outside of the pickle.
    pub fn outside(&'a self) -> impl Iterator<Item = Value<'a>> + 'a {
        self.nodes.iter().filter_map(|node| match node {
            Node::Outside(id) => Some(Value { pickle: self, id: *id }),
            _ => None,
        })
    }
}

impl<'a> Value<'a> {
    /// Keys and values of a dictionary, in the order they were put in.
    pub fn items(self) -> Option<impl ExactSizeIterator<Item = (Value<'a>, Value<'a>)>> {
        let Node::Dict(items) = self.node() else { return None };
        Some(items.as_chunks::<2>().0.iter().map(move |&[key, value]| (self.at(key), self.at(value))))
    }

    /// What Python would call, as `module.name`, and with what.
    pub fn call(self) -> Option<(String, Value<'a>)> {
        let Node::Call { callable, arguments, .. } = self.node() else { return None };
        Some((self.at(*callable).global()?, self.at(*arguments)))
    }

    /// What Python would import, as `module.name`.
    pub fn global(self) -> Option<String> {
        let Node::Global(name) = self.node() else { return None };
        Some(dotted(name))
    }

    /// The name of what is kept outside of the pickle.
    pub fn outside(self) -> Option<Value<'a>> {
        let Node::Outside(id) = self.node() else { return None };
        Some(self.at(*id))
    }
}

/// `module\nname` as people write it.
fn dotted(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replacen('\n', ".", 1)
}
