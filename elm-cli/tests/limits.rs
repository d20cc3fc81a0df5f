//! What this machine does not have is refused with numbers, before anything is
//! made: sizes, memory, threads.

mod common;

use common::{Place, Ran};

/// Settings of sizes that no machine has, and what is said of them.
const TOO_LARGE: &[(&[&str], &str)] = &[
    (&["model.num_hidden=1000000000000"], "model.num_hidden: 1000000000000 is too much"),
    (&["model.num_hidden=9000000000000000000"], "model.num_hidden: 9000000000000000000 is too much"),
    (&["model.num_hidden=18446744073709551615"], "model.num_hidden"),
    (&["model.neuron.num_memory=9000000000000000000"], "model.neuron.num_memory"),
    (&["model.neuron.num_synapse_per_branch=9000000000000000000"], "model.neuron.num_synapse_per_branch"),
    (
        &["model.neuron.num_branch=4294967296", "model.neuron.num_synapse_per_branch=4294967296"],
        "is too much: a layer would have",
    ),
    (&["model.neuron.mlp_hidden_layers=9000000000000000000"], "model.neuron.mlp_hidden_layers"),
    (&["model.neuron.mlp_hidden_units=9000000000000000000"], "model.neuron.mlp_hidden_units"),
    (&["model.num_layers=9000000000000000000"], "model.num_layers"),
    (&["model.last_layer.neuron.num_memory=9000000000000000000"], "model.last_layer.neuron.num_memory"),
];

fn with(command: &str, settings: &[&str]) -> Vec<String> {
    let mut arguments = vec![command.to_string(), "small.toml".to_string()];
    arguments.extend(settings.iter().flat_map(|setting| ["--set".to_string(), setting.to_string()]));
    arguments
}

