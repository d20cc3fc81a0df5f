//! The published networks beside the same in JAX and PyTorch: training steps,
//! forward passes and streaming, in turns on one machine, as a table.
//!
//! ```sh
//! pip install jax optax torch      # what is missing is left out
//! cargo bench -p elm-cli --bench peers
//! ```
//!
//! `PYTHON` names another interpreter, `ROUNDS` the number of turns (3). The
//! peers have no dropout, so it is off; the row that says so has it.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// The published networks: name of the peers' task, configuration, settings.
const TASKS: [(&str, &str, &[&str]); 2] = [
    ("text", "enwik8.toml", &[]),
    ("spikes", "shd_adding.toml", &["model.dropout.input=0", "model.dropout.recurrent=0"]),
];

/// Ways to compute beside the plain one, by arguments of `elm bench`.
const VARIANTS: [(&str, &[&str]); 3] = [
    ("one thread", &["--threads", "1"]),
    ("AVX2", &["--simd", "avx2"]),
    ("portable", &["--simd", "portable"]),
];

/// Sizes doubled, by settings of each task.
const DOUBLED: [(&str, [&str; 2]); 3] = [
    ("neurons", ["model.num_hidden=2048", "model.num_hidden=192"]),
    ("time steps", ["training.seq_length=200", "data.bin_ms=1.0"]),
    ("batch", ["training.batch_size=16", "training.batch_size=16"]),
];

/// What was measured in all rounds, in ms unless named otherwise.
#[derive(Default)]
struct Measured(BTreeMap<String, Vec<f64>>);

impl Measured {
    fn push(&mut self, name: &str, value: f64) {
        self.0.entry(name.into()).or_default().push(value);
    }

    /// The median over the rounds.
    fn get(&self, name: &str) -> Option<f64> {
        let mut values = self.0.get(name)?.clone();
        values.sort_by(f64::total_cmp);
        Some(values[values.len() / 2])
    }

    /// The fastest of those whose name starts so.
    fn fastest(&self, prefix: &str) -> Option<f64> {
        let names = self.0.keys().filter(|name| name.starts_with(prefix));
        names.filter_map(|name| self.get(name)).min_by(f64::total_cmp)
    }
}

fn main() {
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    print_machine();
    for (i, (task, config, settings)) in TASKS.into_iter().enumerate() {
        let mut measured = Measured::default();
        for round in 1..=rounds {
            eprintln!("{task}: round {round} of {rounds}");
            measure_elm("elm", config, settings, &[], &mut measured);
            for (name, arguments) in VARIANTS {
                measure_elm(name, config, settings, arguments, &mut measured);
            }
            for (name, by_task) in DOUBLED {
                let settings: Vec<_> = settings.iter().copied().chain([by_task[i]]).collect();
                measure_elm(name, config, &settings, &[], &mut measured);
            }
            measure_elm("dropout as published", config, &[], &[], &mut measured);
            for (script, layouts) in
                [("jax_elmnet.py", &["vmap", "batched"][..]), ("torch_elmnet.py", &["cpu"])]
            {
                for layout in layouts {
                    measure_peer(script, task, layout, &mut measured);
                }
            }
        }
        print_tables(task, &measured);
    }
}

/// Runs `elm bench` on a published network.
fn measure_elm(name: &str, config: &str, settings: &[&str], arguments: &[&str], measured: &mut Measured) {
    let config = format!("{}/../configs/{config}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_elm"));
    command.args(["bench", &config, "--steps", "5", "--json"]).args(arguments);
    command.args(settings.iter().flat_map(|setting| ["--set", setting]));
    let output = command.stderr(Stdio::null()).output().expect("elm can be started");
    let Ok(report) = serde_json::from_slice::<Value>(&output.stdout) else {
        return eprintln!("elm bench did not answer: {command:?}");
    };
    let number = |path: &str| report.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN);
    measured.push(&format!("{name} train"), number("/train/ms_per_step"));
    measured.push(&format!("{name} inference"), number("/inference/ms_per_step"));
    measured.push(&format!("{name} stream"), number("/stream/microseconds_per_step") / 1000.0);
    measured.push(&format!("{name} share"), number("/layer_gflops") / number("/peak_gflops"));
    measured.push(&format!("{name} memory"), number("/peak_memory_bytes"));
}

/// Runs a peer, which prints lines like `… text: 6559 ms/step, …` and
/// `… text inference: 1126 ms, …`.
fn measure_peer(script: &str, task: &str, layout: &str, measured: &mut Measured) {
    let script_path = format!("{}/benches/peers/{script}", env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let mut command = Command::new(python);
    command.args([&script_path, task, "3", layout]).stderr(Stdio::null());
    let output = command.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let output = output.unwrap_or_default();
    for line in output.lines() {
        let Some((name, rest)) = line.split_once(": ") else { continue };
        let Some(time) = rest.split(' ').next().and_then(|time| time.parse().ok()) else { continue };
        let name = name.replace(&format!(" {task}"), "");
        match name.strip_suffix(" inference") {
            Some(name) => measured.push(&format!("inference of {name}"), time),
            None => measured.push(&format!("train of {name}"), time),
        }
    }
    if output.is_empty() {
        eprintln!("{script} {layout}: not measured (is it installed?)");
    }
}

fn print_machine() {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "elm {}, {} x {}\n",
        env!("CARGO_PKG_VERSION"),
        cores,
        model.trim_start_matches([' ', '\t', ':'])
    );
}

fn print_tables(task: &str, measured: &Measured) {
    println!("| {task} | training step | forward pass | one live step |\n|---|---|---|---|");
    let ms = |name: &str| measured.get(name).map_or("".into(), |ms| format!("{ms:.3} ms"));
    for name in ["elm", "dropout as published"].into_iter().chain(VARIANTS.map(|(name, _)| name)) {
        let [train, inference, stream] =
            ["train", "inference", "stream"].map(|what| ms(&format!("{name} {what}")));
        println!("| {name} | {train} | {inference} | {stream} |");
    }
    for name in measured.0.keys().filter_map(|name| name.strip_prefix("train of ")) {
        let [train, inference] = ["train", "inference"].map(|what| ms(&format!("{what} of {name}")));
        println!("| {name} | {train} | {inference} | |");
    }
    let ratio = |above: Option<f64>, below: &str| match (above, measured.get(below)) {
        (Some(above), Some(below)) => format!("{:.2}", above / below),
        _ => "not measured".into(),
    };
    let tokens_doubled = |name: &str| measured.get(&format!("{name} train")).map(|ms| ms / 2.0);
    println!("\n| {task}: ratios | |\n|---|---|");
    println!("| fastest peer / elm, training | {} |", ratio(measured.fastest("train of"), "elm train"));
    println!(
        "| fastest peer / elm, forward | {} |",
        ratio(measured.fastest("inference of"), "elm inference")
    );
    println!("| one thread / all threads | {} |", ratio(measured.get("one thread train"), "elm train"));
    for (name, _) in DOUBLED {
        println!(
            "| {name} doubled, time per token and neuron | {} |",
            ratio(tokens_doubled(name), "elm train")
        );
    }
    for name in ["elm", "AVX2"] {
        let share = measured.get(&format!("{name} share")).unwrap_or(f64::NAN);
        println!("| {name}: share of measured peak | {:.0} % |", 100.0 * share);
    }
    println!(
        "| memory of a training step | {:.0} MiB |\n",
        measured.get("elm memory").unwrap_or(f64::NAN) / 1048576.0
    );
}
