//! The second pass: the opcodes, run on a stack of values.

use super::object::{Node, Value};
use super::source::Source;
use super::tree::Streamed;
use super::{Fault, MOST, MOST_INTEGERS, Step};
use std::io::{Read, Seek};

/// Runs a pickle of which the memories `keys` (sorted) are recalled.
pub(super) fn run<R: Read + Seek>(
    source: Source<R>,
    keys: Vec<u32>,
    kept: &[&[u8]],
) -> Result<Streamed, Fault> {
    let memory = vec![None; keys.len()];
    let mut machine = Machine {
        source,
        kept,
        keys,
        memory,
        remembered: 0,
        shared: 0,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        members: [0, 0],
    };
    loop {
        let start = machine.source.at();
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => return Ok(Streamed { nodes: machine.nodes, root }),
            Err(reason) => return Err((start, reason)),
        }
    }
}

/// The machine under way.
pub(super) struct Machine<'a, R> {
    pub(super) source: Source<R>,
    /// Keys whose long strings are kept.
    pub(super) kept: &'a [&'a [u8]],
    /// Numbers of the memories that are recalled, and what they hold.
    keys: Vec<u32>,
    memory: Vec<Option<Value>>,
    /// How many were made, of any.
    remembered: u32,
    /// Nodes from here on lie in one place of the stack at most.
    pub(super) shared: usize,
    pub(super) nodes: Vec<Node>,
    pub(super) stack: Vec<Value>,
    marks: Vec<usize>,
    /// Whole numbers, and other members, of all containers.
    pub(super) members: [usize; 2],
}

