//! The opcodes of a pickle, run on a stack of places in a table of nodes.

use super::escapes::{string, unicode};
use super::value::{Id, Node, Pickle};
use std::collections::HashMap;
use std::ops::Range;

/// Objects, stack places and memories beyond this number are refused; the
/// largest published file of ours has about thirty thousand.
const MOST: usize = 2_000_000;

/// Names of what Python would import, and numbers, are shorter.
pub(super) const LONGEST_NAME: usize = 200;

pub(super) type Step<T> = Result<T, String>;

/// Runs a pickle; an error has the byte of its opcode.
pub(super) fn run(bytes: &[u8]) -> Result<Pickle<'_>, (usize, String)> {
    let mut machine = Machine {
        bytes,
        at: 0,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memory: HashMap::new(),
    };
    loop {
        let start = machine.at;
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => return Ok(Pickle { bytes, nodes: machine.nodes, root, end: machine.at }),
            Err(reason) => return Err((start, reason)),
        }
    }
}

pub(super) struct Machine<'a> {
    pub(super) bytes: &'a [u8],
    at: usize,
    pub(super) nodes: Vec<Node>,
    pub(super) stack: Vec<Id>,
    marks: Vec<usize>,
    memory: HashMap<u32, Id>,
}

impl Machine<'_> {
    /// Runs one opcode; gives the result at the last.
    fn step(&mut self) -> Step<Option<Id>> {
        let [opcode] = self.fixed()?;
        match opcode {
            b'.' => return self.pop().map(Some),
            0x80 => self.fixed::<1>().map(|_| ())?,
            0x95 => self.fixed::<8>().map(|_| ())?, // a frame of protocol 4
            0x98 => {}                              // a buffer is read-only
            b'(' => self.marks.push(self.stack.len()),
            b'0' => self.pop().map(|_| ())?,
            b'1' => self.pop_marked().map(|_| ())?,
            b'2' => self.stack.push(*self.stack.last().ok_or("nothing to double")?),
            b'q' | b'r' | b'p' | 0x94 | b'h' | b'j' | b'g' => self.remember_or_recall(opcode)?,
            b']' | b'}' | b')' | b'l' | b't' | b'd' | 0x85..=0x87 => self.container(opcode)?,
            b'a' | b'e' | b's' | b'u' => self.fill(opcode)?,
            b'c' | 0x93 | b'R' | 0x81 | b'i' | b'o' | b'b' => self.object(opcode)?,
            b'Q' => {
                let id = self.pop()?;
                self.push(Node::Outside(id))?;
            }
            b'S' | b'V' | b'I' | b'L' | b'F' => self.line_of_text(opcode)?,
            _ => self.scalar(opcode)?,
        }
        if self.stack.len().max(self.memory.len()).max(self.marks.len()) > MOST {
            return Err(format!("more than {MOST} objects; this is no data file"));
        }
        Ok(None)
    }

    fn remember_or_recall(&mut self, opcode: u8) -> Step<()> {
        let key = match opcode {
            b'q' | b'h' => u32::from(self.fixed::<1>()?[0]),
            0x94 => self.memory.len() as u32,
            b'p' | b'g' => self.number()?,
            _ => u32::from_le_bytes(self.fixed()?),
        };
        if matches!(opcode, b'h' | b'j' | b'g') {
            let id =
                self.memory.get(&key).copied().ok_or_else(|| format!("nothing was remembered as {key}"))?;
            self.stack.push(id);
        } else {
            let id = *self.stack.last().ok_or("nothing to remember")?;
            self.memory.insert(key, id);
        }
        Ok(())
    }

    fn container(&mut self, opcode: u8) -> Step<()> {
        let node = match opcode {
            b']' => Node::List(Vec::new()),
            b'}' => Node::Dict(Vec::new()),
            b')' => Node::Tuple(Vec::new()),
            b'l' => Node::List(self.pop_marked()?),
            b't' => Node::Tuple(self.pop_marked()?),
            b'd' => Node::Dict(self.pop_marked()?),
            _ => {
                let mut members = (0x85..=opcode).map(|_| self.pop()).collect::<Step<Vec<Id>>>()?;
                members.reverse();
                Node::Tuple(members)
            }
        };
        self.push(node)
    }

    /// Appends to the list, or adds to the dictionary, that lies below.
    fn fill(&mut self, opcode: u8) -> Step<()> {
        let mut items = match opcode {
            b'a' => vec![self.pop()?],
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.pop_marked()?,
        };
        let into = *self.stack.last().ok_or("nothing to fill")?;
        match (&mut self.nodes[into], opcode) {
            (Node::List(members), b'a' | b'e') | (Node::Dict(members), b's' | b'u') => {
                // What is put away repeatedly takes memory each time.
                if members.len() + items.len() > MOST {
                    return Err(format!("more than {MOST} members; this is no data file"));
                }
                members.append(&mut items);
                Ok(())
            }
            (_, b'a' | b'e') => Err("members for what is no list".into()),
            _ => Err("items for what is no dictionary".into()),
        }
    }

    fn scalar(&mut self, opcode: u8) -> Step<()> {
        let node = match opcode {
            b'N' => Node::None,
            0x88 => Node::Bool(true),
            0x89 => Node::Bool(false),
            b'K' => Node::Int(self.fixed::<1>()?[0].into()),
            b'M' => Node::Int(u16::from_le_bytes(self.fixed()?).into()),
            b'J' => Node::Int(i32::from_le_bytes(self.fixed()?).into()),
            0x8a => self.long()?,
            b'G' => Node::Float(f64::from_be_bytes(self.fixed()?)),
            b'U' | b'C' | 0x8c => {
                let length = self.fixed::<1>()?[0].into();
                Node::Bytes(self.range(length)?)
            }
            0x8e | 0x8d | 0x96 => {
                let length = usize::try_from(u64::from_le_bytes(self.fixed()?));
                Node::Bytes(self.range(length.unwrap_or(usize::MAX))?)
            }
            b'T' | b'X' | b'B' => {
                let length = u32::from_le_bytes(self.fixed()?) as usize;
                Node::Bytes(self.range(length)?)
            }
            other => return Err(format!("opcode {other:#04x} is not among those of data files")),
        };
        self.push(node)
    }

    /// What protocol 0 writes as a line of text.
    fn line_of_text(&mut self, opcode: u8) -> Step<()> {
        let range = self.line(self.bytes.len())?;
        let line = &self.bytes[range];
        let number = || std::str::from_utf8(line).unwrap_or_default().trim_end_matches('L');
        let wrong =
            |what: &str| format!("{:?} is not {what}", String::from_utf8_lossy(&line[..line.len().min(20)]));
        let node = match opcode {
            b'I' if line == b"00" => Node::Bool(false),
            b'I' if line == b"01" => Node::Bool(true),
            b'I' | b'L' => Node::Int(number().parse().map_err(|_| wrong("an integer of up to eight bytes"))?),
            b'F' => Node::Float(number().parse().map_err(|_| wrong("a number"))?),
            b'V' => Node::Owned(unicode(line).ok_or_else(|| wrong("text as Python writes it"))?.into()),
            _ => Node::Owned(string(line).ok_or_else(|| wrong("a string as Python writes it"))?.into()),
        };
        self.push(node)
    }

    /// An integer of up to eight bytes.
    fn long(&mut self) -> Step<Node> {
        let length = self.fixed::<1>()?[0].into();
        let range = self.range(length)?;
        let bytes = &self.bytes[range];
        if bytes.len() > 8 {
            return Err(format!("an integer of {} bytes; expected up to 8", bytes.len()));
        }
        let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
        let mut wide = if negative { [0xff; 8] } else { [0; 8] };
        wide[..bytes.len()].copy_from_slice(bytes);
        Ok(Node::Int(i64::from_le_bytes(wide)))
    }

    pub(super) fn push(&mut self, node: Node) -> Step<()> {
        if self.nodes.len() >= MOST {
            return Err(format!("more than {MOST} objects; this is no data file"));
        }
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Step<Id> {
        if self.marks.last() == Some(&self.stack.len()) {
            return Err("the stack is empty above the last mark".into());
        }
        self.stack.pop().ok_or_else(|| "the stack is empty".into())
    }

    pub(super) fn pop_marked(&mut self) -> Step<Vec<Id>> {
        let start = self.marks.pop().ok_or("there is no mark")?;
        Ok(self.stack.split_off(start.min(self.stack.len())))
    }

    fn range(&mut self, length: usize) -> Step<Range<usize>> {
        let left = self.bytes.len() - self.at;
        if length > left {
            return Err(format!(
                "{length} bytes are announced, {left} are left; the file is cut off or damaged"
            ));
        }
        self.at += length;
        Ok(self.at - length..self.at)
    }

    fn fixed<const N: usize>(&mut self) -> Step<[u8; N]> {
        let range = self.range(N)?;
        self.bytes[range].try_into().map_err(|_| "the file is cut off".into())
    }

    /// A line of at most `longest` bytes, without its end.
    pub(super) fn line(&mut self, longest: usize) -> Step<Range<usize>> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().take(longest).position(|&byte| byte == b'\n').ok_or("a line without an end")?;
        self.at += end + 1;
        Ok(self.at - end - 1..self.at - 1)
    }

    /// A line with a number.
    fn number(&mut self) -> Step<u32> {
        let range = self.line(LONGEST_NAME)?;
        let text = std::str::from_utf8(&self.bytes[range]).ok();
        text.and_then(|text| text.trim().parse().ok()).ok_or_else(|| "expected the number of a memory".into())
    }
}
