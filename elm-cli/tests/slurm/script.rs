//! Without any Slurm: what is written and said, and what a task does.

use crate::common::Ran;
use crate::*;
use serde_json::Value;
use std::process::Command;

/// A script under the name of one of Slurm's programs, in a folder `bin`.
fn program(place: &Place, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::create_dir(place.path("bin"));
    let file = place.write(&format!("bin/{name}"), format!("#!/bin/bash\n{script}\n"));
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The program, with nothing of Slurm but what stands in `bin`.
fn without_slurm(place: &Place, arguments: &[&str]) -> Ran {
    let path = place.path("bin").display().to_string();
    Ran::of(place.command(arguments).env("PATH", path).output().unwrap())
}

#[test]
fn a_dry_submission_is_the_script_with_all_that_is_asked_for() {
    let place = place(
        "config = \"of data.toml\"\nseeds = [0, 1, 2]\nthreads = 1\n[slurm]\npartition = \"main,long\"\n\
         account = \"lab\"\ntime = \"1-12\"\nmemory = \"2G\"\ngpus = \"a100:1\"\nat_once = 2\n\
         lines = [\"#SBATCH --qos=low\", \"module load elm's\"]\n",
    );
    place.write(
        "of data.toml",
        "# $SHELL\nextends = \"small.toml\"\n[data]\nkind = \"text\"\npath = \"${ELM_DATA}/x\"\n",
    );
    let mut command = place.command(&["sweep", "sweep.toml", "--out", "a b%x", "--slurm", "--dry-run"]);
    let ran = Ran::of(command.env("ELM_DATA", "/some data").output().unwrap());
    let script = ran.expect(0, &[]).out.clone();
    for line in [
        "#SBATCH --array=0-2%2",
        "#SBATCH --cpus-per-task=1",
        "#SBATCH --requeue",
        "#SBATCH --signal=B:USR1@60",
        "#SBATCH --open-mode=append",
        "#SBATCH --partition=main,long",
        "#SBATCH --account=lab",
        "#SBATCH --time=1-12",
        "#SBATCH --mem=2G",
        "#SBATCH --gpus=a100:1",
        "#SBATCH --qos=low",
        "module load elm's",
        "export ELM_DATA='/some data'",
    ] {
        assert!(script.lines().any(|told| told == line), "{line}\n{script}");
    }
    assert!(script.contains("/a b%%x/slurm/%A_%a.log\"\n") && !script.contains("export SHELL"), "{script}");
    assert!(!place.path("a b%x").exists(), "nothing is written");
}

#[test]
fn mistakes_in_what_is_asked_of_a_cluster_are_shown_in_their_place() {
    for (line, said) in [
        (
            "partiton = \"x\"",
            ["sweep.toml:4:1: a sweep has no key `slurm.partiton`", "did you mean `partition`?"],
        ),
        ("partition = \"a b\"", ["sweep.toml:4:13:", "this is no name"]),
        ("time = \"soon\"", ["sweep.toml:4:8: this is no time", "8:00:00"]),
        ("time = 2", ["sweep.toml:4:8:", "at least 3"]),
        ("memory = 4", ["sweep.toml:4:10: memory is a size with its unit", "4G"]),
        ("gpus = 0", ["sweep.toml:4:8: gpus takes", "a100:1"]),
        ("at_once = 0", ["sweep.toml:4:11:", "at least 1"]),
        ("lines = [\"--qos=low\"]", ["sweep.toml:4:10:", "#SBATCH --qos=low"]),
        ("lines = [\"#SBATCH -a 0-9\"]", ["sweep.toml:4:10: -a is set by the program", "^"]),
        ("lines = \"x\"", ["sweep.toml:4:9: `lines` takes a list", "^"]),
    ] {
        let place = place(&format!("{THREE}[slurm]\n{line}\n"));
        place.run(&["sweep", "sweep.toml", "--out", "out", "--slurm"]).expect(2, &said);
        assert!(!place.path("out").exists());
    }
}

#[test]
fn where_nothing_can_be_submitted_the_script_is_kept_and_the_remedy_said() {
    let place = place(THREE);
    let submit = ["sweep", "sweep.toml", "--out", "out", "--slurm"];
    without_slurm(&place, &submit).expect(1, &["there is no sbatch here", "the script is kept: ", "--slurm"]);
    let script = |ending: &str| {
        let files = std::fs::read_dir(place.path("out/slurm")).unwrap().map(|file| file.unwrap().path());
        files.filter(|file| file.extension().is_some_and(|found| found == ending)).count()
    };
    assert_eq!(script("sh"), 1);
    // What was submitted once may be queued: without an answer nothing is.
    without_slurm(&place, &submit).expect(1, &["nothing is submitted: there is no squeue here", "= help: "]);
    program(&place, "squeue", "");
    program(&place, "sbatch", "echo 'sbatch: error: invalid partition specified: x' >&2; exit 1");
    without_slurm(&place, &submit)
        .expect(1, &["sbatch refused the job: sbatch: error: invalid partition", "= help: `sinfo` lists"]);
    program(&place, "sbatch", "echo '7;here'");
    without_slurm(&place, &submit).expect(0, &["job 7: 3 runs"]);
    without_slurm(&place, &["sweep", "out", "--slurm"]).expect(0, &["job 7: 3 runs"]);
    program(&place, "squeue", "exit 1");
    without_slurm(&place, &["sweep", "out", "--status"]).expect(0, &["is not known: squeue", "3 waiting"]);
    without_slurm(&place, &["sweep", "out", "--slurm", "--list"]).expect(2, &["cannot be used with"]);
}

#[test]
fn what_is_queued_or_running_is_not_submitted_again() {
    let place = place(THREE);
    program(&place, "sbatch", "echo 7");
    let submit = ["sweep", "sweep.toml", "--out", "out", "--slurm"];
    without_slurm(&place, &submit).expect(0, &["job 7: 3 runs"]);
    let entry = std::fs::read_dir(place.path("out/slurm")).unwrap().next().unwrap().unwrap();
    let name = entry.path().file_stem().unwrap().to_string_lossy().into_owned();
    program(
        &place,
        "squeue",
        &format!("echo '{name}|0|7|RUNNING|None'; echo '{name}|2|7|PENDING|BeginTime'"),
    );
    without_slurm(&place, &["sweep", "out", "--status"])
        .expect(0, &["task 7_0 RUNNING", "task 7_2 PENDING (BeginTime)", "1 running, 1 waiting, 1 queued"]);
    without_slurm(&place, &["sweep", "out", "--resume"])
        .expect(1, &["2 runs of this sweep are queued or running", "scancel 7`"]);
    let ran = without_slurm(&place, &[&submit[..], &["--json"]].concat());
    let document: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
    assert_eq!(document["runs"].as_array().unwrap().len(), 1);
    assert!(document["runs"][0].as_str().unwrap().starts_with("seed1-"), "{document}");
    assert_eq!(document["left_out"].to_string(), "[[\"running\",1],[\"queued\",1]]");
}

/// The script of a task under bash, as a node without Slurm's programs would
/// run it.
fn task(place: &Place, number: usize) -> Command {
    let files = std::fs::read_dir(place.path("out/slurm")).unwrap().map(|file| file.unwrap().path());
    let script = files.into_iter().find(|file| file.extension().is_some_and(|found| found == "sh")).unwrap();
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(place.path(&format!("out/slurm/7_{number}.log")))
        .unwrap();
    let mut command = Command::new("bash");
    command.arg(script).current_dir(place.path("")).env("SLURM_ARRAY_JOB_ID", "7");
    command.env("SLURM_ARRAY_TASK_ID", number.to_string());
    command.stdout(log.try_clone().unwrap()).stderr(log);
    command
}

#[test]
fn a_task_that_is_asked_to_stop_saves_and_says_what_became_of_it() {
    let place = place(&LONG.replace("[0, 1, 2]", "[0]"));
    program(&place, "sbatch", "echo 7");
    without_slurm(&place, &["sweep", "sweep.toml", "--out", "out", "--slurm"]).expect(0, &[]);
    let path = format!("{}:{}", place.path("bin").display(), std::env::var("PATH").unwrap());
    program(&place, "squeue", "echo RUNNING");
    for (name, scontrol, code, said) in [
        ("scontrol", "echo \"$@\" >> requeued; exit 0", 0, "saved and requeued"),
        (
            "scontrol",
            "echo not permitted >&2; exit 1",
            130,
            "saved; not requeued: not permitted; `elm sweep ",
        ),
        (
            "squeue",
            "echo COMPLETING",
            130,
            "saved; not requeued, since Slurm is ending this task (COMPLETING)",
        ),
    ] {
        program(&place, name, scontrol);
        let before = metrics_length(&place);
        let mut running = task(&place, 0).env("PATH", &path).spawn().unwrap();
        wait_until("measurements", || metrics_length(&place) > before + 500);
        signal(running.id(), if name == "squeue" { libc::SIGTERM } else { libc::SIGUSR1 });
        assert_eq!(running.wait().unwrap().code(), Some(code), "{}", log(&place));
        assert!(log(&place).contains(said), "{said}: {}", log(&place));
    }
    assert_eq!(std::fs::read_to_string(place.path("requeued")).unwrap(), "requeue 7_0\n");
    assert!(task(&place, 9).status().unwrap().code() == Some(1), "there is no such task");
    assert!(task(&place, 0).status().unwrap().success(), "{}", log(&place));
    are_as_if_undisturbed(&place, "out");
}

fn log(place: &Place) -> String {
    std::fs::read_to_string(place.path("out/slurm/7_0.log")).unwrap()
}

fn metrics_length(place: &Place) -> u64 {
    let run = runs(place, "out").into_iter().next();
    run.map_or(0, |run| std::fs::metadata(run.join("metrics.jsonl")).map_or(0, |file| file.len()))
}
