//! `elm data check`: reads everything once.

use super::read::{DataArgs, Found, Opened};
use crate::answer::{Exit, print};
use crate::config::{DataKind, Named};
use crate::in_words;
use crate::run::progress::Progress;
use crate::run::signals::StopFlag;
use anyhow::Result;
use elm_data::DataError;
use elm_data::spikes::{Collection, SpikeFile, find};
use elm_data::survey::{Survey, survey};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::ControlFlow;

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The document that `--json` prints.
#[derive(Debug, Default, Serialize)]
struct Report {
    path: String,
    kind: Option<String>,
    /// Can it be trained on?
    usable: bool,
    /// Is it intact, only less than training needs?
    too_small: bool,
    splits: BTreeMap<&'static str, SplitReport>,
    warnings: Vec<String>,
    errors: Vec<String>,
}

#[derive(Debug, Serialize)]
struct SplitReport {
    samples: usize,
    shortest: f64,
    mean_length: f64,
    longest: f64,
    /// Samples of each class.
    classes: Vec<u64>,
    empty: u64,
    unreadable: u64,
    /// Samples whose class is not what their input asks for, where that can be
    /// worked out (ListOps).
    wrong: u64,
}

/// Checks and reports.
pub(super) fn run(args: &CheckArgs) -> Result<Exit> {
    let stop = StopFlag::install()?;
    let mut report = Report { path: args.data.path.display().to_string(), ..Report::default() };
    match look(&args.data, &mut report) {
        Ok(found) => {
            report.warnings.extend(found.notes);
            if !read_all(&found.opened, &mut report, &stop) {
                return Ok(Exit::Interrupted);
            }
        }
        Err(error) if is_usage(&error) => return Err(error),
        Err(error) => {
            report.too_small = is_too_small(&error);
            report.errors.push(in_words(&error));
        }
    }
    report.usable = report.errors.is_empty();
    print(args.json, &report, || report.text())?;
    Ok(if report.usable { Exit::Done } else { Exit::Failed })
}

/// Tells what it is and opens it. Compact copies are compared with their
/// files, which may have changed unnoticed.
fn look(data: &DataArgs, report: &mut Report) -> Result<Found> {
    let kind = data.kind()?;
    report.kind = Some(kind.name().to_string());
    if matches!(kind, DataKind::Shd | DataKind::ShdAdding | DataKind::Ssc) {
        let collection = if kind == DataKind::Ssc { Collection::Ssc } else { Collection::Shd };
        let of_set = |name: &&str| find(&data.path, name).ok();
        let files = match data.path.is_dir() {
            true => collection.files().iter().filter_map(of_set).collect(),
            false => vec![data.path.clone()],
        };
        for file in files {
            if SpikeFile::verified(&file, collection)?.1 {
                let note = "the compact copy held something else and was made again";
                report.warnings.push(format!("{}: {note}", file.display()));
            }
        }
    }
    data.open()
}

/// Is an error about what was said rather than about the data?
fn is_usage(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(DataError::Setting { .. })) && !is_too_small(error)
}

/// Is an error about how much there is? Nobody has said here how many lines of
/// a recording are a sample.
fn is_too_small(error: &anyhow::Error) -> bool {
    match error.downcast_ref() {
        Some(DataError::TooFew { .. }) => true,
        Some(DataError::Setting { setting, .. }) => setting == "data.window",
        _ => false,
    }
}

/// Reads every sample; false when it was stopped.
fn read_all(opened: &Opened, report: &mut Report, stop: &StopFlag) -> bool {
    let splits = match opened {
        Opened::Samples(splits) => splits,
        Opened::Text(corpus) => {
            for (name, tokens) in [("train", &corpus.train), ("valid", &corpus.valid), ("test", &corpus.test)]
            {
                let mut classes = vec![0; corpus.vocabulary.len()];
                tokens.iter().for_each(|&token| classes[usize::from(token)] += 1);
                let length = tokens.len() as f64;
                let split = SplitReport {
                    samples: 1,
                    shortest: length,
                    mean_length: length,
                    longest: length,
                    classes,
                    empty: 0,
                    unreadable: 0,
                    wrong: 0,
                };
                report.splits.insert(name, split);
            }
            return true;
        }
    };
    for (name, samples) in splits {
        let mut progress = Progress::new(name, 0, samples.len() as u64);
        let found = survey(&**samples, &mut |done| {
            progress.update(done as u64, String::new);
            if stop.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let Some(found) = found else { return false };
        report.add(name, found);
    }
    true
}

impl Report {
    fn add(&mut self, name: &'static str, found: Survey) {
        if found.samples == 0 {
            self.errors.push(format!("{name}: holds no sample; expected at least one"));
        }
        if let Some(first) = found.first_empty {
            self.warnings.push(format!("{name}: {} empty samples, the first is sample {first}", found.empty));
        }
        for (index, error) in &found.errors {
            self.errors.push(format!("{name}, sample {index}: {error}"));
        }
        let all = found.unreadable + found.wrong;
        if all > found.errors.len() as u64 {
            let more = all - found.errors.len() as u64;
            self.errors.push(format!(
                "{name}: {more} more such samples; in all {} cannot be read and {} have a wrong class",
                found.unreadable, found.wrong
            ));
        }
        let [shortest, mean_length, longest] = found.steps;
        let split = SplitReport {
            samples: found.samples,
            shortest,
            mean_length,
            longest,
            classes: found.classes,
            empty: found.empty,
            unreadable: found.unreadable,
            wrong: found.wrong,
        };
        self.splits.insert(name, split);
    }

    fn text(&self) -> String {
        let kind = self.kind.as_deref().unwrap_or("unknown data");
        let mut text = format!("{}: {kind}\n", self.path);
        for name in ["file", "train", "valid", "test"] {
            let Some(split) = self.splits.get(name) else { continue };
            let rarest = split.classes.iter().min().copied().unwrap_or(0);
            let commonest = split.classes.iter().max().copied().unwrap_or(0);
            let classes = match split.classes.len() {
                0 => String::new(),
                count => format!(", {count} classes of {rarest} to {commonest}"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{name:<6} {:>7} samples, {} to {} time steps (mean {:.1}){classes}",
                split.samples, split.shortest, split.longest, split.mean_length,
            );
        }
        for (what, lines) in [("warning", &self.warnings), ("error", &self.errors)] {
            lines.iter().for_each(|line| text.push_str(&format!("{what}: {line}\n")));
        }
        text + match (self.usable, &self.kind) {
            (true, _) => "usable",
            _ if self.too_small => "intact, but too small to train on",
            (false, Some(_)) => "damaged",
            (false, None) => "unknown",
        }
    }
}
