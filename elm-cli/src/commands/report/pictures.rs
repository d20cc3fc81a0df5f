//! Pictures inside of a page.
//!
//! They are images with their bytes in the address: nothing in one can run or
//! reach the page, whoever wrote it.

use super::links::encoded;
use maud::{Markup, html};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Bytes of one picture, and of all on a page; more makes it slow to open.
const LARGEST: u64 = 4 << 20;
const MOST: u64 = 40 << 20;

/// A picture, with its name below it unless it has a title of its own.
pub(super) fn figure(name: &str, titled: bool, kind: &str, bytes: &[u8]) -> Markup {
    let data = encoded(bytes);
    html! {
        figure {
            img alt=(name) src={ "data:image/" (kind) "," (data) };
            @if !titled { figcaption { (name) } }
        }
    }
}

/// Pictures next to each other.
pub(super) fn grid(figures: &[Markup]) -> Option<Markup> {
    let grid = || html! { div class="pictures" { @for figure in figures { (figure) } } };
    (!figures.is_empty()).then(grid)
}

/// The pictures below a folder, at any depth, each once: of one that is there
/// as SVG and as PNG the SVG.
pub(super) fn below(folder: &Path) -> BTreeSet<PathBuf> {
    let (mut files, mut folders) = (BTreeSet::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for (path, is_folder) in entries(&folder) {
            if is_folder {
                folders.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    once(files)
}

/// Those in a folder itself.
pub(super) fn inside(folder: &Path) -> BTreeSet<PathBuf> {
    once(entries(folder).into_iter().filter(|(_, is_folder)| !is_folder).map(|(path, _)| path).collect())
}

fn once(files: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let is_copy = |file: &PathBuf| kind(file) == Some("png") && files.contains(&file.with_extension("svg"));
    files.iter().filter(|file| kind(file).is_some() && !is_copy(file)).cloned().collect()
}

/// Files and folders, but no links.
fn entries(folder: &Path) -> Vec<(PathBuf, bool)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let told = |entry: std::fs::DirEntry| {
        let kind = entry.file_type().ok()?;
        (kind.is_dir() || kind.is_file()).then(|| (entry.path(), kind.is_dir()))
    };
    entries.filter_map(told).collect()
}

/// The kind of picture as an address names it.
fn kind(file: &Path) -> Option<&'static str> {
    match file.extension()?.to_str()? {
        "svg" => Some("svg+xml"),
        "png" => Some("png"),
        _ => None,
    }
}

/// Pictures of files, called by their place in a folder. What is too large is
/// noted.
pub(super) fn embedded(files: &BTreeSet<PathBuf>, folder: &Path, notes: &mut Vec<String>) -> Vec<Markup> {
    let mut figures = Vec::new();
    let mut all = 0;
    for file in files {
        let name = file.strip_prefix(folder).unwrap_or(file).with_extension("").display().to_string();
        let size = std::fs::metadata(file).map_or(0, |file| file.len());
        if size > LARGEST || all + size > MOST {
            notes.push(format!("{}: too large for the page, left out", file.display()));
            continue;
        }
        match std::fs::read(file) {
            Ok(bytes) => figures.push(figure(
                &name.replace(['_', '-'], " "),
                false,
                kind(file).unwrap_or("png"),
                &bytes,
            )),
            Err(error) => notes.push(format!("{}: {error}", file.display())),
        }
        all += size;
    }
    figures
}
