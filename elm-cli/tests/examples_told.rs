//! The examples of every `--help`, and the commands in the comments of the
//! shipped configurations, do what they say.

mod common;

use common::{Place, Ran, shipped_configs, shipped_sweeps};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What stands in examples for things of a reader's own, and what a test has
/// instead; long trainings and data sets are cut short.
const REPLACED: &[(&str, &str)] = &[
    ("/some/book.txt", "words"),
    ("/another/book.txt", "words"),
    ("/path/to/some/text", "words"),
    ("folder/of/records", "records"),
    ("/folder/of/shd", "data/spoken"),
    ("pathfinder32 --samples", "data/pathfinder --samples"),
    ("--from-audio recordings", "--from-audio audio"),
    ("--samples 8156,2264", "--samples 20,10"),
    ("--pictures 200000", "--pictures 20"),
    ("--pictures 10000", "--pictures 20"),
    ("--samples 20000,1000,1000", "--samples 9,3,3"),
    ("--steps 20", "--steps 1"),
    ("arrays.npz", "tables"),
    ("configs/sweeps/small.toml", "sweep.toml"),
];

/// Commands that would take long get these arguments.
const SHORTENED: &[(&str, &str)] = &[
    ("elm train ", " --max-steps 2 --set training.valid_batches=2 --set training.test_batches=2"),
    ("elm data make listops ", " --samples 9,3,3"),
    ("elm data make spikes --out data/digits", " --samples 20,10"),
    ("elm data make neuronio ", " --files 1,1,1 --simulations 8 --milliseconds 1100"),
];

/// Data that nobody can have here: what is said then is that it is missing.
const ELSEWHERE: &str = "ELM_DATA=/folder ";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A place with everything that examples speak of.
fn prepared() -> Place {
    let place = Place::new();
    std::os::unix::fs::symlink(root().join("configs"), place.path("configs")).unwrap();
    std::os::unix::fs::symlink(root().join("elm-core/tests/records"), place.path("records")).unwrap();
    let readme = std::fs::read(root().join("README.md")).unwrap();
    place.write("words", readme.repeat(3));
    place.write("prompt.txt", "The ");
    place.write("sweep.toml", "config = \"small.toml\"\nseeds = [0, 1]\n");
    place.write("signal.csv", "x,y\n".to_string() + &"0.5,-0.5\n0.25,0.5\n".repeat(600));
    std::fs::create_dir(place.path("tables")).unwrap();
    place.write("tables/x.csv", "0.5,-0.5,0.25\n".repeat(200));
    place.write("tables/y.csv", "0\n1\n".repeat(100));
    std::fs::create_dir_all(place.path(".local/share/bash-completion/completions")).unwrap();
    for word in ["one", "two"] {
        std::fs::create_dir_all(place.path("audio").join(word)).unwrap();
        for take in 0..4 {
            std::fs::write(place.path("audio").join(word).join(format!("{take}.wav")), wave(take)).unwrap();
        }
    }
    for line in [
        "elm data make spikes --out data/spoken --samples 20,10",
        "elm data make pathfinder --out data/pathfinder --pictures 20",
        "elm train configs/text.toml --set data.path=words --set data.tokens=bytes --max-steps 1",
    ] {
        run(&place, line).expect(0, &[]);
    }
    place
}

/// Half a second of a tone as a WAV file, 16 bits at 16 kHz.
fn wave(take: u32) -> Vec<u8> {
    let samples = (0..8000u32)
        .map(|i| (f64::from(i * (200 + 50 * take)) / 16_000.0 * std::f64::consts::TAU).sin() * 8000.0);
    let data: Vec<u8> = samples.flat_map(|sample| (sample as i16).to_le_bytes()).collect();
    let size = data.len() as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + size).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(16_000u32.to_le_bytes());
    file.extend(32_000u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(size.to_le_bytes());
    file.extend(data);
    file
}

