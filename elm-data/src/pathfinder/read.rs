//! Reading the released folders.

use super::{Difficulty, metadata, png};
use crate::digest::Fingerprint;
use crate::error::Result;
use crate::files;
use crate::lra::{Pixels, Preparation, locate};
use crate::samples::{Sample, Samples};
use crate::torch_random::random_split;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SEED: u32 = 42;
const EXPECTED: &str = "lists of pictures <batch>.npy";

/// A split of the pictures, which stay on disk.
#[derive(Debug, Clone)]
pub struct Pathfinder {
    set: Arc<Set>,
    /// Which pictures are in the split, in order.
    order: Arc<[u32]>,
    pixels: Pixels,
}

#[derive(Debug)]
struct Set {
    folder: PathBuf,
    side: usize,
    entries: Vec<metadata::Entry>,
    /// Bytes of the file of each entry.
    sizes: Vec<u64>,
    empty: Option<PathBuf>,
    /// What is odd about the lists.
    notes: Vec<String>,
}

impl Pathfinder {
    /// Train, valid and test, 80, 10 and 10 in a hundred, of pictures of a
    /// side of 32, 64, 128 (Path-X) or 256: of a folder `pathfinder32` etc.,
    /// one above it, or that of the difficulty itself. Pictures are counted in
    /// the order of their lists; S4 splits by PyTorch's permutation, LRA takes
    /// that order here.
    ///
    /// One empty file is left out ([`Samples::notes`]): there is one in
    /// the release.
    ///
    /// # Errors
    /// [`crate::DataError`] naming file and row when a list or picture is
    /// missing, empty, or not in the released layout.
    pub fn load(
        path: &Path,
        side: usize,
        difficulty: Difficulty,
        preparation: Preparation,
        pixels: Pixels,
    ) -> Result<[Pathfinder; 3]> {
        let set = Arc::new(Set::open(path, side, difficulty)?);
        let count = set.entries.len();
        let tenth = count / 10;
        let lengths = [count - 2 * tenth, tenth, tenth];
        let orders = match preparation {
            Preparation::S4 => random_split(lengths, SEED),
            Preparation::Lra => {
                let (first, second) = ((count - 2 * tenth) as u32, (count - tenth) as u32);
                [0..first, first..second, second..count as u32].map(Iterator::collect)
            }
        };
        Ok(orders.map(|order| Pathfinder { set: set.clone(), order: order.into(), pixels }))
    }

    /// Grey levels of a sample, row by row.
    ///
    /// # Errors
    /// [`crate::DataError`] naming the picture that cannot be read.
    pub fn levels(&self, index: usize) -> Result<Vec<u8>> {
        let entry = &self.set.entries[self.order[index] as usize];
        png::read(&self.set.folder.join(&entry.path), self.set.side)
    }
}

impl Set {
    fn open(path: &Path, side: usize, difficulty: Difficulty) -> Result<Self> {
        let (name, inner) = (format!("pathfinder{side}"), difficulty.folder());
        // S4 keeps all sides in a folder `pathfinder`.
        let outer =
            if path.join("pathfinder").is_dir() { path.join("pathfinder") } else { path.to_path_buf() };
        let folder = if path.join("metadata").is_dir() {
            path.to_path_buf()
        } else {
            locate(&outer, &[&name], inner).join(inner)
        };
        let lists = folder.join("metadata");
        let found = files::numbered(&lists, EXPECTED, |name| name.strip_suffix(".npy")?.parse().ok())?;
        if found.is_empty() {
            return Err(files::missing(&lists, format!("there are no {EXPECTED} here")));
        }
        let mut set =
            Set { folder, side, entries: Vec::new(), sizes: Vec::new(), empty: None, notes: Vec::new() };
        for (_, list) in found {
            let (entries, note) = metadata::read(&list)?;
            set.notes.extend(note);
            for (row, entry) in entries.into_iter().enumerate() {
                let wrong = |reason| files::format(&list, format!("row {}", row + 1), reason);
                set.take(entry).map_err(wrong)?;
            }
        }
        Ok(set)
    }

    /// Adds a picture unless its file is empty, as one may be.
    fn take(&mut self, entry: metadata::Entry) -> std::result::Result<(), String> {
        let path = self.folder.join(&entry.path);
        let about = fs::metadata(&path).map_err(|source| format!("{}: {source}", path.display()))?;
        if !about.is_file() {
            return Err(format!("{} is not a file", path.display()));
        }
        if about.len() > 0 {
            self.entries.push(entry);
            self.sizes.push(about.len());
        } else if let Some(first) = &self.empty {
            return Err(format!(
                "{} is empty, and so is {}; expected pictures",
                path.display(),
                first.display()
            ));
        } else {
            self.empty = Some(path);
        }
        Ok(())
    }
}

impl Samples for Pathfinder {
    fn len(&self) -> usize {
        self.order.len()
    }

    fn channels(&self) -> usize {
        self.pixels.channels()
    }

    fn classes(&self) -> usize {
        2
    }

    /// Of the names of the pictures in their lists, their labels and the sizes
    /// of their files, which have gigabytes.
    fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("pathfinder");
        for &place in self.order.iter() {
            let entry = &self.set.entries[place as usize];
            fingerprint.add(entry.path.as_os_str().as_encoded_bytes());
            fingerprint.number(u64::from(entry.label));
            fingerprint.number(self.set.sizes[place as usize]);
        }
        Ok(fingerprint.finish())
    }

    fn notes(&self) -> Vec<String> {
        let note = |empty: &PathBuf| format!("{}: the picture is empty and was left out", empty.display());
        self.set.empty.iter().map(note).chain(self.set.notes.clone()).collect()
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let label = self.set.entries[self.order[index] as usize].label;
        Ok(Sample::of_class(self.pixels.input(&self.levels(index)?), u32::from(label)))
    }
}
