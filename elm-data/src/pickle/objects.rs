//! The opcodes of objects: names that Python would import, and calls of them.
//! Both are only noted.

use super::machine::{LONGEST_NAME, Machine, Step};
use super::value::{Id, Node};

/// What keeps its items like a dictionary.
const ORDERED: &[u8] = b"collections\nOrderedDict";

impl Machine<'_> {
    /// Runs an opcode that names, makes or completes an object.
    pub(super) fn object(&mut self, opcode: u8) -> Step<()> {
        match opcode {
            b'c' => {
                let global = self.global_in_lines()?;
                self.push(global)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |id| match self.nodes.get(id) {
                    Some(Node::Bytes(range)) if range.len() < LONGEST_NAME => Ok(&self.bytes[range.clone()]),
                    _ => Err("what Python would import is no name"),
                };
                let global = [text(module)?, b"\n", text(name)?].concat();
                self.push(Node::Global(global.into()))
            }
            b'R' | 0x81 => {
                let arguments = self.pop()?;
                let callable = self.pop()?;
                self.call(callable, arguments)
            }
            b'i' => {
                let global = self.global_in_lines()?;
                let arguments = self.pop_marked()?;
                let callable = self.noted(global)?;
                let arguments = self.noted(Node::Tuple(arguments))?;
                self.call(callable, arguments)
            }
            b'o' => {
                let mut members = self.pop_marked()?.into_iter();
                let callable = members.next().ok_or("an object without a class")?;
                let arguments = self.noted(Node::Tuple(members.collect()))?;
                self.call(callable, arguments)
            }
            _ => self.state(),
        }
    }

    /// Gives an object its state.
    fn state(&mut self) -> Step<()> {
        let given = self.pop()?;
        let object = *self.stack.last().ok_or("no object to give a state")?;
        match &mut self.nodes[object] {
            Node::Call { state, .. } => *state = Some(given),
            // Attributes beside the items; nobody asks for them.
            Node::Dict(_) => {}
            _ => return Err("a state for what is no object".into()),
        }
        Ok(())
    }

    /// A name of two lines, module and name.
    fn global_in_lines(&mut self) -> Step<Node> {
        let (module, name) = (self.line(LONGEST_NAME)?, self.line(LONGEST_NAME)?);
        Ok(Node::Global([&self.bytes[module], b"\n", &self.bytes[name]].concat().into()))
    }

    /// A node that has a place in the table but not on the stack.
    fn noted(&mut self, node: Node) -> Step<Id> {
        self.push(node)?;
        self.pop()
    }

    /// Notes a call. One that makes an ordered dictionary is that dictionary.
    fn call(&mut self, callable: Id, arguments: Id) -> Step<()> {
        let ordered = matches!(&self.nodes[callable], Node::Global(name) if **name == *ORDERED);
        let empty = matches!(&self.nodes[arguments], Node::Tuple(members) if members.is_empty());
        self.push(match ordered && empty {
            true => Node::Dict(Vec::new()),
            false => Node::Call { callable, arguments, state: None },
        })
    }
}
