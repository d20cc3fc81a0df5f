//! The models that ELM neurons are compared with are trained, interrupted,
//! continued, evaluated, counted and timed as those are.

mod common;

use common::{Place, metrics};
use elm_cli::config::RunConfig;
use serde_json::Value;
use std::path::Path;

const KINDS: [&str; 4] = ["lstm", "gru", "lif", "transformer"];

/// Made digits, small.
const DATA: &str = "[data]\nkind = \"digits\"\nchannels = 20\nbin_ms = 50.0\ntrain_samples = 64\n\
    valid_samples = 16\ntest_samples = 16\n[training]\nbatch_size = 8\nnum_epochs = 3\n\
    learning_rate = 5e-3\nwarmup_steps = 3\n[checkpoint]\nevery_steps = 5\n[logging]\nevery_steps = 4\n";

fn model(kind: &str) -> &'static str {
    match kind {
        "lstm" => {
            "kind = \"lstm\"\n[model.lstm]\nhidden_size = 6\nnum_layers = 2\nchrono = 20\n[model.dropout]\nrecurrent = 0.2\ninput = 0.1\n"
        }
        "gru" => "kind = \"gru\"\n[model.gru]\nhidden_size = 6\n",
        "lif" => {
            "kind = \"lif\"\nembedding = \"scaled\"\nembedding_scale = 3.0\n[model.lif]\nhidden_size = 10\n[model.dropout]\ninput = 0.1\ninput_mode = \"per_step\"\n"
        }
        _ => {
            "kind = \"transformer\"\n[model.transformer]\nwidth = 8\nheads = 2\ndepth = 1\npositions = \"learned\"\nmax_steps = 64\ndropout = 0.1\nattention_dropout = 0.1\n"
        }
    }
}

/// A place with a configuration for each kind.
fn place() -> Place {
    let place = Place::new();
    for kind in KINDS {
        place.write(&format!("{kind}.toml"), format!("{DATA}[model]\n{}", model(kind)));
    }
    place
}

fn json(place: &Place, words: &[&str]) -> Value {
    serde_json::from_str(&place.run(words).expect(0, &[]).out).unwrap()
}

#[test]
fn they_train_and_continue_bit_for_bit() {
    let place = place();
    for kind in KINDS {
        let config = format!("{kind}.toml");
        let straight = json(&place, &["train", &config, "--out", &format!("{kind}-straight"), "--json"]);
        assert_eq!(straight["steps"], 24, "{kind}");
        assert_eq!(straight["scan"], "composed", "{kind}");
        let pieces = format!("{kind}-pieces");
        for stop in ["5", "11", "24"] {
            place.run(&["train", &config, "--out", &pieces, "--resume", "--max-steps", stop]).expect(0, &[]);
        }
        let run = |name: &str| place.path(&format!("{kind}-{name}"));
        assert_eq!(metrics(&run("straight")), metrics(&run("pieces")), "{kind}");
        for file in ["last/model.safetensors", "last/training.safetensors", "best/model.safetensors"] {
            let read = |name| std::fs::read(run(name).join("checkpoints").join(file)).unwrap();
            assert_eq!(read("straight"), read("pieces"), "{kind}: {file}");
        }
        let evaluated = json(&place, &["eval", &format!("{kind}-straight"), "--json"]);
        assert_eq!(evaluated["test"], straight["test"], "{kind}");
        place.run(&["verify", &format!("{kind}-straight")]).expect(1, &["a run of a baseline"]);
    }
}

/// Recurrent dropout of the LSTM and that of the attention are composed.
#[cfg(feature = "tch")]
#[test]
fn libtorch_computes_them_by_itself_where_it_can_and_that_is_told() {
    let place = place();
    for (kind, set, told) in [
        ("lstm", "model.dropout.recurrent=0", "fused"),
        ("lstm", "model.dropout.recurrent=0.2", "composed"),
        ("gru", "backend.scan=auto", "fused"),
        ("gru", "backend.scan=composed", "composed"),
        ("lif", "backend.scan=auto", "composed"),
        ("transformer", "model.transformer.attention_dropout=0", "fused"),
        ("transformer", "model.transformer.attention_dropout=0.1", "composed"),
    ] {
        let config = format!("{kind}.toml");
        let bench = ["bench", &config, "--steps", "1", "--json", "--backend", "tch", "--set", set];
        assert_eq!(json(&place, &bench)["scan"], told, "{kind}, {set}");
    }
}

#[test]
fn their_settings_filled_in_are_the_same_experiment() {
    let place = place();
    for kind in KINDS {
        let config = format!("{kind}.toml");
        place.write("filled.toml", &place.run(&["config", &config]).expect(0, &[]).out);
        let info = json(&place, &["info", &config, "--json"]);
        assert_eq!(info, json(&place, &["info", "filled.toml", "--json"]), "{kind}");
        let filled = std::fs::read_to_string(place.path("filled.toml")).unwrap();
        assert!(
            filled.contains(&format!("[model.{kind}]")) && !filled.contains("[model.neuron]"),
            "{filled}"
        );
        let others = KINDS.iter().filter(|other| **other != kind);
        assert!(others.into_iter().all(|other| !filled.contains(&format!("[model.{other}]"))), "{filled}");
    }
}

