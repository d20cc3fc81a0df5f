//! On a real Slurm: runs survive what a cluster does.

use crate::common::{Place, Ran};
use crate::*;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// A Slurm of our own, which ends with its standard input: that is, with this
/// process, whatever becomes of it.
struct Slurm {
    conf: String,
    _server: Child,
}

static SLURM: LazyLock<Option<Slurm>> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("elm-slurm-{}", std::process::id()));
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.ci/slurm"));
    command.arg("serve").arg(folder);
    // Not captured by tests that pass: it says what is missing.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut server = command.spawn().unwrap();
    let mut conf = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut conf).unwrap();
    if conf.trim().is_empty() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no Slurm here; sweeps on a cluster are not tested");
        let _ = server.wait();
        return None;
    }
    Some(Slurm { conf: conf.trim().into(), _server: server })
});

impl Slurm {
    /// The program, as on a machine of the cluster.
    fn elm(&self, place: &Place, arguments: &[&str]) -> Ran {
        Ran::of(place.command(arguments).env("SLURM_CONF", &self.conf).output().unwrap())
    }

    /// One of Slurm's programs; what it says.
    fn ask(&self, words: &str) -> String {
        let mut words = words.split(' ');
        let mut command = Command::new(words.next().unwrap());
        let output = command.args(words).env("SLURM_CONF", &self.conf).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_string()
    }

    /// Submits a sweep: the number of the job, and how many runs it has.
    fn submit(&self, place: &Place) -> (String, usize) {
        let ran = self.elm(place, &["sweep", "sweep.toml", "--out", "a sweep", "--slurm", "--json"]);
        let document: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
        let job = document["job"].as_str().unwrap_or_default().to_string();
        (job, document["runs"].as_array().unwrap().len())
    }

    /// The state of each run.
    fn states(&self, place: &Place) -> Vec<String> {
        let ran = self.elm(place, &["sweep", "a sweep", "--status", "--json"]);
        let document: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
        let runs = document["runs"].as_array().unwrap().iter();
        runs.map(|run| run["state"].as_str().unwrap().to_string()).collect()
    }

    fn wait_until_done(&self, place: &Place) {
        wait_until("all runs are done", || self.states(place) == ["finished", "finished", "finished"]);
    }
}

#[test]
fn an_array_completes_and_is_collected() {
    let Some(slurm) = &*SLURM else { return };
    let place = place("config = \"configs/text.toml\"\nseeds = [0, 1, 2]\n[slurm]\nat_once = 2\n");
    std::fs::create_dir_all(place.path("configs")).unwrap();
    std::fs::create_dir_all(place.path("my data")).unwrap();
    place.write("my data/words", "it was a dark and stormy night; ".repeat(40));
    place.write("configs/text.toml", TEXT);
    // The cluster does not hand the environment on.
    let mut command = place.command(&["sweep", "sweep.toml", "--out", "a sweep", "--slurm"]);
    command
        .env("SLURM_CONF", &slurm.conf)
        .env("SBATCH_EXPORT", "NONE")
        .env("ELM_DATA", place.path("my data"));
    Ran::of(command.output().unwrap()).expect(0, &["3 runs; they log to a sweep/slurm/"]);
    slurm.wait_until_done(&place);
    slurm.elm(&place, &["sweep", "a sweep", "--collect"]).expect(0, &["results: a sweep/results.csv"]);
    let table = std::fs::read_to_string(place.path("a sweep/results.csv")).unwrap();
    assert_eq!(table.lines().filter(|line| line.contains(",finished,")).count(), 3, "{table}");
    slurm.elm(&place, &["sweep", "a sweep", "--slurm"]).expect(0, &["nothing to submit: 3 finished"]);
}

const TEXT: &str = "[data]\nkind = \"text\"\npath = \"${ELM_DATA}/words\"\ntokens = \"bytes\"\n[model]\n\
    num_hidden = 5\n[model.neuron]\nnum_memory = 2\n[training]\nbatch_size = 2\nseq_length = 8\n\
    steps_per_turn = 3\nnum_turns = 2\n";

#[test]
fn runs_that_are_requeued_told_to_save_or_killed_are_as_if_undisturbed() {
    let Some(slurm) = &*SLURM else { return };
    let place = place(LONG);
    let (job, submitted) = slurm.submit(&place);
    assert_eq!(submitted, 3);
    // Each is held where it is until all are on their way, however soon the
    // cluster starts the others.
    let mut held = std::collections::BTreeMap::new();
    wait_until("all runs are on their way", || {
        for run in runs(&place, "a sweep") {
            if is_on_its_way(&run) && !held.contains_key(&run) {
                let id = trainer(&run);
                signal(id, libc::SIGSTOP);
                held.insert(run, id);
            }
        }
        held.len() == 3
    });
    // One is requeued by somebody, one is told that its time is nearly over,
    // one is killed in the middle.
    assert_eq!(slurm.ask(&format!("scontrol requeue {job}_0")), "");
    assert_eq!(slurm.ask(&format!("scancel --batch --signal=USR1 {job}_1")), "");
    let held: Vec<u32> = held.into_values().collect();
    signal(held[2], libc::SIGKILL);
    held[..2].iter().for_each(|id| signal(*id, libc::SIGCONT));
    wait_until("two wait and one has failed", || slurm.states(&place) == ["queued", "queued", "failed"]);
    let status = slurm.elm(&place, &["sweep", "a sweep", "--status"]);
    status.expect(0, &["PENDING (BeginTime)", "ended by signal 9", "2 queued, 1 failed"]);
    let (again, submitted) = slurm.submit(&place);
    assert!(submitted == 1 && again != job, "only what is missing");
    for number in 0..2 {
        slurm.ask(&format!("scontrol update JobId={job}_{number} StartTime=now"));
    }
    slurm.wait_until_done(&place);
    let log = |task: &str| std::fs::read_to_string(place.path(&format!("a sweep/slurm/{task}.log"))).unwrap();
    let requeued = log(&format!("{job}_1"));
    for said in ["start 1 on ", "saved and requeued", "start 2 on ", ": done"] {
        assert!(requeued.contains(said), "{said} is not in:\n{requeued}");
    }
    assert!(log(&format!("{job}_2")).contains("failed: ended by signal 9"));
    are_as_if_undisturbed(&place, "a sweep");
}

/// The process that trains in a folder.
fn trainer(run: &Path) -> u32 {
    let wanted = run.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let id: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let words = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let mut words = words.split(|byte| *byte == 0);
        let is_elm = words.next()?.ends_with(b"/elm");
        (is_elm && words.any(|word| word == wanted.as_bytes())).then_some(id)
    });
    let all: Vec<u32> = processes.collect();
    assert_eq!(all.len(), 1, "{wanted}: {all:?}");
    all[0]
}