fn run(place: &Place, command: &str, settings: &[&str]) -> Ran {
    let arguments = with(command, settings);
    place.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn sizes_that_no_machine_has_are_refused_at_their_place() {
    let place = Place::new();
    for (settings, said) in TOO_LARGE {
        for command in ["info", "check", "train", "bench"] {
            run(&place, command, settings).expect(2, &[said, "--set #"]);
        }
    }
}

#[test]
fn memory_that_is_not_there_is_refused_with_both_numbers() {
    let place = Place::new();
    for settings in [
        &["model.num_hidden=100000000"][..],
        &["model.num_hidden=3000000", "model.neuron.num_memory=100"],
        &["model.num_hidden=60000", "model.neuron.num_memory=2000"],
    ] {
        run(&place, "info", settings).expect(0, &["a training step needs", "iB (estimate)"]);
        for command in ["check", "train", "bench"] {
            let said = [
                "a training step needs about",
                "parameters, 8 sequences of 20 time steps), but",
                "iB of memory are available here",
            ];
            run(&place, command, settings).expect(2, &said).expect(2, &["--set #1:1:18"]);
        }
    }
}

#[test]
fn sequences_beyond_any_memory_are_estimated_and_refused_too() {
    let place = Place::new();
    place.write("words", "leaky memory ".repeat(200));
    place.write("small.toml", "[data]\nkind = \"text\"\npath = \"words\"\n[model]\nnum_hidden = 5\n");
    for settings in [
        &["training.seq_length=9000000000000000000"][..],
        &["training.batch_size=9000000000000000000"],
        &["training.seq_length=9000000000000000000", "training.batch_size=9000000000000000000"],
        &["training.seq_length=9000000000000000000", "backend.memory_budget=9000000000000000000"],
        &["training.seq_length=9000000000000000000", "backend.scan=composed", "backend.memory_budget=1"],
    ] {
        run(&place, "info", settings).expect(0, &["(estimate)"]);
        run(&place, "bench", settings).expect(2, &["a training step needs about"]);
        let refused = run(&place, "train", settings);
        assert!([1, 2].contains(&refused.code) && !refused.err.contains("panicked"), "{}", refused.err);
    }
}

#[test]
fn an_evaluation_that_does_not_fit_is_refused_before_training() {
    let place = Place::new();
    for key in ["valid_batch_size", "test_batch_size"] {
        let setting = format!("training.{key}=1000000000000");
        for command in ["check", "train"] {
            let said = ["evaluating a batch needs about", "1000000000000 sequences of 20 time steps"];
            run(&place, command, &[&setting]).expect(2, &said);
        }
    }
}

/// `ulimit -v` is how clusters bound memory.
#[test]
#[cfg(target_os = "linux")]
fn a_limit_of_addresses_is_respected() {
    let place = Place::new();
    let line = format!(
        "ulimit -v 2000000; exec '{}' train small.toml --set model.num_hidden=60000 --set model.neuron.num_memory=20",
        env!("CARGO_BIN_EXE_elm")
    );
    let mut shell = std::process::Command::new("sh");
    let ran = Ran::of(shell.args(["-c", &line]).current_dir(place.path("")).output().unwrap());
    ran.expect(2, &["a training step needs about", "1.", "GiB of memory are available"]);
}

#[test]
fn more_threads_than_cores_are_refused_with_both_numbers() {
    let place = Place::new();
    let cores = std::thread::available_parallelism().unwrap();
    let said = ["backend.threads: 100000 threads", &format!("may use {cores} "), "ELM_MAX_THREADS"];
    for command in ["train", "bench", "check"] {
        run(&place, command, &["backend.threads=100000"]).expect(2, &said).expect(2, &["--set #1:1:17"]);
    }
    place.run(&["bench", "small.toml", "--threads", "100000"]).expect(2, &said);
    place.run(&["train", "small.toml", "--max-steps", "1", "--out", "run"]).expect(0, &[]);
    place.run(&["eval", "run", "--set", "backend.threads=100000"]).expect(2, &said);
    let variable = |name: &str, value: &str, arguments: &[&str]| {
        Ran::of(place.command(arguments).env(name, value).output().unwrap())
    };
    let bench = ["bench", "small.toml", "--steps", "1", "--json"];
    variable("RAYON_NUM_THREADS", "100000", &bench).expect(2, &["RAYON_NUM_THREADS: 100000 threads"]);
    variable("ELM_MAX_THREADS", "many", &bench).expect(2, &["ELM_MAX_THREADS", "\"many\" is not a number"]);
    variable("ELM_MAX_THREADS", "100000", &bench).expect(2, &["ELM_MAX_THREADS", "16 threads a core"]);
    let more = usize::from(cores) + 1;
    let threads = more.to_string();
    let ran = variable("ELM_MAX_THREADS", &threads, &[&bench[..], &["--threads", &threads]].concat());
    let report: serde_json::Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
    assert_eq!(report["threads"], more);
    place.run(&["check", "--keys"]).expect(0, &["ELM_MAX_THREADS"]);
}

/// Slurm, cpusets and containers give a process some of the cores.
#[test]
#[cfg(target_os = "linux")]
fn without_a_number_the_cores_of_the_process_count() {
    let place = Place::new();
    let mut taskset = std::process::Command::new("taskset");
    taskset.args(["-c", "0", env!("CARGO_BIN_EXE_elm"), "bench", "small.toml", "--steps", "1", "--json"]);
    let Ok(output) = taskset.current_dir(place.path("")).output() else {
        return eprintln!("NOT TESTED: this system has no `taskset`");
    };
    if String::from_utf8_lossy(&output.stderr).contains("failed to set") {
        return eprintln!("NOT TESTED: this process may not run on core 0");
    }
    let report: serde_json::Value = serde_json::from_str(&Ran::of(output).expect(0, &[]).out).unwrap();
    assert_eq!(report["threads"], 1);
}

#[test]
fn a_program_that_was_not_built_to_be_fast_says_so_but_not_to_scripts() {
    let place = Place::new();
    for command in ["train small.toml --out OUT --max-steps 1", "bench small.toml --steps 1"] {
        let said = |command: &str| {
            let words: Vec<&str> = command.split(' ').collect();
            place.run(&words).expect(0, &[]).err.contains("built without --release")
        };
        assert_eq!(said(&command.replace("OUT", "for-people")), cfg!(debug_assertions), "{command}");
        assert!(!said(&(command.replace("OUT", "for-scripts") + " --json")), "{command}");
    }
}

#[test]
fn a_record_of_absurd_size_names_its_file() {
    let place = Place::new();
    let original = common::records().into_iter().find(|path| path.ends_with("network_text.json")).unwrap();
    std::fs::copy(original.with_extension("safetensors"), place.path("record.safetensors")).unwrap();
    let text = std::fs::read_to_string(&original).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    for (key, value, said) in [
        ("num_hidden", 1_000_000_000_000, "record.json: model.num_hidden: 1000000000000 is too much"),
        // Not too much as such, but not what the numbers are of.
        ("num_hidden", 1_000_000_000, "belongs to another model"),
        ("num_layers", u64::MAX, "record.json: model.num_layers"),
        ("time_steps", u64::MAX, "record.safetensors"),
        ("batch", u64::MAX, "record.safetensors"),
    ] {
        let mut wrong = document.clone();
        let table = if key.starts_with("num_") { &mut wrong["config"] } else { &mut wrong };
        table[key] = value.into();
        place.write("record.json", wrong.to_string());
        place.run(&["verify", "record.json"]).expect(1, &[said]);
    }
    place.write("notes.md", "no record");
    let said = ["notes.md: this is no record", "NAME.json beside NAME.safetensors"];
    place.run(&["verify", "notes.md"]).expect(1, &said);
}
