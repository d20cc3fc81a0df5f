//! Layers that a tensor library may compute by a function of its own: what
//! goes into them, and the composed form that defines what they answer.
//!
//! [`gated`] is a layer of LSTM or GRU units over a whole sequence,
//! [`attention`] compares every step of a sequence with every other.

pub mod attention;
pub mod gated;

pub use attention::Attention;
pub use gated::{GatedAnswer, GatedLayer};

/// Which layers a backend computes by its library's own functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FusedLayers {
    /// [`Backend::lstm`](crate::Backend::lstm)
    pub lstm: bool,
    /// [`Backend::gru`](crate::Backend::gru)
    pub gru: bool,
    /// [`Backend::attention`](crate::Backend::attention)
    pub attention: bool,
}

impl FusedLayers {
    /// All of them.
    pub const ALL: Self = FusedLayers { lstm: true, gru: true, attention: true };
}
