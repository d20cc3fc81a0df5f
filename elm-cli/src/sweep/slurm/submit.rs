//! sbatch, and what to do where it refuses.

use super::environment::variables;
use super::jobs::Submission;
use super::options::Options;
use super::programs::{Answer, ask};
use super::script::Batch;
use crate::sweep::Point;
use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::SystemTime;

impl Submission {
    /// A job array of these runs of the sweep in a folder, and its script. It
    /// is not submitted, nor written down.
    ///
    /// # Errors
    /// When a folder has a name that Slurm does not take.
    pub fn prepare(sweep: &Path, points: &[&Point], options: &Options) -> Result<(Self, String)> {
        let sweep = std::path::absolute(sweep).context("the folder that one is in")?;
        let name = job_name(&sweep);
        let batch = Batch {
            name: &name,
            program: &std::env::current_exe().context("the program's own file")?,
            sweep: &sweep,
            work: &std::env::current_dir().context("the folder that one is in")?,
            options,
            variables: &variables(points),
            points,
        };
        let script = batch.text()?;
        let runs = points.iter().map(|point| point.name.clone()).collect();
        Ok((Submission { name, runs }, script))
    }

    /// Submits it; the number of the job.
    ///
    /// # Errors
    /// When there is no sbatch or it refuses, with what it said and the remedy.
    pub fn submit(&self, sweep: &Path) -> Result<String> {
        let script = self.script(sweep).display().to_string();
        let kept = format!("the script is kept: {script}");
        match ask("sbatch", &["--parsable".into(), script])? {
            // "NUMBER" or "NUMBER;CLUSTER".
            Answer::Said(said) => Ok(said.split(';').next().unwrap_or_default().trim().to_string()),
            Answer::Absent => Err(anyhow!(
                "there is no sbatch here: this is no machine from which Slurm takes jobs ({kept})\n  = help: \
                 call it on a login node of the cluster, or train here without --slurm"
            )),
            Answer::Failed(said) => {
                Err(anyhow!("sbatch refused the job: {said}\n  = help: {}\n  = note: {kept}", remedy(&said)))
            }
        }
    }
}

/// A name for people that no other job has.
fn job_name(sweep: &Path) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let stem = sweep.file_name().unwrap_or_default().to_string_lossy();
    let stem: String = stem.chars().take(40).map(plain).collect();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let identity = format!("{} {now} {}", sweep.display(), std::process::id());
    let digest = Sha256::digest(identity);
    digest.iter().take(4).fold(format!("elm-{stem}-"), |name, byte| format!("{name}{byte:02x}"))
}

const MANY: &str = "more is queued or asked for than is allowed to you; submit again when some runs are \
                    done, only what is missing is taken";

/// What to do about what sbatch said; the first that fits.
const REMEDIES: [(&str, &str); 12] = [
    ("violates", MANY),
    ("partition specified", "`sinfo` lists the partitions; name one as partition in [slurm]"),
    ("account", "`sacctmgr show associations user=$USER` lists yours; name one as account in [slurm]"),
    ("qos", "`sacctmgr show qos` lists them; name one in lines of [slurm]: \"#SBATCH --qos=…\""),
    (
        "time limit",
        "`sinfo` shows the longest time of every partition; take a shorter time in [slurm], runs are requeued and go on",
    ),
    (
        "array",
        "`scontrol show config | grep MaxArraySize` tells how many tasks an array may have; make several files of the sweep",
    ),
    ("memory", "`sinfo -o '%P %c %m %G'` shows what nodes have; take less memory in [slurm]"),
    (
        "node configuration",
        "`sinfo -o '%P %c %m %G'` shows what nodes have; take fewer threads or gpus, or less memory",
    ),
    ("gres", "`sinfo -o '%P %c %m %G'` shows what nodes have; take other gpus in [slurm]"),
    ("limit", MANY),
    ("option", "see the lines of [slurm] for options that this sbatch does not know"),
    (
        "contact",
        "the cluster's controller does not answer; submit again when it does, only what is missing is taken",
    ),
];

fn remedy(said: &str) -> &'static str {
    let said = said.to_lowercase();
    let known = REMEDIES.iter().find(|(part, _)| said.contains(part));
    known
        .map_or("see `man sbatch`; the settings of [slurm] stand at the head of the script", |(_, what)| what)
}
