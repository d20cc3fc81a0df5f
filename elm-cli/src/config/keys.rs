//! Every key of a configuration: its type, default, range and meaning. The
//! parser and `elm check --keys` both go by this table.

/// What values a key takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A whole number of at least this.
    Integer(i64),
    /// A finite number above 0.
    Positive,
    /// A finite number of at least 0.
    NotNegative,
    /// A finite number.
    Number,
    /// A number in 0..=1.
    Share,
    /// True or false.
    Bool,
    /// Any string.
    Text,
    /// A file or folder; relative to the file that names it, `${NAME}` expands.
    Path,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// A list of whole numbers of at least 0.
    Integers,
    /// A list of numbers above 0.
    Numbers,
}

/// A key of the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Key {
    /// Its dotted path.
    pub path: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// What holds when it is not given, in words or as TOML.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn key(path: &'static str, kind: Kind, default: &'static str, meaning: &'static str) -> Key {
    Key { path, kind, default, meaning }
}

/// Kinds of data.
pub const DATA_KINDS: &[&str] = &[
    "digits",
    "digits_adding",
    "shd",
    "ssc",
    "shd_adding",
    "text",
    "listops",
    "lra_text",
    "lra_retrieval",
    "lra_image",
    "pathfinder",
];

use Kind::*;

