//! What goes wrong around a run, one fault at a time: it ends with its exit
//! code and a word about what to do, and afterwards it goes on to the numbers
//! of the straight run.
#![cfg(target_os = "linux")]

mod common;

use common::{Place, Ran, metrics};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Long enough to be caught in the middle.
const LONG: [&str; 4] = ["--set", "training.num_epochs=40", "--set", "logging.every_steps=1"];

fn arguments<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "small.toml", "--out", out, "--resume", "--set", "backend.threads=1"], more].concat()
}

/// A place with the straight run of `more` settings in it.
fn straight(more: &[&str]) -> Place {
    let place = Place::new();
    place.run(&arguments("straight", more)).expect(0, &[]);
    place
}

fn must_be_straight(place: &Place, run: &str) {
    let weights = |run: &str, which: &str| {
        fs::read(place.path(run).join("checkpoints").join(which).join("model.safetensors")).unwrap()
    };
    assert_eq!(metrics(&place.path("straight")), metrics(&place.path(run)));
    for which in ["best", "last"] {
        assert!(weights("straight", which) == weights(run, which), "{which}");
    }
}

/// Starts a process and waits until it has measured something new.
fn under_way(place: &Place, run: &str, more: &[&str]) -> Child {
    let metrics = place.path(run).join("metrics.jsonl");
    let before = fs::metadata(&metrics).ok().and_then(|file| file.modified().ok());
    let mut command = place.command(&arguments(run, more));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let is_newer =
        || fs::metadata(&metrics).is_ok_and(|file| file.len() > 0 && file.modified().ok() > before);
    while !is_newer() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child
}

fn signal(child: &Child, signal: i32) {
    // SAFETY: the call has no memory to do with; the child is not waited for.
    assert_eq!(unsafe { libc::kill(i32::try_from(child.id()).unwrap(), signal) }, 0);
}

fn ended(child: Child) -> Ran {
    Ran::of(child.wait_with_output().unwrap())
}

#[test]
fn every_signal_saves_and_a_second_one_at_once_loses_nothing_that_was_saved() {
    let place = straight(&LONG);
    for asked in [libc::SIGTERM, libc::SIGINT, libc::SIGUSR1] {
        let child = under_way(&place, "run", &LONG);
        signal(&child, asked);
        ended(child).expect(130, &["saved in run", "continue with: elm train run --resume"]);
    }
    let child = under_way(&place, "run", &LONG);
    signal(&child, libc::SIGINT);
    signal(&child, libc::SIGINT);
    // The second one may come when the process has already saved, or even ended.
    ended(child).expect(130, &[]);
    place.run(&arguments("run", &LONG)).expect(0, &[]);
    must_be_straight(&place, "run");
}

#[test]
fn a_second_process_is_kept_out_and_the_first_does_not_notice() {
    let place = straight(&LONG);
    let child = under_way(&place, "run", &LONG);
    signal(&child, libc::SIGSTOP);
    let said = ["run: another process is at work in this folder"];
    place.run(&arguments("run", &LONG)).expect(1, &said);
    place.run(&["train", "small.toml", "--out", "run"]).expect(1, &said);
    signal(&child, libc::SIGCONT);
    ended(child).expect(0, &[]);
    must_be_straight(&place, "run");
}

#[test]
fn a_damaged_newest_checkpoint_costs_only_what_came_after_the_one_before() {
    let place = straight(&[]);
    let last = |name: &str| place.path("run/checkpoints/last").join(name);
    let half = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    };
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let damages: [&dyn Fn(); 5] = [
        &|| half(&last("model.safetensors")),
        &|| flip(&last("training.safetensors")),
        &|| fs::remove_file(last("state.json")).unwrap(),
        &|| half(&last("manifest.json")),
        &|| fs::remove_file(last("manifest.json")).unwrap(),
    ];
    for damage in damages {
        // The checkpoint before that of the twelfth update is of the tenth.
        place.run(&arguments("run", &["--max-steps", "12"])).expect(0, &[]);
        damage();
        place.run(&arguments("run", &[])).expect(0, &["checkpoints/last is damaged", "updates 10 to 24"]);
        must_be_straight(&place, "run");
        fs::remove_dir_all(place.path("run")).unwrap();
    }
}

#[test]
fn nobody_to_read_what_is_said_changes_no_number() {
    let place = straight(&[]);
    for (run, way) in [("full", "2>/dev/full"), ("closed", "2>&-"), ("broken", "2>&1 | true")] {
        let elm = env!("CARGO_BIN_EXE_elm");
        let line =
            format!("set -o pipefail; '{elm}' train small.toml --set backend.threads=1 --out {run} {way}");
        let mut shell = Command::new("bash");
        let ran = shell.args(["-c", &line]).current_dir(place.path("")).output().unwrap();
        Ran::of(ran).expect(0, &[]);
        must_be_straight(&place, run);
    }
}

