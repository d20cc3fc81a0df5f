//! Which files of a folder are which split.
//!
//! Published are two archives: folders `full_ergodic_train_batch_1` to `_10`,
//! the first of which validates, and a folder `Data_test`. They may lie below
//! each other; folders `train`, `valid` and `test` do as well.

use crate::error::Result;
use crate::files::{io, missing};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders below the given one that are looked into.
const DEPTH: usize = 3;
/// Folders looked into at most.
const MOST_FOLDERS: usize = 10_000;
const NAMES: [&str; 3] = ["train", "valid", "test"];

/// The files of train, valid and test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// Paths of each split, sorted.
    pub splits: [Vec<PathBuf>; 3],
    /// What was taken for what, and what was passed over.
    pub notes: Vec<String>,
}

impl Layout {
    /// Looks at the names in a folder.
    ///
    /// # Errors
    /// When it cannot be read, or a split has no file.
    pub fn of(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            return Err(missing(folder, "there is no such folder; expected one with the files of NeuronIO"));
        }
        let mut search = Search::default();
        search.look(folder, "", None, DEPTH)?;
        let mut layout = Layout::default();
        for (split, name) in NAMES.into_iter().enumerate() {
            let files = &mut search.files[split];
            files.sort();
            if files.is_empty() {
                let reason = format!(
                    "there are no files for {name}; expected pickles in full_ergodic_train_batch_1 (valid), \
                     _2 to _10 (train) and Data_test (test), or in folders train, valid and test"
                );
                return Err(missing(folder, reason));
            }
            let of_folder = |(name, count): (&String, &usize)| format!("{name} ({count})");
            let folders: Vec<String> = search.folders[split].iter().map(of_folder).collect();
            layout.notes.push(format!("{}: {name} is {}", folder.display(), folders.join(", ")));
            layout.splits[split] = std::mem::take(files);
        }
        if let Some(first) = search.passed_over.first() {
            let count = search.passed_over.len();
            layout
                .notes
                .push(format!("{}: {count} other files passed over, {first} first", folder.display()));
        }
        Ok(layout)
    }
}

/// Is a file one of simulations, by its name?
fn is_pickle(name: &str) -> bool {
    [".p", ".pkl", ".pickle"].iter().any(|end| name.ends_with(end))
}

/// Which split a folder holds by its name, a place in [`NAMES`]; `Some(None)`
/// when it is another published set.
fn split_of(name: &str) -> Option<Option<usize>> {
    let number = name.rsplit_once("batch_").and_then(|(_, number)| number.parse::<u32>().ok());
    match (number, name) {
        (Some(1), _) => Some(Some(1)),
        (Some(_), _) => Some(Some(0)),
        (_, "Data_test" | "test") => Some(Some(2)),
        (_, "train") => Some(Some(0)),
        (_, "valid" | "val" | "validation") => Some(Some(1)),
        _ if name.starts_with("Data_test") => Some(None),
        _ => None,
    }
}

#[derive(Default)]
struct Search {
    files: [Vec<PathBuf>; 3],
    /// Number of files in each folder.
    folders: [BTreeMap<String, usize>; 3],
    passed_over: Vec<String>,
    looked_into: usize,
}

impl Search {
    /// Looks into a folder; the innermost name that tells a split counts.
    fn look(&mut self, folder: &Path, name: &str, split: Option<usize>, depth: usize) -> Result<()> {
        self.looked_into += 1;
        if self.looked_into > MOST_FOLDERS {
            return Err(missing(
                folder,
                format!("more than {MOST_FOLDERS} folders; expected those of NeuronIO"),
            ));
        }
        let mut entries = fs::read_dir(folder)
            .and_then(|entries| entries.collect::<std::io::Result<Vec<_>>>())
            .map_err(|source| io(folder, source))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let own = entry.file_name().to_string_lossy().into_owned();
            let relative = if name.is_empty() { own.clone() } else { format!("{name}/{own}") };
            let path = entry.path();
            if path.is_dir() {
                if depth > 0 {
                    self.look(&path, &relative, split_of(&own).unwrap_or(split), depth - 1)?;
                }
                continue;
            }
            match split {
                Some(split) if is_pickle(&own) => {
                    self.files[split].push(path);
                    *self.folders[split].entry(name.to_string()).or_default() += 1;
                }
                _ if is_ours(&own) => {}
                _ => self.passed_over.push(relative),
            }
        }
        Ok(())
    }
}

/// Compact copies and recipes, which nobody needs to be told of.
fn is_ours(name: &str) -> bool {
    name.ends_with(".neuronio") || name == "recipe.txt"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(names: &[&str]) -> Result<Layout> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let mut found = Layout::of(folder.path())?;
        for path in found.splits.iter_mut().flatten() {
            *path = path.strip_prefix(folder.path()).unwrap().to_path_buf();
        }
        Ok(found)
    }

    fn names(paths: Vec<PathBuf>) -> Vec<String> {
        paths.iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn the_published_archives_and_plain_folders_are_known() {
        let batch = |n: u32| format!("neuronio/train/full_ergodic_train_batch_{n}/sim__{n}.p");
        let [one, two, ten] = [1, 2, 10].map(batch);
        let test = "neuronio/test/Data_test/sim__t.p";
        let other = "neuronio/test/Data_test_OOD/sim__o.p";
        let readme = "neuronio/train/full_ergodic_train_batch_2/readme.md";
        let found = layout(&[&one, &two, &ten, test, other, readme]).unwrap();
        assert_eq!(found.splits.map(names), [vec![ten, two], vec![one], vec![test.to_string()]]);
        assert_eq!(found.notes.len(), 4);
        assert!(
            found.notes[3].ends_with("2 other files passed over, neuronio/test/Data_test_OOD/sim__o.p first")
        );
        let plain = layout(&["train/a.p", "val/b.pkl", "test/c.pickle", "test/c.neuronio"]).unwrap();
        assert_eq!(plain.splits.map(names), [["train/a.p"], ["val/b.pkl"], ["test/c.pickle"]]);
        assert_eq!(plain.notes.len(), 3);
    }

    #[test]
    fn a_split_without_files_is_named() {
        let error = layout(&["train/a.p", "test/c.p"]).unwrap_err().to_string();
        assert!(error.contains("no files for valid"), "{error}");
    }
}
