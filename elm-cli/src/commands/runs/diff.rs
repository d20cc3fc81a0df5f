//! `elm runs diff`: two runs side by side.

use super::row::Row;
use super::table::{aligned, narrowed, room};
use crate::model::ConfiguredModel;
use crate::run::changes::between;
use crate::run::find::is_run;
use crate::run::{Provenance, RunRecord};
use anyhow::{Result, bail};
use elm_core::train::Scores;
use serde::Serialize;
use std::path::Path;

/// The document that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct DiffReport {
    /// The folder of the first run.
    pub a: String,
    /// That of the second.
    pub b: String,
    /// Settings that differ.
    pub settings: Vec<SettingOfBoth>,
    /// How both came out.
    pub figures: Vec<OfBoth>,
    /// What made them, where that differs: program, machine, data.
    pub origin: Vec<OfBoth>,
    /// The first run as `elm runs --json` has it.
    pub run_a: Row,
    /// The second.
    pub run_b: Row,
}

/// A setting of both runs.
#[derive(Debug, Clone, Serialize)]
pub struct SettingOfBoth {
    /// Its key.
    pub key: String,
    /// Its value in the first run, as TOML has it; `None`: not set.
    pub a: Option<String>,
    /// That in the second.
    pub b: Option<String>,
    /// Where the value of the first comes from.
    pub a_origin: Option<String>,
    /// And that of the second.
    pub b_origin: Option<String>,
}

/// What both runs have under a name, for people.
#[derive(Debug, Clone, Serialize)]
pub struct OfBoth {
    /// The name.
    pub name: String,
    /// The first run's.
    pub a: Option<String>,
    /// The second's.
    pub b: Option<String>,
}

/// Compares two runs.
///
/// # Errors
/// When one is not the folder of a run.
pub fn run<S: ConfiguredModel>(a: &Path, b: &Path) -> Result<DiffReport> {
    if let Some(other) = [a, b].into_iter().find(|run| !is_run(run)) {
        bail!("{}: this is not the folder of a run", other.display());
    }
    let (run_a, run_b) = (Row::of::<S>(a), Row::of::<S>(b));
    let setting = |change: crate::run::changes::Change| {
        let origin = |row: &Row| row.all.get(&change.key).map(|setting| setting.origin.clone());
        let (a_origin, b_origin) = (origin(&run_a), origin(&run_b));
        SettingOfBoth { key: change.key, a: change.was, b: change.now, a_origin, b_origin }
    };
    let settings = between(&run_a.all, &run_b.all).into_iter().map(setting).collect();
    let figures = pairs(figures(&run_a), figures(&run_b), false);
    let origin = pairs(made_by(a), made_by(b), true);
    Ok(DiffReport {
        a: a.display().to_string(),
        b: b.display().to_string(),
        settings,
        figures,
        origin,
        run_a,
        run_b,
    })
}

type Told = Vec<(String, String)>;

/// How a run came out, by name.
fn figures(row: &Row) -> Told {
    let mut told: Told = vec![("state".into(), row.state.into())];
    let mut add =
        |name: &str, value: Option<String>| told.extend(value.map(|value| (name.to_string(), value)));
    add("trainable_parameters", row.trainable_parameters.map(|count| count.to_string()));
    add("steps", Some(row.step.to_string()));
    add("kept_steps", row.kept.map(|kept| kept.to_string()));
    add("best_step", row.best_step.map(|step| step.to_string()));
    add("seconds", row.seconds.map(|seconds| format!("{seconds:.1}")));
    add("steps_per_second", row.steps_per_second.map(|speed| format!("{speed:.2}")));
    for (split, scores) in [("valid", &row.valid), ("test", &row.test)] {
        told.extend(scores.iter().flat_map(|scores| of_split(split, scores)));
    }
    told
}

fn of_split(split: &str, scores: &Scores) -> Told {
    let loss = scores.loss.map(|loss| ("loss", loss));
    let measured = scores.measured.iter().map(|(metric, value)| (metric.name(), value));
    let all = loss.into_iter().chain(measured);
    all.map(|(name, value)| (format!("{split}_{name}"), format!("{value:.6}"))).collect()
}

/// What a run was made by, last, and from.
fn made_by(run: &Path) -> Told {
    let Ok(record) = RunRecord::read(run) else { return Vec::new() };
    let mut told: Told = record.starts.last().map(|start| of_program(&start.provenance)).unwrap_or_default();
    for split in ["train", "valid", "test"] {
        let digest = record.data.as_ref().map(|data| data.of(split));
        told.extend(
            digest
                .and_then(|digest| digest.get(..16))
                .map(|short| (format!("{split} data"), format!("{short}…"))),
        );
    }
    told.extend(
        record.from.map(|from| ("weights from".into(), format!("{} ({})", from.run, from.checkpoint))),
    );
    told.extend(record.imported.map(|from| ("imported from".into(), from.file)));
    told
}

/// What a start of the program tells of itself, by name.
pub(crate) fn of_program(start: &Provenance) -> Told {
    let features = start.features.join(", ");
    let told = [
        ("elm", Some(start.elm.clone())),
        ("commit", start.commit.clone()),
        ("features", (!features.is_empty()).then_some(features)),
        ("date", Some(start.date.clone())),
        ("host", Some(start.host.clone())),
        ("backend", Some(format!("{} ({})", start.backend, start.library))),
        ("device", Some(start.device.clone())),
        ("threads", Some(start.threads.to_string())),
        ("instructions", Some(start.instructions.clone())),
    ];
    told.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect()
}

/// Both lists by name, in the order of the first.
fn pairs(a: Told, b: Told, only_different: bool) -> Vec<OfBoth> {
    let of =
        |list: &Told, name: &str| list.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let mut names: Vec<&String> = a.iter().map(|(name, _)| name).collect();
    names.extend(b.iter().map(|(name, _)| name).filter(|name| of(&a, name).is_none()));
    let both = names.into_iter().map(|name| OfBoth { name: name.clone(), a: of(&a, name), b: of(&b, name) });
    both.filter(|both| !only_different || both.a != both.b).collect()
}

impl DiffReport {
    /// Three tables for people, as wide as the terminal.
    pub fn text(&self) -> String {
        let room = room();
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
        let with_origin = |own: &Option<String>, origin: &Option<String>| match origin {
            Some(origin) if own.is_some() => format!("{} ({origin})", value(own)),
            _ => value(own),
        };
        let settings: Vec<[String; 3]> = self
            .settings
            .iter()
            .map(|own| {
                [own.key.clone(), with_origin(&own.a, &own.a_origin), with_origin(&own.b, &own.b_origin)]
            })
            .collect();
        let of_both = |list: &[OfBoth]| -> Vec<[String; 3]> {
            list.iter().map(|own| [own.name.clone(), value(&own.a), value(&own.b)]).collect()
        };
        let mut text = self.table("settings", settings, room);
        text += &self.table("figures", of_both(&self.figures), room);
        text + &self.table("made by", of_both(&self.origin), room)
    }

    fn table(&self, head: &str, lines: Vec<[String; 3]>, room: usize) -> String {
        if lines.is_empty() {
            return format!("{head}: no difference\n\n");
        }
        let column = |at: usize| lines.iter().map(|line| line[at].clone()).collect();
        let heads = [head.to_string(), self.a.clone(), self.b.clone()];
        let columns: Vec<_> = heads.into_iter().enumerate().map(|(at, head)| (head, column(at))).collect();
        aligned(&narrowed(columns, room)) + "\n"
    }
}
