//! Settings: each documented once, defaults as documented (`defaults`), every
//! name of every choice reaching its variant (`names`), and none without effect
//! (`effect`).

#[path = "../common/mod.rs"]
mod common;
mod defaults;
mod effect;
mod names;

use common::Place;
use elm_cli::config::effective::Found;
use elm_cli::config::resolved::to_toml;
use elm_cli::config::{DataKind, Demand, Named, Predicts, RunConfig, keys};
use elm_core::kernel::Simd;
use elm_core::model::LayerSpec;
use std::collections::BTreeSet;

/// Reads a configuration of these lines and overrides.
fn load(lines: &str, set: &[&str]) -> Result<RunConfig, String> {
    let place = Place::new();
    let set: Vec<String> = set.iter().map(|setting| setting.to_string()).collect();
    RunConfig::load(&place.write("c.toml", lines), &set).map_err(|error| error.to_string())
}

const TEXT: &str = "[data]\nkind = \"text\"\n[model]\nnum_hidden = 5\n";
const DIGITS: &str = "[data]\nkind = \"digits\"\n[model]\nnum_hidden = 5\n";
const ADDING: &str = "[data]\nkind = \"digits_adding\"\n[model]\nnum_hidden = 5\n";

fn of(lines: &str) -> RunConfig {
    load(lines, &[]).unwrap()
}

/// The layers of a model of that kind on 30 channels.
fn layers(kind: &str, set: &[&str]) -> Vec<LayerSpec> {
    let alone = kind != "elm_network";
    let lines = format!(
        "[data]\nkind = \"shd\"\n[model]\nkind = \"{kind}\"\n{}",
        if alone { "" } else { "num_hidden = 6" }
    );
    let demand = Demand { inputs: 700, outputs: 20, tokens: false };
    load(&lines, set).unwrap().network(demand).unwrap().layers
}

#[test]
fn every_key_is_documented_once() {
    let keys = keys::all();
    let paths: BTreeSet<&str> = keys.iter().map(|key| key.path.as_str()).collect();
    assert_eq!(paths.len(), keys.len(), "a key is declared twice");
    assert!(keys.iter().all(|key| !key.meaning.is_empty() && !key.default.is_empty()));
    let place = Place::new();
    let told =
        place.run(&["check", "--keys"]).expect(0, &["[backend]", "backend.simd", "extends"]).out.clone();
    let lines: Vec<&str> =
        told.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).collect();
    let named = |path: &str| lines.iter().filter(|line| line.split_whitespace().next() == Some(path)).count();
    for path in paths {
        // Tables of the same keys are documented together.
        let first = path
            .replace("model.first_layer.", "model.")
            .replace("model.last_layer.", "model.")
            .replace("population_activity", "mlp_magnitude");
        assert_eq!(named(&first), 1, "{first}");
        let (table, _) = path.rsplit_once('.').unwrap();
        assert_eq!(told.matches(&format!("[{table}]")).count(), 1, "{table}");
    }
}

