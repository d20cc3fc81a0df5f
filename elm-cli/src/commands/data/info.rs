//! `elm data info`: counts, and a look at some samples.

use super::picture::{self, Picture};
use super::read::{DataArgs, Opened};
use crate::answer::{Exit, print};
use anyhow::Result;
use elm_data::{Answer, AnswerKind, SampleInput, Samples};
use serde::Serialize;
use std::path::PathBuf;

/// Characters or tokens of a sample that are shown.
const SHOWN: usize = 160;

#[derive(Debug, clap::Args)]
pub(crate) struct InfoArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Samples of each split to show
    #[arg(long, default_value_t = 1)]
    samples: usize,
    /// Write pictures of these samples to a PNG file
    #[arg(long, value_name = "FILE.png")]
    out: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The document that `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    path: String,
    kind: String,
    /// Channels or distinct tokens.
    channels: usize,
    classes: usize,
    /// Names of the classes, where the data has names.
    class_names: Option<Vec<String>>,
    /// Are the answers real values (else classes)?
    #[serde(skip)]
    real: bool,
    /// Samples (of a text: tokens) of each split.
    splits: Vec<(&'static str, usize)>,
    notes: Vec<String>,
}

/// Looks and reports.
pub(super) fn run(args: &InfoArgs) -> Result<Exit> {
    let found = args.data.open()?;
    let (channels, classes, class_names, splits) = match &found.opened {
        Opened::Text(corpus) => {
            let symbols = corpus.vocabulary.len();
            let lengths =
                [("train", corpus.train.len()), ("valid", corpus.valid.len()), ("test", corpus.test.len())];
            (symbols, symbols, None, lengths.to_vec())
        }
        Opened::Samples(splits) => {
            let first = splits.first();
            let channels = first.map_or(0, |(_, samples)| samples.channels());
            let classes = first.map_or(0, |(_, samples)| samples.classes());
            let names = first.and_then(|(_, samples)| samples.class_names());
            (channels, classes, names, splits.iter().map(|(name, samples)| (*name, samples.len())).collect())
        }
    };
    let real = match &found.opened {
        Opened::Text(_) => false,
        Opened::Samples(splits) => splits.iter().any(|(_, samples)| {
            matches!(samples.answers(), AnswerKind::Values | AnswerKind::ValuesEveryStep)
        }),
    };
    let path = args.data.path.display().to_string();
    let report =
        Report { path, kind: found.kind, channels, classes, class_names, real, splits, notes: found.notes };
    let mut pictures = Vec::new();
    let mut shown = String::new();
    match &found.opened {
        Opened::Text(corpus) => {
            let start = corpus.vocabulary.decode(&corpus.train[..corpus.train.len().min(SHOWN)]);
            shown = format!("train starts: {:?}\n", String::from_utf8_lossy(&start));
        }
        Opened::Samples(splits) => {
            for (name, samples) in splits {
                for index in 0..args.samples.min(samples.len()) {
                    shown += &show(name, &**samples, index, &mut pictures)?;
                }
            }
        }
    }
    if let Some(out) = &args.out {
        if pictures.is_empty() {
            anyhow::bail!("{}: {} has no pictures of its samples", out.display(), report.kind);
        }
        picture::write(out, &pictures)?;
    }
    print(args.json, &report, || report.text() + &shown)?;
    Ok(Exit::Done)
}

/// A sample in words and shades.
fn show(name: &str, samples: &dyn Samples, index: usize, pictures: &mut Vec<Picture>) -> Result<String> {
    let sample = samples.read(index)?;
    let tokens = |ids: &[u32]| {
        let shown: Vec<String> = ids.iter().take(SHOWN / 4).map(u32::to_string).collect();
        format!(
            "{} tokens: {}{}\n",
            ids.len(),
            shown.join(" "),
            if ids.len() > SHOWN / 4 { " …" } else { "" }
        )
    };
    let picture = Picture::of(&sample.input, samples.channels());
    let content = match (&sample.input, &picture) {
        (SampleInput::Tokens(ids), _) => tokens(ids),
        (SampleInput::TokenPair([a, b]), _) => format!("{}  with {}", tokens(a), tokens(b)),
        (SampleInput::Events { steps, events }, Some(picture)) => {
            format!(
                "{steps} time steps, {} of them and channels with spikes\n{}",
                events.len(),
                picture.text()
            )
        }
        (SampleInput::Dense { values, .. }, Some(picture)) => {
            format!("{} pixels\n{}", values.len(), picture.text())
        }
        (SampleInput::Dense { channels, values }, None) => {
            format!("{} time steps of {channels} channels\n", values.len() / (*channels).max(1))
        }
        _ => "\n".into(),
    };
    pictures.extend(picture);
    let answer = answer(&sample.answer, &samples.class_names().unwrap_or_default());
    Ok(format!("{name}, sample {index}, {answer}: {content}"))
}

/// What is to be predicted, in words.
fn answer(answer: &Answer, names: &[String]) -> String {
    match answer {
        Answer::Class(class) => {
            let name = names.get(*class as usize).map_or(String::new(), |name| format!(" ({name})"));
            format!("class {class}{name}")
        }
        Answer::ClassEveryStep(_) => "a class at every step".into(),
        Answer::Values(values) => {
            let shown: Vec<String> = values.iter().take(8).map(f32::to_string).collect();
            format!("{}{}", shown.join(", "), if values.len() > 8 { " …" } else { "" })
        }
        Answer::ValuesEveryStep(_) => "values at every step".into(),
    }
}

impl Report {
    fn text(&self) -> String {
        let splits: Vec<String> = self.splits.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let mut text = format!(
            "{}: {}; {}; {} channels or symbols, {} {}\n",
            self.path,
            self.kind,
            splits.join(", "),
            self.channels,
            self.classes,
            if self.real { "values" } else { "classes" }
        );
        self.notes.iter().for_each(|note| text.push_str(&format!("note: {note}\n")));
        text
    }
}
