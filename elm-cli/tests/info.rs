//! Parameter counts of the published experiments, and the shipped
//! configurations.

mod common;

use common::Place;
use elm_core::model::{ModelKind, NetworkOptions, NeuronOptions, RoutingName, WiringOptions};
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
        (include_str!("../src/commands/law/published/text.csv"), "enwik8.toml"),
        (include_str!("../src/commands/law/published/spikes.csv"), "shd_adding.toml"),
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

/// Trainable parameters of a neuron of the first paper as it counts them: with
/// learnable timescales and the output fed back.
fn counted(kind: ModelKind, inputs: usize, outputs: usize, neuron: NeuronOptions) -> usize {
    let routing = if kind == ModelKind::Elm { RoutingName::Direct } else { RoutingName::Random };
    let options = NetworkOptions::new(inputs, outputs)
        .kind(kind)
        .feed_output_back(true)
        .neuron(neuron.memory_tau_learnable(true))
        .wiring(WiringOptions::default().routing(routing));
    options.resolve().unwrap().trainable_parameters()
}

/// Every neuron of the first paper's NeuronIO tables, S8 and S9.
#[test]
fn every_neuron_of_the_neuronio_tables_is_met_to_printed_precision() {
    let mut rows = 0;
    for line in include_str!("first_paper/neuronio.csv").lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let neuron = NeuronOptions::default().num_memory(fields[1].parse().unwrap());
        let count = match fields[0] {
            "elm" => counted(ModelKind::Elm, 1278, 2, neuron),
            "branch_elm" => {
                let neuron = neuron.num_branch(45).num_synapse_per_branch(100);
                counted(ModelKind::BranchElm, 1278, 2, neuron)
            }
            _ => continue,
        };
        let digits = fields[2].split_once('.').map_or(0, |(_, digits)| digits.len());
        let thousands = format!("{:.digits$}", count as f64 / 1000.0);
        assert_eq!(thousands, fields[2], "{count}: {line}");
        rows += 1;
    }
    assert_eq!(rows, 15);
}

#[test]
fn further_neurons_of_the_first_paper_have_the_published_size() {
    let memory = |units| NeuronOptions::default().num_memory(units);
    let branches = |units, synapses| memory(units).num_branch(45).num_synapse_per_branch(synapses);
    assert_eq!(counted(ModelKind::BranchElm, 1278, 2, branches(20, 100)), 8104);
    assert_eq!(counted(ModelKind::BranchElm, 1278, 2, branches(15, 65)), 5329);
    // Long Range Arena: Pathfinder by memory units, ListOps, the tower of Retrieval.
    for (units, wanted) in [(10, 822), (25, 3552), (150, 96_302)] {
        assert_eq!(counted(ModelKind::Elm, 16, 2, memory(units)), wanted);
    }
    assert_eq!(counted(ModelKind::Elm, 25, 10, memory(150)), 102_610);
    assert_eq!(counted(ModelKind::Elm, 105, 75, memory(150)), 155_925);
}

/// 186 K and 67 K parameters, as `elm info` counts them.
#[test]
fn the_first_papers_neurons_of_shd_adding_have_the_published_size() {
    let place = Place::new();
    let neuron = "[model.neuron]\nnum_memory = 100\nmemory_tau_learnable = true\n";
    for (kind, more, wanted) in [
        ("elm", "", 186_119),
        (
            "branch_elm",
            "num_branch = 100\nnum_synapse_per_branch = 15\n[model.wiring]\nrouting = \"random\"\n",
            67_638,
        ),
    ] {
        let model = format!("[model]\nkind = \"{kind}\"\nfeed_output_back = true\n{neuron}{more}");
        place.write("c.toml", format!("[data]\nkind = \"shd_adding\"\n{model}"));
        let ran = place.run(&["info", "c.toml", "--json"]);
        let info: serde_json::Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
        assert_eq!(info["trainable_parameters"], wanted, "{kind}");
    }
}

/// One neuron each, with the symbols of the paper where ours are fewer.
#[test]
fn the_configurations_of_the_first_papers_neurons_have_the_published_size() {
    let symbols = |count: usize| vec![format!("data.vocabulary={count}")];
    for (config, settings, wanted) in [
        ("lra/neuron_pathfinder.toml", vec![], 96_302),
        ("lra/neuron_image.toml", vec![], 99_910),
        ("lra/neuron_pathx.toml", vec![], 93_902),
        ("lra/neuron_listops.toml", symbols(25), 102_610),
        ("lra/neuron_text.toml", symbols(169), 142_202),
        // The tower, and the head that compares two of them.
        ("lra/neuron_retrieval.toml", symbols(105), 155_925 + 602),
        ("shd/elm.toml", vec![], 186_420),
        ("shd/adding_elm.toml", vec![], 186_119),
        ("shd/branch_elm.toml", vec![], 67_940),
        ("shd/adding_branch_elm.toml", vec![], 67_638),
    ] {
        assert_eq!(info(config, &settings)["trainable_parameters"], wanted, "{config}");
    }
}

#[test]
fn every_shipped_configuration_is_right() {
    for config in common::shipped_configs() {
        let name = config.strip_prefix("configs/").unwrap();
        assert!(info(name, &[])["trainable_parameters"].as_u64().unwrap() > 0, "{config}");
    }
}
