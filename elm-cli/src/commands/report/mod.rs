//! `elm report`: a run or a sweep as one page that needs nothing else.
//!
//! `page`: the frame and its pieces, `style.css`: how they look. `of_run`,
//! `of_sweep`: what is on a page. `curves`, `pictures`, `settings`, `log`: its
//! sections. `links`: where folders are seen from a page.

mod curves;
mod links;
mod log;
mod of_run;
mod of_sweep;
mod page;
mod pictures;
mod settings;

use crate::model::ConfiguredModel;
use crate::run::find::is_run;
use crate::run::folder::{file_to_write, write_atomically};
use crate::sweep::Plan;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What to write about.
#[derive(Debug, Clone)]
pub struct ReportRequest {
    /// The folder of a run or a sweep.
    pub path: PathBuf,
    /// The file to write; `None`: `report.html` in that folder.
    pub out: Option<PathBuf>,
}

/// The document that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The page.
    pub file: String,
    /// Its size.
    pub bytes: usize,
    /// What people should know.
    pub notes: Vec<String>,
}

/// Writes the page.
///
/// # Errors
/// When the folder is neither that of a run nor of a sweep, or the page cannot
/// be written.
pub fn run<S: ConfiguredModel>(request: &ReportRequest) -> Result<Report> {
    let path = &request.path;
    let plan = Plan::read(path)?;
    if plan.is_none() && !is_run(path) {
        bail!("{}: this is the folder of neither a run nor a sweep", path.display());
    }
    let out = file(request)?;
    let mut notes = Vec::new();
    let (title, content) = match plan {
        Some(plan) => {
            let from = out.parent().unwrap_or(Path::new("")).to_path_buf();
            of_sweep::page::<S>(&plan, path, &|folder| links::to_folder(&from, folder), &mut notes)
        }
        None => of_run::page::<S>(path, &mut notes),
    };
    let document = page::document(&format!("{title} – elm"), &content);
    write_atomically(&out, document.as_bytes())?;
    Ok(Report { file: out.display().to_string(), bytes: document.len(), notes })
}

/// The file to write, with a folder for it.
fn file(request: &ReportRequest) -> Result<PathBuf> {
    let Some(out) = &request.out else { return Ok(request.path.join("report.html")) };
    if out.is_dir() {
        bail!("{}: this is a folder; name a file", out.display());
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    file_to_write(out)
}

/// The name of a folder, also of `.`.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    whole.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}