impl<R: Read + Seek> Machine<'_, R> {
    /// Runs one opcode; gives the result at the last.
    fn step(&mut self) -> Step<Option<Value>> {
        let [opcode] = self.source.fixed()?;
        match opcode {
            b'.' => return self.pop().map(Some),
            0x80 => self.source.skip(1)?,
            0x95 => self.source.skip(8)?, // a frame of protocol 4
            0x98 => {}                    // a buffer is read-only
            b'(' => self.marks.push(self.stack.len()),
            b'0' => self.pop().map(drop)?,
            b'1' => self.pop_marked().map(drop)?,
            b'2' => {
                self.stack.push(*self.stack.last().ok_or("nothing to double")?);
                self.shared = self.nodes.len();
            }
            b'q' | b'r' | b'p' | 0x94 => self.remember(opcode)?,
            b'h' | b'j' | b'g' => self.recall(opcode)?,
            b']' | b'}' | b')' | b'l' | b't' | b'd' | 0x85..=0x87 => self.container(opcode)?,
            b'a' | b'e' | b's' | b'u' => self.fill(opcode)?,
            b'c' | 0x93 => self.global(opcode)?,
            b'R' => self.call()?,
            b'b' => self.build()?,
            b'U' | b'C' | 0x8c => self.string(1)?,
            b'T' | b'X' | b'B' => self.string(4)?,
            0x8d | 0x8e | 0x96 => self.string(8)?,
            b'S' | b'V' => self.line_of_text(opcode)?,
            _ => {
                let value = self.number(opcode)?;
                self.stack.push(value);
            }
        }
        if self.stack.len().max(self.marks.len()) > MOST {
            return Err(format!("more than {MOST} objects wait; this is no data file"));
        }
        Ok(None)
    }

    fn remember(&mut self, opcode: u8) -> Step<()> {
        let key = match opcode {
            b'q' => u32::from(self.source.fixed::<1>()?[0]),
            b'r' => u32::from_le_bytes(self.source.fixed()?),
            b'p' => self.source.number()?,
            _ => self.remembered,
        };
        self.remembered = self.remembered.saturating_add(1);
        let value = *self.stack.last().ok_or("nothing to remember")?;
        if self.keys.last().is_some_and(|&last| key <= last)
            && let Ok(place) = self.keys.binary_search(&key)
        {
            self.memory[place] = Some(value);
            self.shared = self.nodes.len();
        }
        Ok(())
    }

    fn recall(&mut self, opcode: u8) -> Step<()> {
        let key = match opcode {
            b'h' => u32::from(self.source.fixed::<1>()?[0]),
            b'j' => u32::from_le_bytes(self.source.fixed()?),
            _ => self.source.number()?,
        };
        let place = self.keys.binary_search(&key).ok();
        let value = place.and_then(|place| self.memory[place]);
        self.stack.push(value.ok_or_else(|| format!("nothing was remembered as {key}"))?);
        Ok(())
    }

    fn container(&mut self, opcode: u8) -> Step<()> {
        match opcode {
            b']' => self.push(Node::Integers(Vec::new())),
            b'}' => self.push(Node::Dict(Vec::new())),
            b')' => self.push(Node::Tuple(Box::default())),
            b'l' => {
                let items = self.pop_marked()?;
                self.push(Node::Integers(Vec::new()))?;
                self.append(&items)
            }
            b'd' => {
                let items = self.pop_marked()?;
                self.push(Node::Dict(Vec::new()))?;
                self.insert(&items)
            }
            b't' => {
                let items = self.pop_marked()?;
                self.tuple(items)
            }
            _ => {
                let start = self.above_mark(usize::from(opcode - 0x84))?;
                let items = self.stack.split_off(start);
                self.tuple(items)
            }
        }
    }

    fn tuple(&mut self, items: Vec<Value>) -> Step<()> {
        self.count(1, items.len())?;
        self.push(Node::Tuple(items.into()))
    }

    /// Appends to the list, or adds to the dictionary, that lies below.
    fn fill(&mut self, opcode: u8) -> Step<()> {
        let items = match opcode {
            b'a' => self.above_mark(1).map(|start| self.stack.split_off(start))?,
            b's' => self.above_mark(2).map(|start| self.stack.split_off(start))?,
            _ => self.pop_marked()?,
        };
        if matches!(opcode, b'a' | b'e') { self.append(&items) } else { self.insert(&items) }
    }

    fn append(&mut self, items: &[Value]) -> Step<()> {
        let place = self.top_node("nothing to append to")?;
        let small = |value: &Value| match value {
            Value::Int(int) => i32::try_from(*int).ok(),
            _ => None,
        };
        if let Node::Integers(all) = &mut self.nodes[place]
            && items.iter().all(|value| small(value).is_some())
        {
            all.extend(items.iter().filter_map(small));
            return self.count(0, items.len());
        }
        if let Node::Integers(all) = &mut self.nodes[place] {
            let before = std::mem::take(all);
            self.count(1, before.len())?;
            self.nodes[place] = Node::List(before.into_iter().map(|int| Value::Int(int.into())).collect());
        }
        self.count(1, items.len())?;
        let Node::List(all) = &mut self.nodes[place] else {
            return Err("members for what is no list".into());
        };
        all.extend_from_slice(items);
        Ok(())
    }

    fn insert(&mut self, items: &[Value]) -> Step<()> {
        let place = self.top_node("nothing to add to")?;
        self.count(1, items.len())?;
        let Node::Dict(all) = &mut self.nodes[place] else {
            return Err("items for what is no dictionary".into());
        };
        let (pairs, rest) = items.as_chunks();
        all.extend(pairs.iter().map(|&[key, value]| (key, value)));
        if rest.is_empty() { Ok(()) } else { Err("a key without a value".into()) }
    }

    pub(super) fn push(&mut self, node: Node) -> Step<()> {
        if self.nodes.len() >= MOST {
            return Err(format!("more than {MOST} objects; this is no data file"));
        }
        self.stack.push(Value::Node(self.nodes.len() as u32));
        self.nodes.push(node);
        Ok(())
    }

    /// Counts members of containers, whole numbers apart from others.
    pub(super) fn count(&mut self, kind: usize, more: usize) -> Step<()> {
        self.members[kind] += more;
        let most = [MOST_INTEGERS, MOST][kind];
        if self.members[kind] <= most {
            return Ok(());
        }
        Err(format!("more than {most} members of lists; this is no data file"))
    }

    pub(super) fn node(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(place) => self.nodes.get(place as usize),
            _ => None,
        }
    }

    /// The node on top of the stack.
    pub(super) fn top_node(&self, wrong: &str) -> Step<usize> {
        let above_mark = self.marks.last() != Some(&self.stack.len());
        match self.stack.last() {
            Some(Value::Node(place)) if above_mark && (*place as usize) < self.nodes.len() => {
                Ok(*place as usize)
            }
            _ => Err(wrong.into()),
        }
    }

    /// Where the topmost `count` values begin, all above the last mark.
    pub(super) fn above_mark(&self, count: usize) -> Step<usize> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let start = self.stack.len().checked_sub(count).filter(|&start| start >= floor);
        start.ok_or_else(|| "the stack is empty above the last mark".into())
    }

    pub(super) fn pop(&mut self) -> Step<Value> {
        self.above_mark(1)?;
        self.stack.pop().ok_or_else(|| "the stack is empty".into())
    }

    fn pop_marked(&mut self) -> Step<Vec<Value>> {
        let start = self.marks.pop().ok_or("there is no mark")?;
        Ok(self.stack.split_off(start.min(self.stack.len())))
    }
}