#[test]
fn a_kind_of_data_says_what_it_predicts() {
    for &kind in DataKind::ALL {
        let text = kind == DataKind::Text;
        assert_eq!(kind.properties().carries_state, text);
        assert_eq!(kind.properties().predicts == Predicts::EveryStep, text);
        assert_eq!(kind.properties().predicts == Predicts::Pairs, kind == DataKind::LraRetrieval);
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    for (setting, said) in [
        ("checkpoint.keep=1", "an integer of at least 2, not 1"),
        ("checkpoint.keep=1", "the newest may be damaged"),
        ("backend.simd=avx1024", "one of \"auto\", \"avx512\", \"avx2\", \"portable\", not \"avx1024\""),
        ("model.neuron.memory_tau_range_scale=0.5", "a number of at least 1, not 0.5"),
        ("training.clip_norm=0", "a number above 0 or \"none\", not 0"),
        ("extends=other.toml", "extends is for files"),
        ("model.kind=rnn", "not \"rnn\""),
        ("training.batchsize=3", "did you mean `training.batch_size`"),
    ] {
        let error = load(DIGITS, &[setting]).unwrap_err();
        assert!(error.contains(said) && error.contains("--set #1:1:"), "{error}");
    }
}

#[test]
fn values_of_set_are_taken_without_the_spaces_around_them() {
    let config = load(DIGITS, &["training.learning_rate = 1e-3", "backend.kind = candle "]).unwrap();
    assert_eq!((config.training.rate.learning_rate, config.backend.as_str()), (1e-3, "candle"));
    let error = load(DIGITS, &["training.batch_size =   x"]).unwrap_err();
    assert!(error.contains("--set #1:1:25"), "{error}");
}

#[test]
fn seeds_have_64_bits() {
    let config =
        load(DIGITS, &["training.seed=18446744073709551615", "data.seed=9223372036854775808"]).unwrap();
    assert_eq!((config.training.seed, config.data.seed), (u64::MAX, 1 << 63));
    let written = to_toml(&config.effective(&Found::default()), false);
    let again = load(&written, &[]).unwrap();
    assert_eq!(again.training.seed, u64::MAX);
}

/// What `info` and `bench` reckon with is what training sees.
#[test]
fn time_steps_are_counted_as_in_training() {
    for (bin_ms, steps) in [("9", 112), ("30", 34), ("700", 2), ("2", 500), ("2.5", 400), ("1000", 1)] {
        let config = load(DIGITS, &[&format!("data.bin_ms={bin_ms}")]).unwrap();
        assert_eq!(config.time_steps(), steps, "{bin_ms} ms");
        let sample = elm_data::spikes::Binning::new(config.data.bin_ms, false).unwrap();
        assert_eq!(sample.steps(), steps, "{bin_ms} ms");
        let added = load(ADDING, &[&format!("data.bin_ms={bin_ms}")]).unwrap();
        assert_eq!(added.time_steps(), 2 * steps, "{bin_ms} ms");
    }
}

#[test]
fn none_unsets() {
    let lines = format!("{DIGITS}[training]\nnum_epochs = 3\nclip_norm = 2.0\n[backend]\nthreads = 2\n");
    assert_eq!(of(&lines).training.clip_norm, Some(2.0));
    let set = [
        "training.num_epochs=none",
        "training.num_turns=4",
        "training.clip_norm=none",
        "backend.threads=none",
    ];
    let unset = load(&lines, &set).unwrap();
    assert_eq!((unset.training.turn, unset.training.turns), (Some(400), 4));
    assert_eq!((unset.training.clip_norm, unset.backend_options.threads), (None, None));
    let high_pass = |set: &[&str]| layers("elm_network", set)[0].neuron.high_pass_tau;
    assert_eq!(high_pass(&["model.neuron.high_pass_tau=none"]), None);
    assert_eq!(high_pass(&["model.neuron.high_pass_tau=2"]), Some(2.0));
}

/// All instructions compute the same up to rounding: training with others than
/// this processor's widest ends in weights that differ in the last bits.
#[test]
fn instructions_are_chosen_for_training_too() {
    let place = Place::new();
    let weights = |simd: &str, out: &str| {
        let set = format!("backend.simd={simd}");
        let run = [
            "train",
            "small.toml",
            "--max-steps",
            "2",
            "--out",
            out,
            "--set",
            &set,
            "--set",
            "backend.scan=fused",
        ];
        place.run(&run).expect(0, &["fused scan"]);
        let config = std::fs::read_to_string(place.path(out).join("config.toml")).unwrap();
        assert!(config.contains(&format!("simd = \"{simd}\"")), "{config}");
        std::fs::read(place.path(out).join("checkpoints/last/model.safetensors")).unwrap()
    };
    let [auto, portable, again] =
        [("auto", "a"), ("portable", "b"), ("portable", "c")].map(|(simd, out)| weights(simd, out));
    assert_eq!(portable, again);
    if Simd::Auto.resolve().unwrap() != Simd::Portable.resolve().unwrap() {
        assert_ne!(portable, auto, "backend.simd had no effect");
    }
    for (set, flag, used) in [("portable", None, "portable"), ("auto", Some("portable"), "portable")] {
        let set = format!("backend.simd={set}");
        let mut bench = vec!["bench", "small.toml", "--steps", "1", "--json", "--set", &set];
        bench.extend(flag.iter().flat_map(|name| ["--simd", name]));
        let report: serde_json::Value = serde_json::from_str(&place.run(&bench).expect(0, &[]).out).unwrap();
        assert_eq!(report["simd"], used);
    }
}
