//! Optimisers, schedules, accumulated gradients and early stopping, from
//! configuration to run folder.

mod common;

use common::{Place, metrics};
use serde_json::Value;
use std::fs;

const TEXT: &str = r#"
[data]
kind = "text"
path = "text"
tokens = "eos"
[model]
num_hidden = 4
head = "linear"
[model.neuron]
num_memory = 2
num_branch = 2
num_synapse_per_branch = 3
memory_tau_max = 20.0
[model.dropout]
recurrent = 0.2
[training]
batch_size = 4
seq_length = 8
steps_per_turn = 8
num_turns = 3
valid_batches = 3
test_batches = 3
learning_rate = 1e-2
warmup_steps = 4
state_dropout = 0.1
[regularizer]
population_activity = { strength = 0.1 }
[logging]
every_steps = 1
"#;

fn place() -> Place {
    let place = Place::new();
    place.write("text", "one neuron remembers what another neuron forgets\n".repeat(120));
    place.write("text.toml", TEXT);
    place
}

fn train(place: &Place, config: &str, out: &str, settings: &[&str], more: &[&str]) -> common::Ran {
    let mut arguments = vec!["train", config, "--out", out, "--resume"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    arguments.extend(more);
    place.run(&arguments)
}

fn document(place: &Place, name: &str) -> Value {
    serde_json::from_slice(&fs::read(place.path(name)).unwrap()).unwrap()
}

/// Learning rates of the updates, in order.
fn rates(place: &Place, run: &str) -> Vec<f64> {
    metrics(&place.path(run)).iter().filter_map(|line| line["learning_rate"].as_f64()).collect()
}

#[test]
fn every_rule_and_schedule_continues_with_the_numbers_of_the_straight_run() {
    let place = place();
    for (config, settings) in [
        ("small.toml", &["training.optimizer=adamw", "training.schedule=constant"][..]),
        (
            "text.toml",
            &[
                "training.optimizer=sgd",
                "training.momentum=0.9",
                "training.weight_decay=0.01",
                "training.schedule=step",
                "training.step_every=5",
                "training.learning_rate=0.1",
            ],
        ),
        ("small.toml", &["training.schedule=one_cycle", "training.warmup_steps=0", "training.accumulate=2"]),
        ("text.toml", &["training.optimizer=adamax", "training.weight_decay=0.1", "training.accumulate=3"]),
        ("text.toml", &["training.accumulate=2", "training.patience=1"]),
    ] {
        let (straight, pieces) = (format!("straight-{}", settings.join("-")), settings.join("-"));
        train(&place, config, &straight, settings, &[]).expect(0, &["run folder"]);
        for stop in ["3", "8", "10"] {
            train(&place, config, &pieces, settings, &["--max-steps", stop]).expect(0, &[]);
        }
        train(&place, config, &pieces, settings, &[]).expect(0, &[]);
        assert_eq!(metrics(&place.path(&straight)), metrics(&place.path(&pieces)), "{settings:?}");
    }
}

/// Batches, masks, carried state, losses and length are those of the larger
/// batch; sums are added in another order.
#[test]
fn accumulated_gradients_are_those_of_the_larger_batch() {
    let place = place();
    for config in ["small.toml", "text.toml"] {
        let of = |out: &str, batch: &str, accumulate: &str| {
            let settings = [
                &format!("training.batch_size={batch}")[..],
                &format!("training.accumulate={accumulate}"),
                "training.valid_batch_size=8",
                "training.test_batch_size=8",
                "logging.every_steps=1",
            ];
            train(&place, config, &format!("{config}-{out}"), &settings, &[]).expect(0, &[]);
            metrics(&place.path(&format!("{config}-{out}")))
        };
        let (whole, parts) = (of("whole", "8", "1"), of("parts", "2", "4"));
        assert_eq!(whole.len(), parts.len());
        for (whole, parts) in whole.iter().zip(&parts) {
            for (key, wanted) in whole.as_object().unwrap() {
                let (Some(wanted), Some(got)) = (wanted.as_f64(), parts[key].as_f64()) else {
                    assert_eq!(wanted, &parts[key]);
                    continue;
                };
                // A single sample may fall to the other side.
                let limit = if key == "accuracy" { 0.07 } else { 2e-3 * wanted.abs() };
                assert!((got - wanted).abs() <= limit, "{config}, {key}: {got} is not {wanted} in {whole}");
            }
        }
    }
}

#[test]
fn schedules_give_the_rates_that_are_documented() {
    let place = place();
    for (name, settings, wanted) in [
        ("constant", &["training.schedule=constant"][..], &[(1, 2.5e-3), (4, 1e-2), (23, 1e-2)][..]),
        (
            "step",
            &["training.schedule=step", "training.step_every=10", "training.step_factor=0.5"],
            &[(3, 7.5e-3), (4, 1e-2), (13, 1e-2), (14, 5e-3), (23, 5e-3)],
        ),
        (
            // Rises to update 5 of 24.
            "cycle",
            &["training.schedule=one_cycle", "training.warmup_steps=none", "training.cycle_rise=0.25"],
            &[(0, 4e-4), (5, 1e-2), (23, 4e-8)],
        ),
    ] {
        train(&place, "text.toml", name, settings, &[]).expect(0, &[]);
        let rates = rates(&place, name);
        assert_eq!(rates.len(), 24, "{name}");
        for &(step, rate) in wanted {
            assert!((rates[step] - rate).abs() < 1e-12, "{name}: {} at {step}", rates[step]);
        }
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused_at_their_place() {
    let place = place();
    for (settings, said) in [
        (&["training.momentum=0.9"][..], "--set #1:1:1: training.momentum has no effect here"),
        (&["training.optimizer=sgd", "training.momentum=1.0"], "training.momentum: 1 must be a probability"),
        (&["training.schedule=step"], "\"step\" needs training.step_every"),
        (
            &["training.step_every=5"],
            "training.step_every has no effect here, only with training.schedule = \"step\"",
        ),
        (&["training.schedule=one_cycle"], "text.toml:24:16: training.warmup_steps"),
        (&["training.weight_decay=-0.1"], "a number of at least 0"),
        (&["training.accumulate=0"], "an integer of at least 1"),
        (&["training.patience=0"], "or \"none\""),
        (&["training.accumulate=1000000"], "training.accumulate"),
        (&["training.accumulate=9223372036854775807"], "too many"),
        (&["training.lr_scheduler=step"], "did you mean `training.schedule`"),
    ] {
        train(&place, "text.toml", "run", settings, &[]).expect(2, &[said]);
        assert!(!place.path("run").exists(), "{settings:?}");
    }
}

/// A learning rate of nearly nothing: no validation is better than the first.
const STUCK: [&str; 5] = [
    "training.optimizer=sgd",
    "training.learning_rate=1e-30",
    "training.num_turns=9",
    "training.schedule=constant",
    "training.patience=2",
];

#[test]
fn training_ends_when_validations_have_not_become_better_for_long() {
    let place = place();
    let reason = "stopped at step 24: 2 validations without a better one than that of step 8";
    train(&place, "text.toml", "run", &STUCK, &[]).expect(0, &[reason]);
    let summary = document(&place, "run/summary.json");
    assert!(summary["stopped_early"].as_str().unwrap().starts_with(reason));
    assert_eq!((&summary["steps"], &summary["best_step"]), (&24.into(), &8.into()));
    assert_eq!(document(&place, "run/checkpoints/last/state.json")["without_gain"], 2);
    assert!(fs::read_to_string(place.path("run/log.txt")).unwrap().contains(reason));
    // It is finished: nothing is added.
    let files =
        || ["metrics.jsonl", "summary.json"].map(|name| fs::read(place.path("run").join(name)).unwrap());
    let before = files();
    train(&place, "text.toml", "run", &STUCK, &[]).expect(0, &[reason]);
    assert_eq!(before, files());
    // The count goes on after an interruption.
    for stop in ["8", "20", "24"] {
        train(&place, "text.toml", "pieces", &STUCK, &["--max-steps", stop]).expect(0, &[]);
    }
    train(&place, "text.toml", "pieces", &STUCK, &[]).expect(0, &[reason]);
    assert_eq!(metrics(&place.path("run")), metrics(&place.path("pieces")));
}

#[test]
fn a_run_that_ended_early_goes_on_with_more_patience() {
    let place = place();
    train(&place, "text.toml", "run", &STUCK, &[]).expect(0, &[]);
    let patient = [&STUCK[..4], &["training.patience=4"]].concat();
    train(&place, "text.toml", "run", &patient, &[])
        .expect(0, &["changed at step 24: training.patience: 2 in the run, 4 now", "stopped at step 40"]);
    train(&place, "text.toml", "straight", &patient, &[]).expect(0, &[]);
    let mut lines = metrics(&place.path("run"));
    lines.retain(|line| line["split"] != "changes");
    assert_eq!(lines, metrics(&place.path("straight")));
    let forever = [&STUCK[..4], &["training.patience=none"]].concat();
    train(&place, "text.toml", "run", &forever, &[]).expect(0, &["updates 40 to 72"]);
    assert!(document(&place, "run/summary.json")["stopped_early"].is_null());
}

/// The last validation of a run is its end anyway.
#[test]
fn a_run_that_did_all_of_its_updates_did_not_end_early() {
    let place = place();
    let short = [&STUCK[..2], &["training.num_turns=3"], &STUCK[3..]].concat();
    train(&place, "text.toml", "run", &short, &[]).expect(0, &[]);
    let summary = document(&place, "run/summary.json");
    assert_eq!((&summary["steps"], &summary["best_step"]), (&24.into(), &8.into()));
    assert!(summary["stopped_early"].is_null());
}

#[test]
fn a_run_that_becomes_better_does_not_end_early() {
    let place = place();
    train(&place, "text.toml", "run", &["training.patience=2"], &[]).expect(0, &[]);
    let summary = document(&place, "run/summary.json");
    assert_eq!((&summary["steps"], &summary["stopped_early"]), (&24.into(), &Value::Null));
}

#[test]
fn a_run_continues_with_its_own_rule_and_schedule() {
    let place = place();
    let constant = ["training.schedule=constant"];
    train(&place, "text.toml", "run", &constant, &["--max-steps", "10"]).expect(0, &[]);
    let kept = fs::read_to_string(place.path("run/config.toml")).unwrap();
    for line in ["schedule = \"constant\"", "accumulate = 1", "weight_decay = 0.0", "patience = \"none\""] {
        assert!(kept.contains(line), "{line} is not in\n{kept}");
    }
    for (setting, said) in [
        ("training.schedule=cosine", "training.schedule: \"constant\" in the run, \"cosine\" now"),
        ("training.accumulate=2", "training.accumulate: 1 in the run, 2 now"),
        ("training.weight_decay=0.1", "training.weight_decay: 0.0 in the run, 0.1 now"),
    ] {
        train(&place, "text.toml", "run", &[constant[0], setting], &[]).expect(2, &[said]);
    }
    // No rate of a constant schedule depends on the length.
    train(&place, "text.toml", "run", &[constant[0], "training.num_turns=4"], &[])
        .expect(0, &["training.num_turns: 3 in the run, 4 now", "updates 10 to 32"]);
    let cycle = ["training.schedule=one_cycle", "training.warmup_steps=0"];
    train(&place, "text.toml", "cycle", &cycle, &["--max-steps", "2"]).expect(0, &[]);
    train(&place, "text.toml", "cycle", &[&cycle[..], &["training.num_turns=4"]].concat(), &[])
        .expect(2, &["training.num_turns: 3 in the run, 4 now"]);
}

#[test]
fn adamw_decays_unless_it_is_told_otherwise() {
    let place = place();
    let of = |setting: &str| place.run(&["config", "text.toml", "--set", setting]).expect(0, &[]).out.clone();
    assert!(of("training.optimizer=adamw").contains("weight_decay = 0.01"));
    assert!(of("training.optimizer=sgd").contains("weight_decay = 0.0"));
}
