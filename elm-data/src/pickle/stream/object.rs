//! Objects in the machine: calls that are known, and the states they are given.

use super::Step;
use super::global::Global;
use half::f16;

/// A value on the stack. What it holds itself needs no place elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    None,
    Int(i64),
    Float(f64),
    /// A string of up to eight bytes, and its length.
    Bytes([u8; 8], u8),
    /// A longer string that was passed over.
    PassedOver,
    Global(Global),
    /// A place in the table of nodes.
    Node(u32),
}

/// What needs a place of its own.
#[derive(Debug)]
pub(super) enum Node {
    Bytes(Box<[u8]>),
    /// A list of whole numbers; also one without members.
    Integers(Vec<i32>),
    List(Vec<Value>),
    Tuple(Box<[Value]>),
    Dict(Vec<(Value, Value)>),
    Type(Type),
    /// An array; without content where that was passed over, or not given yet.
    Array {
        element: Option<Type>,
        content: Option<Box<[u8]>>,
    },
    /// Something whose content does not matter.
    Opaque,
}

/// A type of numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    /// `f`, `i`, `u` or `b`, as in NumPy's names.
    pub(super) kind: u8,
    /// Bytes of a number.
    pub(super) width: usize,
    /// `>` when the first byte counts most.
    pub(super) order: u8,
}

impl Type {
    /// A type by NumPy's name, `f2` and its like.
    pub(super) fn named(name: &[u8]) -> Step<Self> {
        match name {
            [kind @ (b'i' | b'u' | b'b' | b'f'), width @ (b'1' | b'2' | b'4' | b'8')] => {
                Ok(Type { kind: *kind, width: usize::from(width - b'0'), order: b'|' })
            }
            _ => Err(format!("numbers of type {:?} are not known", String::from_utf8_lossy(name))),
        }
    }

    /// A number of this type.
    pub(super) fn number(self, bytes: &[u8]) -> Option<Value> {
        if bytes.len() != self.width {
            return None;
        }
        let mut little = [0; 8];
        little[..self.width].copy_from_slice(bytes);
        if self.order == b'>' {
            little[..self.width].reverse();
        }
        let [a, b, c, d, ..] = little;
        let unused = 64 - 8 * self.width as u32;
        match (self.kind, self.width) {
            (b'f', 2) => Some(Value::Float(f16::from_le_bytes([a, b]).to_f64())),
            (b'f', 4) => Some(Value::Float(f64::from(f32::from_le_bytes([a, b, c, d])))),
            (b'f', 8) => Some(Value::Float(f64::from_le_bytes(little))),
            (b'f', _) => None,
            (b'i', _) => Some(Value::Int((i64::from_le_bytes(little) << unused) >> unused)),
            _ => i64::try_from(u64::from_le_bytes(little)).ok().map(Value::Int),
        }
    }
}
