//! Parameter counts of the published experiments, and the shipped
//! configurations.

mod common;

use common::Place;
use std::path::{Path, PathBuf};

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs").canonicalize().unwrap()
}

fn info(config: &str, settings: &[String]) -> serde_json::Value {
    let place = Place::new();
    let file = configs().join(config);
    let mut command = place.command(&["info", "--json"]);
    command.arg(file);
    for setting in settings {
        command.args(["--set", setting]);
    }
    let ran = common::Ran::of(command.output().unwrap());
    serde_json::from_str(&ran.expect(0, &[]).out).unwrap()
}

#[test]
fn the_published_networks_have_the_published_size() {
    assert_eq!(info("enwik8.toml", &[])["trainable_parameters"], 3_516_748);
    let spikes = info("shd_adding.toml", &[]);
    assert_eq!(spikes["trainable_parameters"], 77_310);
    assert_eq!(spikes["layers"][0]["synapses_per_neuron"], 300);
    assert_eq!(spikes["layers"][0]["complexity_per_neuron"], 721 - 300);
    for key in ["total_parameters", "flops_per_step_forward", "state_floats", "training_memory_bytes"] {
        assert!(spikes[key].as_u64().unwrap() > 0, "{key}");
    }
}

/// History above the budget is computed again instead of kept.
#[test]
fn the_memory_estimate_follows_budget_and_scan() {
    let bytes = |settings: &[&str]| {
        let settings: Vec<String> = settings.iter().map(|setting| setting.to_string()).collect();
        info("shd_adding.toml", &settings)["training_memory_bytes"].as_u64().unwrap()
    };
    let (all, some) = (bytes(&[]), bytes(&["backend.memory_budget=4000000"]));
    assert!(some < all / 2, "{some} of {all}");
    assert_eq!(bytes(&["backend.memory_budget=1000000000000"]), all);
    assert!(bytes(&["backend.memory_budget=1"]) < some);
    let composed = bytes(&["backend.scan=composed"]);
    assert!(composed > 2 * all, "{composed}, fused {all}");
    assert!(bytes(&["backend.scan=composed", "backend.memory_budget=4000000"]) < composed / 2);
}

/// Every row of the trade-off tables of the second paper's release.
#[test]
fn every_row_of_the_trade_off_tables_is_met() {
    for (text, config) in [
        (include_str!("tradeoff/enwik8.csv"), "enwik8.toml"),
        (include_str!("tradeoff/shd_adding.csv"), "shd_adding.toml"),
    ] {
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        let column = |name: &str| names.iter().position(|n| *n == name).unwrap();
        let mut rows = 0;
        for line in lines {
            let fields: Vec<&str> = line.split(',').collect();
            let set = |key: &str, name: &str| format!("{key}={}", fields[column(name)]);
            let settings =
                [set("model.num_hidden", "num_neurons"), set("model.neuron.num_memory", "num_memory")];
            let counted = &info(config, &settings)["trainable_parameters"];
            assert_eq!(counted.to_string(), fields[column("trainable_parameters")], "{line}");
            rows += 1;
        }
        assert!(rows >= 10, "{rows} rows for {config}");
    }
}

#[test]
fn every_shipped_configuration_is_right() {
    for config in common::shipped_configs() {
        let name = config.strip_prefix("configs/").unwrap();
        assert!(info(name, &[])["trainable_parameters"].as_u64().unwrap() > 0, "{config}");
    }
}
