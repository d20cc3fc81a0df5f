//! Every network that is shipped as kernels of cards, compiled where there is
//! no card.

mod common;

use common::{shipped_configs, shipped_sweeps};
use elm_cli::config::{Predicts, RunConfig};
use elm_cli::sweep::{Plan, SweepFile};
use elm_cli::{AnyModel, ConfiguredModel};
use elm_core::kernel::cuda::LayerPlan;
use elm_core::kernel::cuda::driver::{Card, Nvrtc};
use elm_core::spec::LayerSpec;
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Cards of three kinds, as far as a division of work depends on them.
fn cards() -> [Card; 3] {
    let of = |name: &str, multiprocessors, shared_kb: usize, capability| Card {
        name: name.into(),
        multiprocessors,
        shared_bytes: shared_kb << 10,
        capability,
        drawn: false,
    };
    [of("A100", 108, 163, (8, 0)), of("H100", 132, 227, (9, 0)), of("B200", 148, 227, (10, 0))]
}

/// Layers of a configuration, with the sequences of its batches and their steps.
struct Launched {
    name: String,
    layer: LayerSpec,
    rows: usize,
    steps: usize,
}

/// What the layers of a configuration launch, in training and evaluations;
/// nothing of another kind of model.
fn launched_by(name: &str, path: &Path, overrides: &[String]) -> Vec<Launched> {
    let config = RunConfig::load(path, overrides).unwrap();
    let demand = config.demand_without_data().unwrap_or(config.assumed_demand());
    let AnyModel::Elm(network) = AnyModel::configured(&config, demand).unwrap() else { return Vec::new() };
    let (training, steps) = (&config.training, config.time_steps());
    let batches = [training.batch_size, training.valid_batch_size, training.test_batch_size];
    let each = if config.data.kind.properties().predicts == Predicts::Pairs { 2 } else { 1 };
    let sizes: BTreeSet<usize> = batches.iter().map(|sequences| each * sequences).collect();
    let of_size = |rows| {
        let layers = network.layers.iter().enumerate();
        layers.map(move |(l, layer)| {
            let name = format!("{name}, layer {l}, {rows} sequences");
            Launched { name, layer: layer.clone(), rows, steps }
        })
    };
    sizes.into_iter().flat_map(of_size).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn launched() -> Vec<Launched> {
    shipped_configs().iter().flat_map(|path| launched_by(path, &root().join(path), &[])).collect()
}

/// What the runs of all sweeps launch.
fn launched_by_sweeps() -> Vec<Launched> {
    let mut all = Vec::new();
    for path in shipped_sweeps() {
        let file = SweepFile::read(&root().join(&path)).unwrap();
        for point in Plan::of::<AnyModel>(&file, false, &mut |_| {}).unwrap().points {
            let overrides: Vec<String> =
                point.settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
            all.extend(launched_by(&format!("{path}, {}", point.name), &point.config, &overrides));
        }
    }
    all
}

/// What is composed, on which card: blocks of an A100 have too little shared
/// memory for a neuron of 150 memory units.
const COMPOSED: [(&str, &str); 1] =
    [("A100", "configs/lra/neuron_text.toml, layer 0, 384 sequences: a neuron's step")];

#[test]
fn layers_that_cards_cannot_fuse_are_known() {
    let mut composed = Vec::new();
    for card in cards() {
        for of in launched().into_iter().chain(launched_by_sweeps()) {
            if let Err(reason) = LayerPlan::new(&card, &of.layer, of.rows, of.steps) {
                composed.push((card.name.clone(), format!("{}: {reason}", of.name)));
            }
        }
    }
    let known = |(card, why): &(String, String)| {
        COMPOSED.iter().any(|(on, begin)| card == on && why.starts_with(begin))
    };
    assert!(composed.iter().all(known) && composed.len() == COMPOSED.len(), "{composed:#?}");
}

/// Compiles what a choice of layers launches on a card, equal kernels once.
fn assert_no_spills(card: &Card, chosen: impl Fn(&str) -> bool) {
    let nvrtc = match Nvrtc::open() {
        Ok(nvrtc) => nvrtc,
        Err(error) => {
            let why = "no kernel is compiled for a card, .ci/nvrtc gets the compiler";
            let _ = writeln!(std::io::stderr(), "SKIPPED: {why}: {error}");
            return;
        }
    };
    let mut plans: HashMap<LayerPlan, String> = HashMap::new();
    for of in launched().into_iter().filter(|of| chosen(&of.name)) {
        if let Ok(plan) = LayerPlan::new(card, &of.layer, of.rows, of.steps) {
            plans.entry(plan).or_insert(of.name);
        }
    }
    assert!(!plans.is_empty());
    for (plan, name) in plans {
        let kernels = plan.compile(&nvrtc, card.capability).unwrap();
        println!("{name} on {}: {kernels} ({plan})", card.name);
        assert!(kernels.shared_bytes <= card.shared_bytes, "{name} on {}: {kernels} ({plan})", card.name);
        assert_eq!(kernels.spilled_bytes(), 0, "{name} on {} ({plan}): {:#?}", card.name, kernels.usage);
    }
}

/// A spill is a round to memory in every step of every neuron. Compiling takes a
/// second or two each, so the tests share them out, and other cards get a few.
#[test]
fn neurons_of_the_long_range_arena_spill_nothing() {
    assert_no_spills(&cards()[1], |name| name.starts_with("configs/lra/"));
}

#[test]
fn other_shipped_networks_spill_nothing() {
    assert_no_spills(&cards()[1], |name| !name.starts_with("configs/lra/"));
}

#[test]
fn some_shipped_networks_spill_nothing_on_other_cards() {
    for card in [&cards()[0], &cards()[2]] {
        assert_no_spills(card, |name| {
            ["shd_adding.toml, layer 0", "neuronio.toml, layer 0", "lra/neuron_pathx.toml, layer 0"]
                .iter()
                .any(|few| name.contains(few))
        });
    }
}
