//! Pictures of the Long Range Arena: CIFAR-10 in grey, pixel after pixel.
//!
//! [`Cifar::load`] reads both published layouts, `cifar-10-batches-bin` and
//! `cifar-10-batches-py`.

mod grey;
mod layout;

pub use grey::Grey;
use layout::{class_names, visit};

use crate::digest::Fingerprint;
use crate::error::Result;
use crate::lra::{Pixels, Preparation};
use crate::samples::{Sample, Samples};
use crate::torch_random::random_split;
use std::path::Path;
use std::sync::Arc;

/// Side of a picture.
pub(crate) const SIDE: usize = 32;
/// The classes as published.
const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const SEED: u32 = 42;

/// A split of CIFAR-10 in grey, held in memory.
#[derive(Debug, Clone)]
pub struct Cifar {
    pictures: Arc<Pictures>,
    /// Which pictures are in the split, in order.
    order: Arc<[u32]>,
    names: Arc<[String]>,
    pixels: Pixels,
}

/// Grey levels and classes of a file or several.
#[derive(Debug, Default)]
struct Pictures {
    levels: Vec<u8>,
    labels: Vec<u8>,
}

impl Cifar {
    /// Train, valid and test: nine tenths and one tenth of the training files,
    /// and the test file. S4 splits by PyTorch's permutation and greys as
    /// Pillow does; LRA takes file order here and greys as TensorFlow does.
    ///
    /// # Errors
    /// [`crate::DataError`] naming file and row when a file is missing, cut
    /// off, or not in a published layout.
    pub fn load(path: &Path, preparation: Preparation, pixels: Pixels) -> Result<[Cifar; 3]> {
        let grey = match preparation {
            Preparation::S4 => Grey::Pillow,
            Preparation::Lra => Grey::TensorFlow,
        };
        let (mut train, mut test) = (Pictures::default(), Pictures::default());
        visit(path, |picture| {
            let into = if picture.is_test { &mut test } else { &mut train };
            into.levels.extend(grey.levels(picture.planes));
            into.labels.push(picture.label);
            Ok(())
        })?;
        let names: Arc<[String]> = class_names(path)?.into();
        let count = train.labels.len();
        let first = count * 9 / 10;
        let [learned, valid] = match preparation {
            Preparation::S4 => random_split([first, count - first], SEED),
            Preparation::Lra => [(0..first as u32).collect(), (first as u32..count as u32).collect()],
        };
        let (train, tested) = (Arc::new(train), (0..test.labels.len() as u32).collect::<Vec<_>>());
        let split = |pictures: &Arc<Pictures>, order: Vec<u32>| Cifar {
            pictures: pictures.clone(),
            order: order.into(),
            names: names.clone(),
            pixels,
        };
        Ok([split(&train, learned), split(&train, valid), split(&Arc::new(test), tested)])
    }

    /// Grey levels of a sample, row by row.
    pub fn levels(&self, index: usize) -> &[u8] {
        let start = self.order[index] as usize * SIDE * SIDE;
        &self.pictures.levels[start..start + SIDE * SIDE]
    }
}

impl Samples for Cifar {
    fn len(&self) -> usize {
        self.order.len()
    }

    fn channels(&self) -> usize {
        self.pixels.channels()
    }

    fn classes(&self) -> usize {
        CLASSES.len()
    }

    fn class_names(&self) -> Option<Vec<String>> {
        Some(self.names.to_vec())
    }

    /// Of labels and grey levels, picture by picture.
    fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("pictures");
        for (index, &place) in self.order.iter().enumerate() {
            fingerprint.number(u64::from(self.pictures.labels[place as usize]));
            fingerprint.add(self.levels(index));
        }
        Ok(fingerprint.finish())
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let label = u32::from(self.pictures.labels[self.order[index] as usize]);
        Ok(Sample::of_class(self.pixels.input(self.levels(index)), label))
    }
}
