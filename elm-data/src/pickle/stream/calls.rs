//! Names, calls of the few that are known, and the states given to objects.

use super::Step;
use super::global::Global;
use super::machine::Machine;
use super::object::{Node, Type, Value};
use std::io::{Read, Seek};

impl<R: Read + Seek> Machine<'_, R> {
    pub(super) fn global(&mut self, opcode: u8) -> Step<()> {
        let (module, name) = if opcode == b'c' {
            (self.source.name()?, self.source.name()?)
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            let text = |value| self.bytes_of(value).map(Vec::from);
            let parts = text(&module).zip(text(&name));
            parts.ok_or("what Python would import is no name")?
        };
        self.stack.push(Value::Global(Global::named(&module, &name)?));
        Ok(())
    }

    /// Notes the call of one of the few known callables.
    pub(super) fn call(&mut self) -> Step<()> {
        let arguments = self.pop()?;
        let Value::Global(callable) = self.pop()? else { return Err("a call of what is no function".into()) };
        let given = self.tuple_of(arguments).ok_or("a call without arguments")?.to_vec();
        let made = self.made(callable, &given)?;
        self.forget(arguments);
        match made {
            Made::Value(value) => self.stack.push(value),
            Made::Node(node) => self.push(node)?,
            Made::Bytes(bytes) => self.push_bytes(bytes)?,
        }
        Ok(())
    }

    fn made(&self, callable: Global, given: &[Value]) -> Step<Made> {
        let bytes = |place: usize| given.get(place).and_then(|value| self.bytes_of(value));
        let element = |place: usize| given.get(place).and_then(|&value| self.type_of(value));
        match callable {
            Global::Scalar => {
                let number = element(0).zip(bytes(1)).and_then(|(of, bytes)| of.number(bytes));
                let wrong = "a single number whose bytes do not fit its type";
                number.map(Made::Value).ok_or_else(|| wrong.into())
            }
            Global::Type => {
                let element = Type::named(bytes(0).ok_or("a type of numbers without a name")?)?;
                Ok(Made::Node(Node::Type(element)))
            }
            Global::Encode => self.encode(given.first()),
            Global::Reconstruct => Ok(Made::Node(Node::Array { element: None, content: None })),
            Global::FromBuffer => array(element(1), bytes(0)).map(Made::Node),
            Global::Bytes if given.is_empty() => Ok(Made::Bytes(Vec::new())),
            Global::Bytes => Err("bytes that are made in an unknown way".into()),
            Global::Object => Ok(Made::Node(Node::Opaque)),
            Global::Array => Err("an array that is made in an unknown way".into()),
        }
    }

    /// Text of protocols before 3 that stands for bytes, in Latin-1.
    fn encode(&self, text: Option<&Value>) -> Step<Made> {
        let Some(text) = text.filter(|text| !matches!(text, Value::PassedOver)) else {
            return Ok(Made::Value(Value::PassedOver));
        };
        let text = self.bytes_of(text).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let latin = text.and_then(|text| text.chars().map(|c| u8::try_from(c).ok()).collect());
        latin.map(Made::Bytes).ok_or_else(|| "bytes that are not written as text in Latin-1".into())
    }

    /// Gives an object its state.
    pub(super) fn build(&mut self) -> Step<()> {
        let state = self.pop()?;
        let place = self.top_node("no object to give a state")?;
        let given = self.tuple_of(state).unwrap_or_default();
        let filled = match (&self.nodes[place], given) {
            (Node::Type(element), [_, order, ..]) => {
                let order = self.bytes_of(order).and_then(|order| order.first().copied());
                let order = order.ok_or("a type of numbers without an order of bytes")?;
                Node::Type(Type { order, ..*element })
            }
            (Node::Array { .. }, [_, _, element, _, content]) => {
                array(self.type_of(*element), self.bytes_of(content))?
            }
            (Node::Opaque, _) => Node::Opaque,
            _ => return Err("a state for what has none, or another".into()),
        };
        self.nodes[place] = filled;
        self.forget(state);
        Ok(())
    }

    fn type_of(&self, value: Value) -> Option<Type> {
        match self.node(value)? {
            Node::Type(element) => Some(*element),
            _ => None,
        }
    }

    fn tuple_of(&self, value: Value) -> Option<&[Value]> {
        match self.node(value)? {
            Node::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// Frees a tuple that was used up, and strings in it: without that, every
    /// single number of NumPy would leave some behind.
    fn forget(&mut self, value: Value) {
        let Some(Node::Tuple(items)) = self.free(value) else { return };
        self.members[1] -= items.len();
        for &item in items.iter().rev() {
            if matches!(self.node(item), Some(Node::Bytes(_))) {
                self.free(item);
            }
        }
    }

    /// Takes the newest node back, if it is this one and nobody else has it.
    fn free(&mut self, value: Value) -> Option<Node> {
        let Value::Node(place) = value else { return None };
        let place = place as usize;
        let is_free = place + 1 == self.nodes.len() && place >= self.shared;
        is_free.then(|| self.nodes.pop()).flatten()
    }
}

/// What a call gives.
enum Made {
    Value(Value),
    Node(Node),
    Bytes(Vec<u8>),
}

/// An array whose content may have been passed over.
fn array(element: Option<Type>, content: Option<&[u8]>) -> Step<Node> {
    let element = element.ok_or("an array without a type of numbers")?;
    if content.is_some_and(|content| !content.len().is_multiple_of(element.width)) {
        return Err("an array whose bytes do not fit its type".into());
    }
    Ok(Node::Array { element: Some(element), content: content.map(Into::into) })
}
