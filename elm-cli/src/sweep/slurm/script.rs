//! The batch script of a job array.

use super::options::Options;
use crate::sweep::Point;
use crate::sweep::shell::quoted;
use anyhow::{Result, bail};
use std::fmt::Write;
use std::path::Path;

/// What a task does, whatever its run is.
const TASK: &str = include_str!("task.sh");

/// All that stands in a script.
pub struct Batch<'a> {
    /// Name of the job, unlike that of any other.
    pub name: &'a str,
    /// The program.
    pub program: &'a Path,
    /// The folder of the sweep, absolute.
    pub sweep: &'a Path,
    /// The folder that it was called in.
    pub work: &'a Path,
    /// What is asked of the cluster.
    pub options: &'a Options,
    /// Variables of the environment that configurations name.
    pub variables: &'a [(String, String)],
    /// The run of each task.
    pub points: &'a [&'a Point],
}

impl Batch<'_> {
    /// The script.
    ///
    /// # Errors
    /// When a folder has a name that no `#SBATCH` line can hold.
    pub fn text(&self) -> Result<String> {
        let mut text = self.directives()?;
        for line in self.options.lines.iter().filter(|line| !line.starts_with("#SBATCH")) {
            let _ = writeln!(text, "{line}");
        }
        for (name, value) in self.variables {
            let _ = writeln!(text, "export {name}={}", quoted(value));
        }
        let sweep = self.sweep.display().to_string();
        let _ = writeln!(text, "sweep={}", quoted(&sweep));
        let again = format!("`elm sweep {} --slurm` submits it again", quoted(&sweep));
        let _ = writeln!(text, "again={}", quoted(&again));
        text += TASK;
        text += "case \"${SLURM_ARRAY_TASK_ID:-}\" in\n";
        for (number, point) in self.points.iter().enumerate() {
            let folder = point.folder(self.sweep).display().to_string();
            let command = [vec![self.program.display().to_string()], point.arguments(self.sweep)].concat();
            let words: Vec<String> =
                [vec![folder], command].concat().iter().map(|word| quoted(word)).collect();
            let _ = writeln!(text, "  {number}) train {} ;;", words.join(" "));
        }
        text += "  *) say \"there is no run of this number\"; exit 1 ;;\nesac\n";
        Ok(text)
    }

    /// The head: what sbatch reads.
    fn directives(&self) -> Result<String> {
        let Options { partition, account, time, memory, gpus, at_once, lines } = self.options;
        let threads = self.points.iter().map(|point| point.threads).max().unwrap_or(1);
        let last = self.points.len().saturating_sub(1);
        let most = at_once.map(|most| format!("%{most}")).unwrap_or_default();
        let mut options = vec![
            format!("--job-name={}", self.name),
            format!("--array=0-{last}{most}"),
            format!("--output={}", in_directive(self.sweep, "/slurm/%A_%a.log", true)?),
            "--open-mode=append".into(),
            format!("--chdir={}", in_directive(self.work, "", false)?),
            "--nodes=1".into(),
            "--ntasks=1".into(),
            format!("--cpus-per-task={threads}"),
            "--requeue".into(),
            "--signal=B:USR1@60".into(),
        ];
        let given = [("partition", partition), ("account", account), ("time", time), ("mem", memory)];
        for (name, value) in given.into_iter().chain([("gpus", gpus)]) {
            options.extend(value.as_ref().map(|value| format!("--{name}={value}")));
        }
        let mut text =
            "#!/bin/bash\n# The runs of a sweep as one job array, by `elm sweep --slurm`.\n".to_string();
        for option in options {
            let _ = writeln!(text, "#SBATCH {option}");
        }
        for line in lines.iter().filter(|line| line.starts_with("#SBATCH")) {
            let _ = writeln!(text, "{line}");
        }
        Ok(text + "\n")
    }
}

/// A path as a `#SBATCH` line takes it. In names of logs, Slurm puts numbers in
/// the place of what begins with a per cent sign.
fn in_directive(path: &Path, end: &str, is_pattern: bool) -> Result<String> {
    let path = path.display().to_string();
    if let Some(bad) = path.chars().find(|c| c.is_control() || "\"\\".contains(*c)) {
        bail!("{path}: sbatch takes no folder with {bad:?} in its name");
    }
    let path = if is_pattern { path.replace('%', "%%") } else { path };
    Ok(format!("\"{path}{end}\""))
}