/// All keys outside of the per-layer tables.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key("extends", Text, "none", "another configuration to start from, relative to this one"),

    key("backend.kind", Text, "\"candle\"", "which backend computes: candle, tch or a plugin's name"),
    key("backend.device", Text, "\"cpu\"", "cpu or cuda:N; it is used or it is an error"),
    key("backend.threads", Integer(1), "all cores", "threads to compute with; results depend on it in the last bits"),
    key("backend.scan", Choice(&["auto", "fused", "composed"]), "\"auto\"", "how the recurrence is computed"),
    key("backend.memory_budget", Integer(1), "none", "bytes that the history of a fused scan may take; more is recomputed"),

    key("data.kind", Choice(DATA_KINDS), "required", "what is learned"),
    key("data.path", Path, "none", "file or folder of the data; generated digits need none"),
    key("data.seed", Integer(0), "0", "seed of generated data and of the split into train and validation"),
    key("data.bin_ms", Positive, "2.0", "length of a time step of spike data, in ms"),
    key("data.counts", Bool, "false", "keep the number of spikes in a bin (true) or only whether there are any"),
    key("data.channels", Integer(1), "700", "channels of generated digits"),
    key("data.train_samples", Integer(1), "2000", "generated training samples"),
    key("data.test_samples", Integer(1), "500", "generated test samples"),
    key("data.valid_samples", Integer(1), "500", "generated validation samples"),
    key("data.tokens", Choice(&["txl", "eos", "bytes"]), "\"txl\"", "text as tokens: characters without newlines, with an end-of-line token, or bytes"),
    key("data.vocabulary", Integer(1), "from the data", "number of symbols; checked against the data, lets `info` and `bench` work without it"),
    key("data.fractions", Numbers, "[0.9, 0.05, 0.05]", "shares of a single text file for train, valid, test"),
    key("data.max_length", Integer(1), "the data set's", "longest sequence; longer ones are cut"),
    key("data.tokenization", Choice(&["s4", "lra"]), "\"s4\"", "whose tokenisation of the Long Range Arena"),
    key("data.pixels", Choice(&["scaled", "one_hot"]), "\"scaled\"", "pixels as one real channel or as one of 256 tokens"),
    key("data.group", Integer(1), "1", "pixels handed to the network per time step"),
    key("data.resolution", Integer(1), "32", "side of a Pathfinder picture"),

    key("model.kind", Choice(&["elm_network", "elm_neuron", "elm", "branch_elm"]), "\"elm_network\"", "network, or a single neuron of one of the papers"),
    key("model.num_input", Integer(1), "from the data", "input channels or symbols"),
    key("model.num_output", Integer(1), "from the data", "outputs: classes or symbols"),
    key("model.num_hidden", Integer(1), "required with two layers", "neurons of a hidden layer"),
    key("model.num_layers", Integer(1), "2", "layers, the readout layer included"),
    key("model.embedding", Choice(&["none", "scaled", "one_hot"]), "\"one_hot\" for tokens, else \"none\"", "what becomes of the input"),
    key("model.embedding_scale", Number, "1.0", "factor of the embedding"),
    key("model.head", Choice(&["linear", "none"]), "\"none\"", "linear map after the readout layer; pairs of sequences have one that compares them"),
    key("model.pair_features", Integer(1), "32", "outputs of the readout layer by which pairs of sequences are compared"),

    key("training.batch_size", Integer(1), "8", "sequences per update"),
    key("training.seq_length", Integer(1), "100", "time steps of a text segment"),
    key("training.steps_per_turn", Integer(1), "400", "updates between two validations (text)"),
    key("training.num_turns", Integer(1), "10", "number of such turns"),
    key("training.batches_per_epoch", Integer(1), "all samples once", "updates of an epoch (classification)"),
    key("training.num_epochs", Integer(1), "10", "number of epochs"),
    key("training.valid_batches", Integer(1), "200 for text, else all", "batches of a validation"),
    key("training.valid_batch_size", Integer(1), "batch_size", "sequences of a validation batch"),
    key("training.test_batches", Integer(1), "all", "batches of the final test"),
    key("training.test_batch_size", Integer(1), "1 for text, else batch_size", "sequences of a test batch"),
    key("training.optimizer", Choice(&["adam", "adamax"]), "\"adam\"", "the update rule"),
    key("training.learning_rate", Positive, "5e-4", "highest learning rate"),
    key("training.warmup_steps", Integer(0), "100", "updates of linear warm-up; a half cosine follows"),
    key("training.clip_norm", Positive, "1.0", "limit of the gradients' global norm; \"none\" switches clipping off"),
    key("training.label_smoothing", Share, "0.0", "share of a label spread over all classes"),
    key("training.state_reuse", Bool, "true for text, else false", "carry the state from segment to segment"),
    key("training.state_dropout", Share, "0.01", "probability that the carried state is reset before an update, in the end"),
    key("training.state_dropout_warmup", Integer(0), "0", "updates over which that probability falls from 1"),
    key("training.seed", Integer(0), "0", "seed of weights, connectome, dropout and order"),

    key("regularizer.mlp_magnitude.layers", Integers, "[0]", "layers whose MLP magnitude is penalised"),
    key("regularizer.mlp_magnitude.strength", NotNegative, "0.0", "weight of that penalty"),
    key("regularizer.mlp_magnitude.proportional", Bool, "false", "times the number of neurons"),
    key("regularizer.population_activity.layers", Integers, "[0]", "layers whose mean activity is penalised"),
    key("regularizer.population_activity.strength", NotNegative, "0.0", "weight of that penalty"),
    key("regularizer.population_activity.proportional", Bool, "false", "times the number of neurons"),

    key("checkpoint.every_steps", Integer(1), "none", "save after so many updates, besides every validation"),
    key("checkpoint.every_minutes", Positive, "5.0", "save after so many minutes"),
    key("checkpoint.keep", Integer(1), "2", "checkpoints kept, the newest included"),

    key("logging.every_steps", Integer(1), "50", "updates between two lines of metrics"),
    key("logging.tensorboard", Bool, "true", "write TensorBoard events beside metrics.jsonl"),
];

