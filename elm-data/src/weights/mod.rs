//! Weights as other programs file them.
//!
//! [`torch`] reads what PyTorch's `torch.save` makes of a state dict, in the
//! new form (a zip) and the old one (pickles one after the other);
//! [`equinox`] what Equinox's `tree_serialise_leaves` makes of a model (arrays
//! one after the other, without names). Nothing in them is executed, and no
//! size that they tell is believed before the bytes for it are there.

mod elements;
pub mod equinox;
mod state_dict;
pub mod torch;
mod torch_old;
mod torch_zip;

/// An array of numbers, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberArray {
    /// Its shape; empty for a single number.
    pub shape: Vec<usize>,
    /// Its numbers.
    pub numbers: Numbers,
}

/// The numbers of an array, whatever their width in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// Real numbers; those of double precision are rounded.
    Floats(Vec<f32>),
    /// Whole numbers and truth values (0 and 1).
    Integers(Vec<i64>),
}

impl Numbers {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Numbers::Floats(values) => values.len(),
            Numbers::Integers(values) => values.len(),
        }
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those at these places, which all exist.
    fn at(&self, places: &[usize]) -> Numbers {
        match self {
            Numbers::Floats(values) => Numbers::Floats(places.iter().map(|&place| values[place]).collect()),
            Numbers::Integers(values) => {
                Numbers::Integers(places.iter().map(|&place| values[place]).collect())
            }
        }
    }
}

/// Larger files hold other things than the weights of such models.
const LARGEST: u64 = 1 << 30;

/// So many numbers may come out of one file.
const MOST_NUMBERS: usize = 1 << 27;