#[test]
fn a_terminal_that_vanishes_changes_no_number() {
    let place = straight(&LONG);
    let elm = env!("CARGO_BIN_EXE_elm");
    let line = format!("echo $$ > pid; exec '{elm}' {}", arguments("run", &LONG).join(" "));
    place.write("start.sh", line);
    let mut script = Command::new("script");
    script.args(["-qc", "sh start.sh", "/dev/null"]).current_dir(place.path("")).stdin(Stdio::piped());
    let Ok(mut terminal) = script.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        // Past the capture of passing tests, so that it is seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: this system has no `script`, which makes terminals");
        return;
    };
    let wait = || std::thread::sleep(std::time::Duration::from_millis(5));
    while fs::metadata(place.path("run/metrics.jsonl")).map_or(0, |file| file.len()) == 0 {
        wait();
    }
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let pid = fs::read_to_string(place.path("pid")).unwrap();
    while fs::exists(format!("/proc/{}/fd/0", pid.trim())).unwrap_or(false) {
        wait();
    }
    place.run(&arguments("run", &LONG)).expect(0, &["320 updates"]);
    must_be_straight(&place, "run");
}

/// Real values to predict, in training once one of which the square is infinite.
#[test]
fn a_loss_that_is_not_finite_stops_before_it_is_learned_and_says_what_to_lower() {
    let place = Place::new();
    let split = |name: &str, samples: usize, huge: Option<usize>| {
        let signal = |i: usize| (0..8).map(move |t| format!("{:.3}", ((i * 8 + t) as f64).sin()));
        let line = |i| signal(i).collect::<Vec<_>>().join(",") + "\n";
        place.write(&format!("own/{name}_x.csv"), (0..samples).map(line).collect::<String>());
        let target = |i| if Some(i) == huge { "3e38\n".into() } else { format!("0.{}\n", i % 7) };
        place.write(&format!("own/{name}_y.csv"), (0..samples).map(target).collect::<String>());
    };
    fs::create_dir(place.path("own")).unwrap();
    split("train", 64, Some(40));
    split("valid", 16, None);
    split("test", 16, None);
    place.write(
        "own.toml",
        "[data]\nkind = \"arrays\"\npath = \"own\"\n[model]\nnum_hidden = 4\nhead = \"linear\"\n\
         [training]\nbatch_size = 2\nnum_epochs = 4\nlearning_rate = 1e-3\nwarmup_steps = 4\n\
         [checkpoint]\nevery_steps = 3\n[logging]\nevery_steps = 1\n",
    );
    let train =
        |more: &[&str]| place.run(&[&["train", "own.toml", "--out", "run", "--resume"], more].concat());
    let said = [
        "error: diverged (loss not finite at step ",
        "): training stopped; the last checkpoint in run is intact",
        "training.learning_rate than 0.001",
        "training.warmup_steps than 4",
        "training.clip_norm than 1.0",
    ];
    let error = |ran: &Ran| ran.err[ran.err.find("error: ").unwrap()..].to_string();
    let first = train(&[]);
    let first = error(first.expect(1, &said));
    let before = metrics(&place.path("run"));
    assert!(before.len() >= 3, "it was not to come so soon: {before:?}");
    let again = train(&[]);
    assert_eq!(error(again.expect(1, &said)), first);
    assert_eq!(metrics(&place.path("run")), before);
    place.run(&["eval", "run", "--checkpoint", "last"]).expect(0, &["rmse"]);
    split("train", 64, None);
    train(&["--allow-change", "data"]).expect(0, &["128 updates"]);
}

#[test]
fn a_learning_rate_that_is_far_too_high_is_named_and_a_lower_one_goes_on() {
    let place = Place::new();
    let high = ["--set", "training.learning_rate=0.3", "--set", "training.warmup_steps=0"];
    let said = ["step 8: the loss has risen to", "training.learning_rate than 0.3", "24 updates"];
    place.run(&arguments("high", &high)).expect(0, &said);
    let wild = ["--set", "training.optimizer=sgd", "--set", "training.clip_norm=none"];
    let rate = |rate: &'static str, run: &'static str| {
        let mut words = arguments(run, &wild);
        words.extend(["--set", rate, "--set", "training.warmup_steps=0"]);
        words
    };
    let said = ["not finite at step", "training.learning_rate than 1e30", "clip_norm (there is none)"];
    place.run(&rate("training.learning_rate=1e30", "run")).expect(1, &said);
    let mut lower = rate("training.learning_rate=1e-3", "run");
    lower.extend(["--allow-change", "training.learning_rate"]);
    place.run(&lower).expect(0, &["updates 0 to 24", "changed at step 0: training.learning_rate: "]);
}
