//! A configuration with every default filled in is the same experiment.

mod common;

use common::{Place, shipped_configs};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn configs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    shipped_configs().into_iter().map(|config| root.join(config)).collect()
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    serde_json::from_str(&place.run(arguments).expect(0, &[]).out).unwrap()
}

/// The values by key, without where they come from.
fn values(settings: &Value) -> Value {
    settings
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, setting)| (key.clone(), setting["value"].clone()))
        .collect()
}

/// Fills in a configuration, and compares settings and model that come out.
fn assert_same(place: &Place, config: &str, overrides: &[&str]) {
    let with = |command: &'static str, json: bool| {
        let mut arguments = vec![command, config];
        arguments.extend(json.then_some("--json"));
        arguments.extend(overrides.iter().flat_map(|text| ["--set", text]));
        arguments
    };
    let filled = place.run(&with("config", false));
    place.write("filled.toml", &filled.expect(0, &[]).out);
    let before = json(place, &with("config", true));
    assert_eq!(
        values(&before),
        values(&json(place, &["config", "filled.toml", "--json"])),
        "{config} {overrides:?}"
    );
    let info = json(place, &with("info", true));
    assert_eq!(info, json(place, &["info", "filled.toml", "--json"]), "{config} {overrides:?}");
}

#[test]
fn every_configuration_is_the_same_with_its_defaults_filled_in() {
    let place = Place::new();
    for config in configs() {
        assert_same(&place, &config.display().to_string(), &[]);
    }
}

#[test]
fn a_learned_embedding_is_filled_in() {
    let place = Place::new();
    place.write("text.toml", "[data]\nkind = \"text\"\nvocabulary = 30\n[model]\nnum_hidden = 5\n");
    assert_same(&place, "text.toml", &["model.embedding=learned", "model.embedding_width=7"]);
}

#[test]
fn layers_that_differ_are_filled_in_one_by_one() {
    let place = Place::new();
    for overrides in [
        &["model.num_layers=1", "model.num_hidden=none"][..],
        &["model.num_layers=3"],
        &[
            "model.num_layers=4",
            "model.first_layer.neuron.num_memory=7",
            "model.last_layer.dropout.memory=0.25",
        ],
        &["model.first_layer.neuron.num_memory=7", "model.neuron.high_pass_tau=none"],
        &["model.last_layer.neuron.activation=relu", "model.last_layer.wiring.recurrent_connect=0.5"],
        &["model.neuron.memory_tau_min=3.0", "model.neuron.memory_tau_range_scale=7.0"],
        &["model.neuron.synapse_init=0.3", "model.neuron.branch_tau=4.0"],
    ] {
        assert_same(&place, "small.toml", overrides);
    }
    let neuron = "[data]\nkind = \"digits\"\nchannels = 12\n[model]\nhead = \"linear\"\n";
    for kind in ["elm", "branch_elm", "elm_neuron"] {
        place.write("neuron.toml", format!("{neuron}kind = \"{kind}\"\n"));
        assert_same(&place, "neuron.toml", &[]);
        assert_same(&place, "neuron.toml", &["model.wiring.routing=random", "model.neuron.num_branch=3"]);
        assert_same(&place, "neuron.toml", &["model.feed_output_back=true"]);
    }
}