#[test]
fn they_are_counted_checked_and_timed() {
    let place = place();
    for (kind, parameters, state) in [
        ("lstm", 4 * 6 * (20 + 6 + 1) + 4 * 6 * 13 + 20 * 7, 24),
        ("gru", 3 * 6 * (20 + 6 + 2) + 20 * 7, 6),
        ("lif", 10 * 31 + 20 * 11, 30),
        ("transformer", 8 * (21 + 64) + (3 * 72 + 72 + 2 * 8 * 32 + 40 + 32) + 16 + 20 * 9, 0),
    ] {
        let config = format!("{kind}.toml");
        let info = json(&place, &["info", &config, "--json"]);
        assert_eq!(info["trainable_parameters"], parameters, "{kind}");
        assert_eq!(info["state_floats"], state, "{kind}");
        assert!(info["flops_per_step_forward"].as_u64().unwrap() >= parameters as u64, "{kind}");
        place.run(&["check", &config]).expect(0, &[&format!("{parameters} parameters")]);
        let bench = json(&place, &["bench", &config, "--steps", "1", "--json"]);
        assert!(bench["stream"].is_null() && bench["train"]["ms_per_step"].is_f64(), "{kind}");
    }
}

#[test]
fn recurrent_ones_write_text_and_an_encoder_says_why_it_does_not() {
    let place = place();
    place.write("words", "leaky memory ".repeat(300));
    let text = "[data]\nkind = \"text\"\npath = \"words\"\ntokens = \"bytes\"\n[training]\nseq_length = 20\n\
        batch_size = 4\nsteps_per_turn = 4\nnum_turns = 1\nvalid_batches = 2\n[model]\n";
    for kind in ["lstm", "gru"] {
        let model = format!("kind = \"{kind}\"\n[model.{kind}]\nhidden_size = 8\n");
        place.write("text.toml", format!("{text}{model}"));
        place.run(&["train", "text.toml", "--out", kind]).expect(0, &[]);
        let written = place.run(&["generate", kind, "--prompt", "leaky", "--length", "9"]);
        assert!(written.expect(0, &[]).out.starts_with("leaky"), "{kind}");
    }
    place.write("text.toml", format!("{text}{}", model("transformer")));
    place.run(&["check", "text.toml"]).expect(2, &["model.kind", "encoder"]);
}

#[test]
fn settings_of_other_kinds_and_impossible_ones_are_refused_at_their_place() {
    let place = place();
    for (kind, set, told) in [
        ("lstm", "model.num_hidden=5", "kind \"lstm\" has no such setting"),
        ("lstm", "model.neuron.num_memory=5", "kind \"lstm\" has no such setting"),
        ("lstm", "model.gru.hidden_size=5", "kind \"lstm\" has no such setting"),
        ("lstm", "model.dropout.memory=0.1", "kind \"lstm\" has no such setting"),
        ("lstm", "model.lstm.hidden_size=none", "model.lstm.hidden_size: missing"),
        ("lstm", "model.lstm.hidden_size=9999999999", "too much"),
        ("lstm", "model.lstm.chrono=2", "more than 2"),
        ("lstm", "model.head=none", "linear head"),
        ("lstm", "model.embedding=one_hot", "needs data that consists of tokens"),
        ("lstm", "backend.scan=fused", "only ELM neurons have a fused recurrence with every backend"),
        ("gru", "regularizer.mlp_magnitude.strength=0.1", "only ELM neurons have an MLP"),
        ("gru", "regularizer.population_activity.layers=[1]", "there is no layer 1"),
        ("gru", "model.num_input=7", "contradicts the data"),
        ("lif", "model.lif.tau_max=0.5", "above tau_min"),
        ("lif", "model.lif.inhibitory=1.5", "from 0 to 1"),
        ("transformer", "model.transformer.heads=3", "do not divide"),
        ("transformer", "model.dropout.recurrent=0.1", "no such setting"),
        ("transformer", "model.transformer.max_steps=none", "model.transformer.max_steps: missing"),
        ("transformer", "model.transformer.positions=sinusoidal", "only learned positions"),
        ("transformer", "model.transformer.dropout=1", "0..1"),
    ] {
        let config = format!("{kind}.toml");
        place.run(&["check", &config, "--set", set]).expect(2, &[told]);
    }
    place.run(&["check", "small.toml", "--set", "model.lstm.hidden_size=5"]).expect(2, &["no such setting"]);
    place
        .run(&["check", "small.toml", "--set", "model.kind=lstn"])
        .expect(2, &["\"lstm\"", "\"elm_network\""]);
}

#[test]
fn a_checkpoint_of_another_kind_is_refused() {
    let place = place();
    place.run(&["train", "gru.toml", "--out", "run", "--max-steps", "2"]).expect(0, &[]);
    let other = place.run(&["train", "lstm.toml", "--out", "run", "--resume"]);
    assert!(other.code != 0 && other.err.contains("model."), "{}", other.err);
    place.run(&["train", "lstm.toml", "--from", "run", "--out", "other"]).expect(1, &["lstm.weight_ih_l0"]);
}

/// The sizes that the comments of the shipped configurations tell.
#[test]
fn shipped_baselines_have_the_sizes_that_they_tell() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/baselines");
    let place = Place::new();
    for (name, parameters) in [
        ("digits_lstm", 13_300),
        ("digits_gru", 13_644),
        ("digits_lif", 13_562),
        ("digits_transformer", 13_400),
        ("shd_adding_lstm", 955_769),
        ("shd_lif", 610_520),
        ("neuronio_lif", 1283),
        ("neuronio_lstm", 551_802),
    ] {
        let file = folder.join(format!("{name}.toml"));
        let info = json(&place, &["info", file.to_str().unwrap(), "--json"]);
        assert_eq!(info["trainable_parameters"], parameters, "{name}");
        RunConfig::load(&file, &[]).unwrap();
    }
}
