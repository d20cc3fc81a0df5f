//! Settings: each documented once, defaults as documented, every name of every
//! choice reaching its variant.

mod common;

use common::Place;
use elm_cli::config::effective::Found;
use elm_cli::config::model::{EmbeddingName, HeadName};
use elm_cli::config::resolved::to_toml;
use elm_cli::config::{
    DataConfig, DataKind, Demand, Named, PixelForm, Predicts, RunConfig, Tokenization, Tokens, keys,
};
use elm_core::device::ScanChoice;
use elm_core::kernel::{DEFAULT_MEMORY_BUDGET, Simd};
use elm_core::model::options::RoutingName;
use elm_core::model::{
    Activation, Embedding, Head, InputDropoutMode, LambdaMode, LayerSpec, MlpActivation, ModelKind, Routing,
    Trace,
};
use elm_core::train::{OptimizerKind, Penalty};
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

/// The words about a key's default.
fn words(path: &str) -> String {
    keys::all().into_iter().find(|key| key.path == path).unwrap_or_else(|| panic!("no key {path}")).default
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

/// A default without words is printed from the value itself; it is accepted
/// when written out, and changes nothing.
#[test]
fn a_default_written_out_changes_nothing() {
    for lines in [TEXT, DIGITS] {
        let plain = of(lines);
        for key in keys::all() {
            if key.path == "data.kind" || key.path == "model.kind" {
                continue;
            }
            let Ok(value) = key.default.parse::<toml::Value>() else { continue };
            let told = load(lines, &[&format!("{}={value}", key.path)]);
            // Some settings belong to single neurons, or to another kind of length.
            let Ok(told) = told else {
                let other =
                    ["routing", "embedding", "model.lstm.", "model.gru.", "model.lif.", "model.transformer."];
                assert!(other.iter().any(|part| key.path.contains(part)), "{told:?}");
                continue;
            };
            assert_eq!(told.data, plain.data, "{}", key.path);
            assert_eq!(told.backend_options, plain.backend_options, "{}", key.path);
            assert_eq!(told.checkpoint, plain.checkpoint, "{}", key.path);
            assert_eq!(told.logging, plain.logging, "{}", key.path);
            let length = key.path.starts_with("training.") && key.path.contains("turn")
                || key.path == "training.num_epochs";
            assert!(told.training == plain.training || length, "{}", key.path);
        }
    }
}

#[test]
fn defaults_of_training_are_those_told_for_each_kind_of_data() {
    let [text, digits, adding] = [of(TEXT), of(DIGITS), of(ADDING)].map(|config| config.training);
    assert_eq!(words("training.test_batch_size"), "1 for text, else batch_size");
    assert_eq!(
        [text.test_batch_size, digits.test_batch_size, adding.test_batch_size],
        [1, digits.batch_size, adding.batch_size]
    );
    assert_eq!(words("training.valid_batch_size"), "batch_size");
    let set = load(TEXT, &["training.batch_size=3"]).unwrap().training;
    assert_eq!([text.valid_batch_size, set.valid_batch_size], [text.batch_size, 3]);
    assert_eq!(words("training.valid_batches"), "200 for text, 500 for added digits, else all");
    assert_eq!(
        [text.valid_batches, digits.valid_batches, adding.valid_batches],
        [Some(200), None, Some(500)]
    );
    assert_eq!(words("training.test_batches"), "2000 for added digits, else all");
    assert_eq!([text.test_batches, digits.test_batches, adding.test_batches], [None, None, Some(2000)]);
    assert_eq!(words("training.state_reuse"), "true for text, else false");
    assert_eq!([text.state_reuse.is_some(), digits.state_reuse.is_some()], [true, false]);
    let told = words("training.batches_per_epoch");
    assert_eq!(told, "all samples once; 2000 for added digits, 400 for text");
    let epochs = |lines| load(lines, &["training.num_epochs=3"]).unwrap().training.turn;
    assert_eq!([epochs(DIGITS), epochs(ADDING), epochs(TEXT)], [None, Some(2000), Some(400)]);
    let turns = load(DIGITS, &["training.num_turns=3"]).unwrap().training;
    assert_eq!(words("training.steps_per_turn"), turns.turn.unwrap().to_string());
    assert_eq!(words("training.num_turns"), text.turns.to_string());
    assert_eq!(words("training.num_epochs"), digits.turns.to_string());
}

#[test]
fn defaults_of_the_backend_and_the_data_are_those_told() {
    let config = of(DIGITS);
    let budget = words("backend.memory_budget");
    assert_eq!(
        budget,
        format!("{DEFAULT_MEMORY_BUDGET} for the fused recurrence, no bound for the composed one")
    );
    assert_eq!(config.backend_options.memory_budget, None);
    assert_eq!((words("backend.threads").as_str(), config.backend_options.threads), ("all cores", None));
    assert_eq!((words("data.path").as_str(), &config.data.path), ("none", &None));
    assert_eq!((words("data.vocabulary").as_str(), config.data.vocabulary), ("from the data", None));
    assert_eq!((words("data.max_length").as_str(), config.data.max_length), ("the data set's", None));
    assert_eq!((words("checkpoint.every_steps").as_str(), config.checkpoint.every_steps), ("none", None));
    assert_eq!(words("data.kind"), "required");
    assert!(load("[data]\nseed = 1\n", &[]).unwrap_err().contains("data.kind: missing"));
    assert_eq!(DataConfig::plain(DataKind::Digits).unwrap(), config.data);
}

#[test]
fn defaults_of_the_model_are_those_told() {
    let config = of(DIGITS);
    let spec = |config: &RunConfig, tokens| config.network(Demand { inputs: 9, outputs: 9, tokens }).unwrap();
    assert_eq!(words("model.num_layers"), spec(&config, false).layers.len().to_string());
    assert_eq!(words("model.embedding"), "\"one_hot\" for tokens, else \"none\"");
    assert_eq!(spec(&config, false).embedding, Embedding::None);
    assert_eq!(
        spec(&of(TEXT), true).embedding,
        Embedding::OneHot(words("model.embedding_scale").parse().unwrap())
    );
    assert_eq!((words("model.head").as_str(), spec(&config, false).head), ("\"none\"", Head::None));
    let pairs = of("[data]\nkind = \"lra_retrieval\"\n[model]\nnum_hidden = 5\n");
    assert_eq!(spec(&pairs, true).head, Head::Pair { classes: 9 });
    assert_eq!(words("model.pair_features"), spec(&pairs, true).layers[1].neurons.to_string());
    assert_eq!(words("model.num_hidden"), "required with two layers");
    assert!(load("[data]\nkind = \"digits\"\n", &[]).unwrap_err().contains("model.num_hidden"));
    assert!(load("[data]\nkind = \"digits\"\n", &["model.num_layers=1"]).is_ok());
    for key in ["model.num_input", "model.num_output"] {
        assert_eq!(words(key), "from the data");
    }
}

/// Layers of a network (hidden, readout) and the three single neurons.
fn all_layers(set: &[&str]) -> [LayerSpec; 5] {
    let network = layers("elm_network", set);
    let alone = |kind| layers(kind, set)[0].clone();
    [network[0].clone(), network[1].clone(), alone("elm_neuron"), alone("elm"), alone("branch_elm")]
}

#[test]
fn defaults_of_sizes_are_those_told() {
    let all = all_layers(&[]);
    let [hidden, readout, neuron, elm, branch] = &all;
    let told = |name: &str| words(&format!("model.neuron.{name}"));
    assert_eq!(told("num_memory"), "10 in a network, 100 alone");
    assert_eq!(all.each_ref().map(|l| l.neuron.memory), [10, 10, 100, 100, 100]);
    assert_eq!(told("mlp_hidden_layers"), "1");
    assert_eq!(told("mlp_hidden_units"), "2 num_memory");
    assert!(all.iter().all(|l| l.neuron.hidden_layers == 1 && l.neuron.hidden_units == 2 * l.neuron.memory));
    assert_eq!(told("num_branch"), "2 mlp_hidden_units; 4 num_memory with a linear MLP; alone: num_input");
    let linear = layers("elm_network", &["model.neuron.mlp_hidden_layers=0"]);
    assert_eq!([hidden.neuron.branches, linear[0].neuron.branches, neuron.neuron.branches], [40, 40, 700]);
    let small = layers("elm_network", &["model.neuron.mlp_hidden_units=7"]);
    assert_eq!(small[0].neuron.branches, 14);
    assert_eq!(told("num_synapse_per_branch"), "num_branch; alone: 1");
    assert_eq!([hidden.neuron.synapses_per_branch, elm.neuron.synapses_per_branch], [40, 1]);
    let share = |layer: &LayerSpec| match layer.routing {
        Routing::Random { recurrent_connect } => Some(recurrent_connect),
        _ => None,
    };
    assert_eq!(words("model.wiring.recurrent_connect"), "N / (C + N); 0.0 in readout layers");
    assert_eq!([share(hidden), share(readout)], [Some(6.0 / 706.0), Some(0.0)]);
    assert_eq!((words("model.wiring.routing").as_str(), branch.routing), ("\"direct\"", Routing::Direct));
}

#[test]
fn defaults_of_neurons_are_those_told() {
    let all = all_layers(&[]);
    let of_all = |value: fn(&LayerSpec) -> f64| all.each_ref().map(value);
    let told = |name: &str| words(&format!("model.neuron.{name}"));
    let number = |name: &str| [told(name).parse::<f64>().unwrap(); 5];
    assert_eq!(of_all(|l| l.neuron.lambda), number("lambda"));
    assert_eq!(of_all(|l| l.neuron.tau_min), number("memory_tau_min"));
    assert_eq!(of_all(|l| l.neuron.tau_max), number("memory_tau_max"));
    assert_eq!(of_all(|l| l.neuron.input_scale), number("input_scale"));
    assert_eq!(of_all(|l| l.neuron.delta_t), number("delta_t"));
    assert_eq!(of_all(|l| l.neuron.spike_bias), number("spike_bias"));
    assert!(all.iter().all(|l| l.neuron.tau_learnable.to_string() == told("memory_tau_learnable")));
    assert_eq!(told("memory_tau_range_scale"), "10.0; elm and branch_elm keep to the bounds");
    assert_eq!(of_all(|l| l.neuron.tau_low), [0.1, 0.1, 0.1, 1.0, 1.0]);
    assert_eq!(told("high_pass_tau"), "5.0 in hidden layers, else \"none\"");
    assert_eq!(all.each_ref().map(|l| l.neuron.high_pass_tau), [Some(5.0), None, None, None, None]);
    let trace = [Trace::None, Trace::None, Trace::None, Trace::Synapse(5.0), Trace::Branch(5.0)];
    assert_eq!(told("branch_tau"), "\"none\"; 5.0 for elm and branch_elm");
    assert_eq!(all.each_ref().map(|l| l.neuron.trace), trace);
    assert_eq!(told("synapse_init"), "drawn; 0.5 for elm and branch_elm");
    let init = [None, None, None, Some(0.5), Some(0.5)];
    assert_eq!(all.each_ref().map(|l| l.neuron.synapse_init), init);
    let squared = MlpActivation::ReluSquared;
    let mlp = [squared, squared, squared, MlpActivation::Relu, MlpActivation::Relu];
    assert_eq!(told("mlp_activation"), "\"relu_squared\"; \"relu\" for elm and branch_elm");
    assert_eq!(all.each_ref().map(|l| l.neuron.mlp_activation), mlp);
    assert_eq!(told("lambda_mode"), "\"timescale_ratio\"; \"scale\" for elm");
    let scaled = all.each_ref().map(|l| l.neuron.lambda_mode == LambdaMode::Scale);
    assert_eq!(scaled, [false, false, false, true, false]);
    assert_eq!(told("activation"), "\"relu\"; \"identity\" in readout layers and alone");
    let relu = all.each_ref().map(|l| l.neuron.activation == Activation::Relu);
    assert_eq!(relu, [true, false, false, false, false]);
    let probability = |name: &str| [words(&format!("model.dropout.{name}")).parse::<f64>().unwrap(); 5];
    assert_eq!(of_all(|l| l.dropout.input), probability("input"));
    assert_eq!(of_all(|l| l.dropout.recurrent), probability("recurrent"));
    assert_eq!(of_all(|l| l.dropout.memory), probability("memory"));
    assert_eq!(words("model.dropout.input_mode"), "\"variational\"");
    assert!(all.iter().all(|l| l.dropout.input_mode == InputDropoutMode::Variational));
}

/// Every name of a choice is listed, read, and reaches its own variant.
fn each<T: Named + std::fmt::Debug>(path: &str, lines: &str, reached: impl Fn(&RunConfig) -> T) {
    let key = keys::all().into_iter().find(|key| key.path == path).unwrap();
    let names: BTreeSet<&str> = T::ALL.iter().map(|member| member.name()).collect();
    assert_eq!(names.len(), T::ALL.len(), "{path}: two variants have the same name");
    for &member in T::ALL {
        let name = member.name();
        assert!(key.takes.contains(&format!("\"{name}\"")), "{path}: {}", key.takes);
        let config = load(lines, &[&format!("{path}={name}")]).unwrap();
        assert_eq!(reached(&config), member, "{path} = {name}");
    }
    let error = load(lines, &[&format!("{path}=lstm")]).unwrap_err();
    assert!(error.contains(&key.takes), "{error}");
}

#[test]
fn every_name_of_the_choices_reaches_its_variant() {
    each::<ScanChoice>("backend.scan", DIGITS, |config| config.backend_options.scan);
    each::<Simd>("backend.simd", DIGITS, |config| config.backend_options.simd);
    each::<DataKind>("data.kind", "[model]\nnum_hidden = 5\n", |config| config.data.kind);
    each::<Tokens>("data.tokens", DIGITS, |config| config.data.tokens);
    each::<Tokenization>("data.tokenization", DIGITS, |config| config.data.tokenization);
    each::<PixelForm>("data.pixels", DIGITS, |config| config.data.pixels);
    each::<OptimizerKind>("training.optimizer", DIGITS, |config| config.training.optimizer);
    let names: Vec<&str> = Penalty::ALL.iter().map(|penalty| penalty.name()).collect();
    for (i, name) in names.iter().enumerate() {
        let config = load(DIGITS, &[&format!("regularizer.{name}.strength=0.5")]).unwrap();
        let penalties: Vec<Penalty> = config.training.regularizers.iter().map(|own| own.penalty).collect();
        assert_eq!(penalties, [Penalty::ALL[i]]);
    }
}

#[test]
fn every_name_of_the_model_reaches_its_variant() {
    let demand = Demand { inputs: 700, outputs: 20, tokens: false };
    let spec = |config: &RunConfig| config.network(demand).unwrap();
    let neuron = |config: &RunConfig| spec(config).layers[0].neuron.clone();
    let single = "[data]\nkind = \"digits\"\n[model]\nkind = \"elm_neuron\"\n[model.neuron]\nnum_synapse_per_branch = 1\n";
    let one_layer = "[data]\nkind = \"digits\"\n[model]\nnum_hidden = 5\n[model.neuron]\nnum_branch = 3\n";
    each::<MlpActivation>("model.neuron.mlp_activation", one_layer, |c| neuron(c).mlp_activation);
    each::<Activation>("model.neuron.activation", one_layer, |c| neuron(c).activation);
    each::<LambdaMode>("model.neuron.lambda_mode", one_layer, |c| neuron(c).lambda_mode);
    each::<InputDropoutMode>("model.dropout.input_mode", one_layer, |c| spec(c).layers[0].dropout.input_mode);
    each::<RoutingName>("model.wiring.routing", single, |c| match spec(c).layers[0].routing {
        Routing::Direct => RoutingName::Direct,
        Routing::Random { .. } => RoutingName::Random,
        Routing::NeuronIo => RoutingName::Neuronio,
    });
    for &kind in ModelKind::ALL {
        // A network needs hidden neurons, and a single neuron has none.
        let hidden = if kind == ModelKind::ElmNetwork { "5" } else { "none" };
        let [hidden, named] = [format!("model.num_hidden={hidden}"), format!("model.kind={}", kind.name())];
        assert_eq!(spec(&load(DIGITS, &[&hidden, &named]).unwrap()).kind, kind);
    }
    let error = load(DIGITS, &["model.kind=rnn"]).unwrap_err();
    assert!(error.contains("\"elm_network\", \"elm_neuron\", \"elm\", \"branch_elm\""), "{error}");
}

/// Embedding and head depend on the data, so each name has its own.
#[test]
fn every_embedding_and_head_reaches_its_variant() {
    for &name in EmbeddingName::ALL {
        let tokens = matches!(name, EmbeddingName::OneHot | EmbeddingName::Learned);
        let (lines, wanted) = match name {
            EmbeddingName::None => (DIGITS, Embedding::None),
            EmbeddingName::Scaled => (DIGITS, Embedding::Scaled(2.0)),
            EmbeddingName::OneHot => (TEXT, Embedding::OneHot(2.0)),
            EmbeddingName::Learned => (TEXT, Embedding::Learned { symbols: 256, width: 7, scale: 2.0 }),
        };
        let set = format!("model.embedding={}", name.name());
        let width = if name == EmbeddingName::Learned { "7" } else { "none" };
        let width = format!("model.embedding_width={width}");
        let config = load(lines, &[&set, "model.embedding_scale=2", &width]).unwrap();
        let demand = config.demand_without_data().unwrap_or(config.assumed_demand());
        assert_eq!(demand.tokens, tokens);
        assert_eq!(config.network(demand).unwrap().embedding, wanted);
    }
    for &name in HeadName::ALL {
        let wanted = match name {
            HeadName::None => Head::None,
            HeadName::Linear => Head::Linear,
        };
        let config = load(DIGITS, &[&format!("model.head={}", name.name())]).unwrap();
        assert_eq!(config.network(config.demand_without_data().unwrap()).unwrap().head, wanted);
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
