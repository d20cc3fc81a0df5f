//! The pictures.

mod distributions;
mod losses;
mod outputs;
mod raster;
mod text;
mod time;
mod traces;

use super::Findings;
use super::report::InspectReport;
use crate::commands::plot::names::shortened;
use anyhow::Result;
use std::path::Path;

/// Examples of which pictures are made, at most.
const MOST_EXAMPLES: usize = 3;

/// Makes every picture that there are numbers for; returns the names of the
/// files.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(findings: &Findings<'_>, folder: &Path) -> Result<Vec<String>> {
    let caption = caption(findings.report);
    let mut files = Vec::new();
    let mut keep =
        |written: [std::path::PathBuf; 2]| files.extend(written.map(|path| path.display().to_string()));
    for at in 0..findings.examples.len().min(MOST_EXAMPLES) {
        let number = findings.examples[at].number;
        keep(raster::picture(findings, at).captioned(&caption).write(folder, &format!("raster-{number}"))?);
        if let Some(letters) = text::picture(findings, at) {
            keep(letters.captioned(&caption).write(folder, &format!("text-{number}"))?);
        }
    }
    for (neuron, inside) in findings.insides {
        let picture = traces::picture(findings, *neuron, inside).captioned(&caption);
        keep(picture.write(folder, &format!("traces-{neuron}"))?);
    }
    for (stem, chart) in
        distributions::charts(findings.report).into_iter().chain(losses::charts(findings.report))
    {
        keep(chart.captioned(&caption).write(folder, &stem)?);
    }
    Ok(files)
}

/// Letters of a run's name in a picture.
const LONGEST_NAME: usize = 56;

/// Whose pictures they are: run, split, weights.
fn caption(report: &InspectReport) -> String {
    let run = shortened(&report.run, LONGEST_NAME);
    format!("{run} · {} split · {} weights, step {}", report.split, report.checkpoint, report.step)
}
