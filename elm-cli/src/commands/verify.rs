//! `elm verify`: is this backend right on this machine?

use crate::TrainedRun;
use crate::model::AnyModel;
use crate::run::Which;
use anyhow::{Context, Result, bail};
use elm_core::Backend;
use elm_core::device::ScanChoice;
use elm_core::model::Head;
use elm_core::records::{
    Answers, Case, Deviation, Group, Tolerance, answer, built_in, compare, drawn, parse,
};
use elm_core::reference::Reference;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What to verify.
pub struct VerifyRequest {
    /// Cases with the answers expected of them.
    records: Vec<(Case, Answers, Tolerance)>,
    /// The path that must have run.
    scan: ScanChoice,
}

/// How one record came out.
#[derive(Debug, Clone, Serialize)]
pub struct RecordReport {
    /// The record's name.
    pub record: String,
    /// The backend's name.
    pub backend: String,
    /// The device used.
    pub device: String,
    /// `fused` or `composed`.
    pub scan: String,
    /// Is everything within tolerance?
    pub ok: bool,
    /// Worst deviation of each group that the record has.
    pub worst: BTreeMap<Group, f64>,
    /// What lies outside of its tolerance.
    pub failures: Vec<Deviation>,
}

impl VerifyRequest {
    /// Reads the records at the given paths, makes those of run folders, or,
    /// without a path, the built-in ones.
    ///
    /// # Errors
    /// When a record cannot be read, naming the file.
    pub fn new(paths: &[PathBuf], scan: ScanChoice) -> Result<Self> {
        let mut records = Vec::new();
        if paths.is_empty() {
            for case in built_in()? {
                let expected = answer(&Reference, &case)?;
                records.push((case, expected, Tolerance::F32));
            }
        }
        for path in paths {
            if path.join("config.toml").is_file() {
                records.push(of_run(path)?);
                continue;
            }
            for json in record_files(path)? {
                records.push(read(&json)?);
            }
        }
        Ok(VerifyRequest { records, scan })
    }
}

/// The network of a run with its best weights on drawn input.
fn of_run(run: &Path) -> Result<(Case, Answers, Tolerance)> {
    let TrainedRun { network, weights, .. } = TrainedRun::<AnyModel>::open_weights(run, Which::Best)?;
    let AnyModel::Elm(network) = network else {
        bail!("{}: a run of a baseline; only ELM neurons and networks are verified", run.display());
    };
    if matches!(network.head, Head::Pair { .. }) {
        bail!("{}: a network that compares two sequences cannot be verified step by step", run.display());
    }
    let name = run.file_name().unwrap_or_default().to_string_lossy();
    let case = drawn(&name, &network, &weights, 0);
    let expected = answer(&Reference, &case).with_context(|| run.display().to_string())?;
    Ok((case, expected, Tolerance::OF_RUNS))
}

/// The `.json` files that a path stands for.
fn record_files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if !matches!(ending, Some("json" | "safetensors")) {
            bail!("{}: this is no record; a record is NAME.json beside NAME.safetensors", path.display());
        }
        return Ok(vec![path.with_extension("json")]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        let file = entry.with_context(|| format!("cannot list {}", path.display()))?.path();
        if file.extension().is_some_and(|ending| ending == "json") {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("{}: no record here; a record is NAME.json beside NAME.safetensors", path.display());
    }
    Ok(files)
}

fn read(json: &Path) -> Result<(Case, Answers, Tolerance)> {
    let bytes = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let numbers = json.with_extension("safetensors");
    let name = json.file_stem().unwrap_or_default().to_string_lossy();
    Ok(parse(&name, &bytes(json)?, &bytes(&numbers)?)?)
}

/// Runs all records on a backend.
///
/// # Errors
/// When a record cannot be run, or the scan did not take the requested path.
pub fn run<B: Backend>(backend: &B, request: &VerifyRequest) -> Result<Vec<RecordReport>> {
    request
        .records
        .iter()
        .map(|(case, expected, tolerance)| {
            let got = answer(backend, case).with_context(|| format!("record {}", case.name))?;
            let scan = got.path.map(|path| path.to_string()).unwrap_or_default();
            let asked = match request.scan {
                ScanChoice::Auto => scan.as_str(),
                ScanChoice::Fused => "fused",
                ScanChoice::Composed => "composed",
            };
            if scan != asked {
                bail!("record {}: the {asked} scan was asked for, the {scan} one ran", case.name);
            }
            let deviations = compare(expected, &got, &case.weights, tolerance)
                .with_context(|| format!("record {}", case.name))?;
            let description = backend.description();
            let (backend, device) = (description.name.into(), description.device);
            Ok(report(case, deviations, backend, device, scan))
        })
        .collect()
}

fn report(
    case: &Case,
    deviations: Vec<Deviation>,
    backend: String,
    device: String,
    scan: String,
) -> RecordReport {
    let mut worst: BTreeMap<Group, &Deviation> = BTreeMap::new();
    let badness =
        |d: &Deviation| if d.deviation.is_nan() { f64::INFINITY } else { d.deviation / d.tolerance };
    for deviation in &deviations {
        let entry = worst.entry(deviation.group).or_insert(deviation);
        if badness(deviation) > badness(entry) {
            *entry = deviation;
        }
    }
    let worst = worst.into_iter().map(|(group, deviation)| (group, deviation.deviation)).collect();
    let failures: Vec<Deviation> = deviations.into_iter().filter(|d| !d.is_ok()).collect();
    RecordReport {
        record: case.name.clone(),
        backend,
        device,
        scan,
        ok: failures.is_empty(),
        worst,
        failures,
    }
}

/// The reports as a table for people.
pub fn table(reports: &[RecordReport]) -> String {
    let mut text = String::new();
    let groups = [Group::Outputs, Group::Records, Group::Loss, Group::Gradients, Group::Trajectory];
    text += &format!("{:<26} {:>9}", "record", "scan");
    for group in groups {
        text += &format!(" {:>10}", format!("{group:?}").to_lowercase());
    }
    text += "\n";
    for report in reports {
        text += &format!("{:<26} {:>9}", report.record, report.scan);
        for group in groups {
            let figure = report.worst.get(&group).map_or("-".into(), |worst| format!("{worst:.1e}"));
            text += &format!(" {figure:>10}");
        }
        text += if report.ok { "  ok\n" } else { "  FAILED\n" };
        for failure in &report.failures {
            let Deviation { group, name, deviation, tolerance } = failure;
            text +=
                &format!("    {group:?} {name}: {deviation:.3e} is beyond {tolerance:.0e}\n").to_lowercase();
        }
    }
    text
}
