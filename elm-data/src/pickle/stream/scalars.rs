//! Numbers and strings.

use super::super::escapes::{string, unicode};
use super::machine::Machine;
use super::object::{Node, Value};
use super::{SHORT, Step};
use std::io::{Read, Seek};

/// How far below on the stack a long string's key may lie: between them are
/// an array and the parts of its state.
const NEAR: usize = 12;

impl<R: Read + Seek> Machine<'_, R> {
    pub(super) fn number(&mut self, opcode: u8) -> Step<Value> {
        Ok(match opcode {
            b'N' => Value::None,
            0x88 => Value::Int(1),
            0x89 => Value::Int(0),
            b'K' => Value::Int(self.source.fixed::<1>()?[0].into()),
            b'M' => Value::Int(u16::from_le_bytes(self.source.fixed()?).into()),
            b'J' => Value::Int(i32::from_le_bytes(self.source.fixed()?).into()),
            b'I' | b'L' => Value::Int(self.source.number()?),
            b'F' => Value::Float(self.source.number()?),
            b'G' => Value::Float(f64::from_be_bytes(self.source.fixed()?)),
            0x8a => self.long(1)?,
            0x8b => self.long(4)?,
            other => return Err(format!("opcode {other:#04x} is not among those of data files")),
        })
    }

    /// An integer of up to eight bytes.
    fn long(&mut self, width: u8) -> Step<Value> {
        let length = self.source.length(width)?;
        if length > 8 {
            return Err(format!("an integer of {length} bytes; expected up to 8"));
        }
        let bytes = self.source.bytes(length)?;
        let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
        let mut wide = if negative { [0xff; 8] } else { [0; 8] };
        wide[..bytes.len()].copy_from_slice(&bytes);
        Ok(Value::Int(i64::from_le_bytes(wide)))
    }

    pub(super) fn string(&mut self, width: u8) -> Step<()> {
        let length = self.source.length(width)?;
        if length <= 8 {
            let (mut short, bytes) = ([0; 8], self.source.bytes(length)?);
            short[..bytes.len()].copy_from_slice(&bytes);
            self.stack.push(Value::Bytes(short, length as u8));
            return Ok(());
        }
        if length <= SHORT || self.is_wanted() {
            let bytes = self.source.bytes(length)?;
            return self.push_bytes(bytes);
        }
        self.source.skip(length)?;
        self.stack.push(Value::PassedOver);
        Ok(())
    }

    /// A string of protocol 0.
    pub(super) fn line_of_text(&mut self, opcode: u8) -> Step<()> {
        let wanted = self.is_wanted();
        let Some(line) = self.source.line(wanted)? else {
            self.stack.push(Value::PassedOver);
            return Ok(());
        };
        let bytes = if opcode == b'S' { string(&line) } else { unicode(&line) };
        self.push_bytes(bytes.ok_or("a string that is not as Python writes it")?)
    }

    /// Is the nearest string below one of the keys whose content is kept?
    fn is_wanted(&self) -> bool {
        let nearest = self.stack.iter().rev().take(NEAR).find_map(|value| self.bytes_of(value));
        nearest.is_some_and(|key| self.kept.contains(&key))
    }

    pub(super) fn push_bytes(&mut self, bytes: Vec<u8>) -> Step<()> {
        if bytes.len() > 8 {
            return self.push(Node::Bytes(bytes.into()));
        }
        let mut short = [0; 8];
        short[..bytes.len()].copy_from_slice(&bytes);
        self.stack.push(Value::Bytes(short, bytes.len() as u8));
        Ok(())
    }

    /// The bytes of a string that was not passed over.
    pub(super) fn bytes_of<'a>(&'a self, value: &'a Value) -> Option<&'a [u8]> {
        match value {
            Value::Bytes(bytes, length) => bytes.get(..usize::from(*length)),
            _ => match self.node(*value)? {
                Node::Bytes(bytes) => Some(bytes),
                _ => None,
            },
        }
    }
}
