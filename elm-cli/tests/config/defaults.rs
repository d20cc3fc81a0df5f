//! Defaults are as documented.

use crate::{ADDING, DIGITS, TEXT, layers, load, of};
use elm_cli::config::{DataConfig, DataKind, Demand, RunConfig, keys};
use elm_core::kernel::DEFAULT_MEMORY_BUDGET;
use elm_core::model::{
    Activation, Embedding, Head, InputDropoutMode, LambdaMode, LayerSpec, MlpActivation, Routing, Trace,
};

/// The words about a key's default.
fn words(path: &str) -> String {
    keys::all().into_iter().find(|key| key.path == path).unwrap_or_else(|| panic!("no key {path}")).default
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
            // Some settings belong to other data, single neurons, or another kind of length.
            let told = match told {
                Ok(told) => told,
                Err(error) if error.contains("has no effect here") => continue,
                Err(error) => {
                    let other = [
                        "routing",
                        "embedding",
                        "model.lstm.",
                        "model.gru.",
                        "model.lif.",
                        "model.transformer.",
                    ];
                    assert!(other.iter().any(|part| key.path.contains(part)), "{error}");
                    continue;
                }
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