/// Keys of the tables `neuron`, `wiring` and `dropout` below `model`,
/// `model.first_layer` and `model.last_layer`.
#[rustfmt::skip]
pub const LAYER_KEYS: &[Key] = &[
    key("neuron.num_memory", Integer(1), "10 in a network, 100 alone", "memory units d_m"),
    key("neuron.num_branch", Integer(1), "2 hidden units; 4 memory units at depth 0; alone: channels", "dendritic branches d_b"),
    key("neuron.num_synapse_per_branch", Integer(1), "num_branch; alone: 1", "synapses of a branch"),
    key("neuron.mlp_hidden_layers", Integer(0), "1", "hidden layers of the neuron's MLP; 0 makes it linear"),
    key("neuron.mlp_hidden_units", Integer(1), "2 memory units", "units d_h of a hidden layer"),
    key("neuron.mlp_activation", Choice(&["relu", "silu", "relu_squared"]), "\"relu_squared\"; \"relu\" for elm and branch_elm", "non-linearity of the MLP"),
    key("neuron.lambda", Positive, "5.0", "strength of memory writes"),
    key("neuron.lambda_mode", Choice(&["timescale_ratio", "scale"]), "\"timescale_ratio\"; \"scale\" for elm", "how lambda enters"),
    key("neuron.memory_tau_min", Positive, "1.0", "shortest memory timescale"),
    key("neuron.memory_tau_max", Positive, "1000.0", "longest memory timescale"),
    key("neuron.memory_tau_range_scale", Positive, "10.0", "how far beyond those bounds training may move timescales"),
    key("neuron.memory_tau_learnable", Bool, "false", "train the timescales"),
    key("neuron.high_pass_tau", Positive, "5.0 in a network, else none", "timescale of the readout's high-pass"),
    key("neuron.activation", Choice(&["identity", "relu", "spike"]), "\"relu\"; \"identity\" in readout layers and alone", "output non-linearity"),
    key("neuron.input_scale", Number, "1.0", "factor on every branch"),
    key("neuron.branch_tau", Positive, "none; 5.0 for elm and branch_elm", "timescale of the branch (elm: synapse) traces"),
    key("neuron.delta_t", Positive, "1.0", "length of a time step in the unit of the timescales"),
    key("neuron.synapse_init", Number, "drawn; 0.5 for elm and branch_elm", "start all synapses at this value, rectified"),
    key("neuron.spike_bias", Number, "0.0", "first output's bias at the start"),
    key("wiring.recurrent_connect", Share, "N / (C + N)", "probability that a synapse reads the layer's own activity"),
    key("wiring.routing", Choice(&["direct", "random", "neuronio"]), "\"direct\"", "how a single neuron's synapses find their inputs"),
    key("dropout.input", Share, "0.0", "dropout of inputs"),
    key("dropout.recurrent", Share, "0.0", "dropout of the layer's own activity"),
    key("dropout.memory", Share, "0.0", "dropout of memory writes"),
    key("dropout.input_mode", Choice(&["variational", "per_step"]), "\"variational\"", "one input mask per sequence, or one per time step that also acts in evaluation"),
];

/// Tables that hold the keys of [`LAYER_KEYS`].
pub const LAYER_TABLES: [&str; 3] = ["model", "model.first_layer", "model.last_layer"];

/// The key of that path.
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path).or_else(|| {
        LAYER_TABLES.iter().find_map(|table| {
            let rest = path.strip_prefix(table)?.strip_prefix('.')?;
            LAYER_KEYS.iter().find(|key| key.path == rest)
        })
    })
}

/// All paths there are.
pub fn paths() -> Vec<String> {
    let plain = KEYS.iter().map(|key| key.path.to_string());
    let layered = LAYER_TABLES
        .iter()
        .flat_map(|table| LAYER_KEYS.iter().map(move |key| format!("{table}.{}", key.path)));
    plain.chain(layered).collect()
}

/// The table of all keys for people.
pub fn documentation() -> String {
    let mut text = String::new();
    let mut section = "";
    let line = |path: &str, key: &Key| {
        format!("  {path:<44} {}\n      {}; default: {}\n", key.meaning, key.kind, key.default)
    };
    for key in KEYS {
        let own = key.path.split('.').next().unwrap_or_default();
        if own != section && key.path.contains('.') {
            section = own;
            text += &format!("\n[{section}]\n");
        }
        text += &line(key.path, key);
    }
    text += "\n[model], and the same under [model.first_layer] and [model.last_layer]\n";
    for key in LAYER_KEYS {
        text += &line(&format!("model.{}", key.path), key);
    }
    text
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Kind::Integer(least) => write!(f, "an integer of at least {least}"),
            Kind::Positive => f.write_str("a number above 0"),
            Kind::NotNegative => f.write_str("a number of at least 0"),
            Kind::Number => f.write_str("a finite number"),
            Kind::Share => f.write_str("a number from 0 to 1"),
            Kind::Bool => f.write_str("true or false"),
            Kind::Text => f.write_str("a string"),
            Kind::Path => f.write_str("a path"),
            Kind::Choice(names) => {
                let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
                write!(f, "one of {}", quoted.join(", "))
            }
            Kind::Integers => f.write_str("a list of integers of at least 0"),
            Kind::Numbers => f.write_str("a list of numbers above 0"),
        }
    }
}