/// Runs a line of the shell in which `elm` is the built program.
fn run(place: &Place, line: &str) -> Ran {
    let mut command = Command::new("bash");
    let elm = env!("CARGO_BIN_EXE_elm");
    command.args(["-c", &format!("elm() {{ '{elm}' \"$@\"; }}; {line}")]).current_dir(place.path(""));
    command.env("HOME", place.path("")).env_remove("ELM_DATA");
    // An example may name more threads than a small machine has.
    command.env("ELM_MAX_THREADS", "2");
    Ran::of(command.output().unwrap())
}

/// Runs an example with what a test has instead.
fn try_out(place: &Place, example: &str) {
    if let Some(command) = example.strip_prefix(ELSEWHERE) {
        let ran = run(place, &format!("ELM_DATA=missing {command}"));
        assert!(ran.code == 1 && ran.err.contains("/missing"), "{example}: {}{}", ran.out, ran.err);
        return;
    }
    let mut line = example.to_string();
    for (told, had) in REPLACED {
        line = line.replace(told, had);
    }
    for (beginning, more) in SHORTENED {
        let option = more.split_whitespace().next().unwrap_or_default();
        if line.starts_with(beginning) && !line.contains(option) {
            line += more;
        }
    }
    let ran = run(place, &line);
    assert!(ran.code == 0, "{example}\nrun as: {line}\n{}{}", ran.out, ran.err);
}

/// The examples in the help of a command and of those below it.
fn examples_of(place: &Place, command: &[&str], found: &mut Vec<String>) {
    let help = place.run(&[command, &["--help"]].concat()).expect(0, &[]).out.clone();
    // Help is wrapped to the terminal: indented lines go on.
    let told = help.split("Example").nth(1).unwrap_or_else(|| panic!("{command:?} has no example"));
    let examples = told.lines().map(|line| line.trim_start_matches(['s', ':', ' ']));
    let own: Vec<String> = examples
        .filter(|line| line.starts_with("elm ") || line.starts_with("ELM_"))
        .map(String::from)
        .collect();
    assert!(!own.is_empty(), "{command:?}: {told}");
    found.extend(own);
    let Some(below) = help.split("Commands:\n").nth(1) else { return };
    let names = below.lines().take_while(|line| line.starts_with("  "));
    for name in
        names.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next())
    {
        if name != "help" {
            examples_of(place, &[command, &[name]].concat(), found);
        }
    }
}

#[test]
fn the_examples_of_every_help_run() {
    let place = prepared();
    let mut examples = Vec::new();
    examples_of(&place, &[], &mut examples);
    assert!(examples.len() >= 20, "{examples:#?}");
    examples.dedup();
    // Each on its own but for what another one of its command leaves behind.
    for example in &examples {
        if !example.contains("--resume") {
            for out in ["data/digits", "data/listops-1000", "data/pathfinder32"] {
                if example.contains(&format!("--out {out}")) {
                    let _ = std::fs::remove_dir_all(place.path(out));
                }
            }
        }
        if example == "elm train configs/quickstart.toml" {
            let _ = std::fs::remove_dir_all(place.path("runs/quickstart-0"));
        }
        try_out(&place, example);
    }
}

#[test]
fn the_commands_in_the_comments_of_configurations_run() {
    let place = prepared();
    let mut count = 0;
    for config in shipped_configs().into_iter().chain(shipped_sweeps()) {
        let file = root().join(config);
        let text = std::fs::read_to_string(&file).unwrap();
        let mut own = 0;
        for line in text.lines().filter_map(|line| line.strip_prefix('#')) {
            let Some(at) = line.find("ELM_DATA=/folder elm ").or(line.find("  elm ")) else { continue };
            let example = line[at..].trim();
            let out = format!("of-configs/{count}");
            if example.contains("elm train") || example.contains("elm sweep") {
                try_out(&place, &format!("{example} --out {out}"));
            } else {
                try_out(&place, example);
            }
            own += 1;
            count += 1;
        }
        assert!(own > 0, "{} does not tell how it is used", file.display());
    }
    assert!(count >= 11, "{count}");
}
