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
        self.forget(arguments);
        let bytes = |place: usize| given.get(place).and_then(|value| self.bytes_of(value));
        let element = |place: usize| given.get(place).and_then(|&value| self.type_of(value));
        match callable {
            Global::Scalar => {
                let number = element(0).zip(bytes(1)).and_then(|(of, bytes)| of.number(bytes));
                self.stack.push(number.ok_or("a single number whose bytes do not fit its type")?);
                Ok(())
            }
            Global::Type => {
                let element = Type::named(bytes(0).ok_or("a type of numbers without a name")?)?;
                self.push(Node::Type(element))
            }
            Global::Encode => self.encode(given.first().copied()),
            Global::Reconstruct => self.push(Node::Array { element: None, content: None }),
            Global::FromBuffer => {
                let array = array(element(1), bytes(0))?;
                self.push(array)
            }
            Global::Bytes if given.is_empty() => self.push_bytes(Vec::new()),
            Global::Bytes => Err("bytes that are made in an unknown way".into()),
            Global::Object => self.push(Node::Opaque),
            Global::Array => Err("an array that is made in an unknown way".into()),
        }
    }

    /// Text of protocols before 3 that stands for bytes, in Latin-1.
    fn encode(&mut self, text: Option<Value>) -> Step<()> {
        let Some(text) = text.filter(|text| !matches!(text, Value::PassedOver)) else {
            self.stack.push(Value::PassedOver);
            return Ok(());
        };
        let text = self.bytes_of(&text).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let latin = text.and_then(|text| text.chars().map(|c| u8::try_from(c).ok()).collect());
        self.push_bytes(latin.ok_or("bytes that are not written as text in Latin-1")?)
    }

    /// Gives an object its state.
    pub(super) fn build(&mut self) -> Step<()> {
        let state = self.pop()?;
        let place = self.top_node("no object to give a state")?;
        let given = self.tuple_of(state).unwrap_or_default().to_vec();
        self.forget(state);
        match (&self.nodes[place], given.as_slice()) {
            (Node::Type(element), [_, order, ..]) => {
                let order = self.bytes_of(order).and_then(|order| order.first().copied());
                let order = order.ok_or("a type of numbers without an order of bytes")?;
                self.nodes[place] = Node::Type(Type { order, ..*element });
                Ok(())
            }
            (Node::Array { .. }, [_, _, element, _, content]) => {
                self.nodes[place] = array(self.type_of(*element), self.bytes_of(content))?;
                Ok(())
            }
            (Node::Opaque, _) => Ok(()),
            _ => Err("a state for what has none, or another".into()),
        }
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

    /// Frees a tuple of arguments that was used up: without that, every single
    /// number of NumPy would leave one behind.
    fn forget(&mut self, value: Value) {
        if let Value::Node(place) = value
            && place as usize + 1 == self.nodes.len()
            && place as usize >= self.shared
            && let Some(Node::Tuple(items)) = self.nodes.pop()
        {
            self.members[1] -= items.len();
        }
    }
}

/// An array whose content may have been passed over.
fn array(element: Option<Type>, content: Option<&[u8]>) -> Step<Node> {
    let element = element.ok_or("an array without a type of numbers")?;
    if content.is_some_and(|content| !content.len().is_multiple_of(element.width)) {
        return Err("an array whose bytes do not fit its type".into());
    }
    Ok(Node::Array { element: Some(element), content: content.map(Into::into) })
}
