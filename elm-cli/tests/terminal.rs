//! What becomes of a command when nobody can read what it says: a line for
//! people is advice, an answer that is lost is a failure, and nothing panics.
#![cfg(target_os = "linux")]

mod common;

use common::{Place, Ran};
use std::process::{Command, Stdio};

const TEXT: &str = "[data]\nkind = \"text\"\npath = \"words\"\ntokens = \"bytes\"\n[model]\nnum_hidden = 3\n\
    [model.neuron]\nnum_memory = 2\nnum_branch = 2\n[training]\nbatch_size = 2\nseq_length = 8\n\
    steps_per_turn = 2\nnum_turns = 1\nvalid_batches = 1\ntest_batches = 1\nwarmup_steps = 1\n";

/// A place with a run of text, and every command with an example of its use;
/// `OUT` stands for a folder of its own.
fn prepared() -> (Place, Vec<&'static str>) {
    let place = Place::new();
    place.write("words", "leaky memory ".repeat(200));
    place.write("text.toml", TEXT);
    place.write("sweep.toml", "config = \"text.toml\"\nseeds = [0]\n");
    place.run(&["train", "text.toml", "--out", "run"]).expect(0, &[]);
    place.run(&["data", "make", "listops", "--out", "listops", "--samples", "9,3,3"]).expect(0, &[]);
    let commands = vec![
        "--help",
        "train --help",
        "--version",
        "help",
        "train text.toml --out OUT",
        "train small.toml --max-steps 2 --out OUT --json",
        "sweep sweep.toml --out OUT",
        "sweep sweep.toml --list",
        "plot run --out OUT",
        "runs .",
        "runs diff run run",
        "report run --out OUT",
        "eval run",
        "info small.toml",
        "check small.toml text.toml",
        "check --keys",
        "verify",
        "bench small.toml --steps 1",
        "generate run --prompt leaky --length 5",
        "data list",
        "data info listops",
        "data check listops",
        "data make listops --out OUT --samples 9,3,3",
        "backends",
        "completions bash",
        "completions zsh",
        "completions fish",
    ];
    (place, commands)
}

/// Runs a line of the shell in which `elm` is the built program.
fn shell(place: &Place, line: &str) -> Ran {
    let mut command = Command::new("bash");
    command.args([
        "-c",
        &format!("set -o pipefail; elm() {{ '{}' \"$@\"; }}; {line}", env!("CARGO_BIN_EXE_elm")),
    ]);
    Ran::of(command.current_dir(place.path("")).output().unwrap())
}

/// The command with a folder of its own to write to.
fn numbered(command: &str, way: &str, number: usize) -> String {
    command.replace("OUT", &format!("{way}-{number}"))
}

#[test]
fn no_command_minds_that_stderr_cannot_be_written() {
    let (place, commands) = prepared();
    for (way, redirection) in [("full", "2>/dev/full"), ("closed", "2>&-")] {
        for (i, command) in commands.iter().enumerate() {
            let command = numbered(command, way, i);
            shell(&place, &format!("elm {command} {redirection}")).expect(0, &[]);
        }
    }
    // Errors too: the exit code tells.
    for redirection in ["2>/dev/full", "2>&-"] {
        shell(&place, &format!("elm train absent.toml {redirection}")).expect(2, &[]);
        shell(&place, &format!("elm trian {redirection}")).expect(2, &[]);
    }
}

#[test]
fn no_command_minds_a_reader_that_has_had_enough() {
    let (place, commands) = prepared();
    for (i, command) in commands.iter().enumerate() {
        // `true` reads nothing at all.
        for (way, reader) in [("some", "head -1"), ("none", "true")] {
            let command = numbered(command, way, i);
            let ran = shell(&place, &format!("elm {command} 2>&1 | {reader}"));
            ran.expect(0, &[]);
            assert!(!ran.out.contains("panicked"), "{command}: {}", ran.out);
        }
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure_that_is_said() {
    let (place, commands) = prepared();
    for (i, command) in commands.iter().enumerate() {
        // Its answer stands in files; what it says are lines for people.
        if command.starts_with("data make") {
            continue;
        }
        let command = numbered(command, "lost", i);
        shell(&place, &format!("elm {command} >/dev/full")).expect(1, &["cannot write the answer"]);
    }
}

#[test]
fn a_training_goes_on_when_its_terminal_is_gone() {
    let place = Place::new();
    let elm = env!("CARGO_BIN_EXE_elm");
    let set = "--set training.num_epochs=40 --set logging.every_steps=1";
    place.write(
        "start.sh",
        format!("trap '' HUP\necho $$ > pid\nexec '{elm}' train small.toml --out run {set}\n"),
    );
    let mut script = Command::new("script");
    script.args(["-qc", "sh start.sh", "/dev/null"]).current_dir(place.path(""));
    let Ok(mut terminal) = script.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    else {
        return eprintln!("NOT TESTED: this system has no `script`, which makes terminals");
    };
    let metrics = place.path("run/metrics.jsonl");
    let wait = || std::thread::sleep(std::time::Duration::from_millis(5));
    while std::fs::metadata(&metrics).map_or(0, |file| file.len()) == 0 {
        wait();
    }
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let pid = std::fs::read_to_string(place.path("pid")).unwrap();
    while std::fs::exists(format!("/proc/{}/fd/0", pid.trim())).unwrap_or(false) {
        wait();
    }
    let summary = std::fs::read_to_string(place.path("run/summary.json")).expect("training came to its end");
    assert!(summary.contains("\"steps\": 320"), "{summary}");
}

/// The screen after a training of `columns`, as `script` recorded it.
fn screen(place: &Place, columns: u16, arguments: &str) -> Option<String> {
    let elm = env!("CARGO_BIN_EXE_elm");
    let line = format!("stty rows 24 cols {columns}; '{elm}' train small.toml {arguments}");
    let mut script = Command::new("script");
    script.args(["-qec", &line, "screen"]).current_dir(place.path("")).stdin(Stdio::piped());
    let ran = script.stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    assert!(ran.success());
    Some(String::from_utf8_lossy(&std::fs::read(place.path("screen")).unwrap()).into_owned())
}

#[test]
fn progress_fits_the_terminal_and_leaves_nothing_behind() {
    let place = Place::new();
    let Some(screen) = screen(&place, 40, "--out run --max-steps 20") else {
        return eprintln!("NOT TESTED: this system has no `script`, which makes terminals");
    };
    // What is written over begins with a return and an erased line.
    let drawn: Vec<&str> = screen.split("\r\x1b[K").skip(1).collect();
    let of = |name: &str| drawn.iter().filter(|line| line.starts_with(name)).count();
    assert!(of("training") > 0 && of("valid") > 0 && of("test") > 0, "{screen}");
    for line in drawn {
        let first = line.split(['\r', '\n']).next().unwrap();
        if ["training ", "valid ", "test "].iter().any(|name| first.starts_with(name)) {
            assert!(first.chars().count() < 40, "{first}");
            assert_eq!(first, line, "something was printed behind a line that is written over");
        }
    }
    assert!(screen.contains("20/20"), "the end of this call is its --max-steps: {screen}");
    assert!(!screen.contains("/24"), "{screen}");
}

#[test]
fn a_call_without_updates_names_no_scan() {
    let place = Place::new();
    let ran = place.run(&["train", "small.toml", "--max-steps", "0", "--out", "run"]);
    assert!(!ran.expect(0, &["0 updates on candle cpu, "]).out.contains("( scan)"));
    assert!(ran.err.contains("updates 0 to 0"), "{}", ran.err);
}
