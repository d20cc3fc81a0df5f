//! `[model]` of the baselines: `[model.lstm]`, `[model.gru]`, `[model.lif]` and
//! `[model.transformer]`, each with the settings of one kind.

use super::conditions::where_is;
use super::model::{Demand, HeadName, Model};
use super::names::{Named, names};
use super::place::ConfigError;
use super::properties::Predicts;
use super::ranges::{Flag, Probability, at_least_one, one_of, positive, share, size};
use super::section::{Section, sections, settings};
use super::settings::Settings;
use elm_core::baseline::{
    BaselineSpec, Gru, Lif, LifReadout, LinearHead, Lstm, Pooling, Positions, Recurrent, Transformer,
};
use elm_core::model::{DropoutOptions, DropoutSpec, Embedding, InputDropoutMode, ModelKind};

names! {
    /// The baselines.
    pub enum BaselineKind {
        /// Long short-term memory.
        Lstm = "lstm",
        /// Gated recurrent units.
        Gru = "gru",
        /// Leaky integrate-and-fire units.
        Lif = "lif",
        /// A Transformer encoder.
        Transformer = "transformer",
    }
}
names! {
    for LifReadout { Spikes = "spikes", Membrane = "membrane" }
}
names! {
    for Positions { Sinusoidal = "sinusoidal", Learned = "learned", None = "none" }
}
names! {
    for Pooling { Mean = "mean", Last = "last" }
}

/// Which model: an ELM network or neuron, or a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of the papers'.
    Elm(ModelKind),
    /// One that they are compared with.
    Baseline(BaselineKind),
}

impl Named for Kind {
    const ALL: &'static [Self] = &[
        Kind::Elm(ModelKind::ElmNetwork),
        Kind::Elm(ModelKind::ElmNeuron),
        Kind::Elm(ModelKind::Elm),
        Kind::Elm(ModelKind::BranchElm),
        Kind::Baseline(BaselineKind::Lstm),
        Kind::Baseline(BaselineKind::Gru),
        Kind::Baseline(BaselineKind::Lif),
        Kind::Baseline(BaselineKind::Transformer),
    ];

    fn name(self) -> &'static str {
        match self {
            Kind::Elm(kind) => kind.name(),
            Kind::Baseline(kind) => kind.name(),
        }
    }
}

settings! {
    /// Settings of an LSTM.
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct LstmConfig {
        /// units of a layer
        hidden_size: Option<usize> = size(1), None, "required";
        /// layers, each on the one before
        num_layers: usize = size(1), 1;
        /// longest dependency in steps, above 2: forget gates start with log U(1, chrono - 1), input gates with its negative
        chrono: Option<f64> = at_least_one(), None, "none, a plain initialisation";
    }
}

settings! {
    /// Settings of a GRU.
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct GruConfig {
        /// units of a layer
        hidden_size: Option<usize> = size(1), None, "required";
        /// layers, each on the one before
        num_layers: usize = size(1), 1;
    }
}

settings! {
    /// Settings of LIF units.
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct LifConfig {
        /// units
        hidden_size: Option<usize> = size(1), None, "required";
        /// do units hear each other
        recurrent: bool = Flag, true;
        /// share of the units that is inhibitory
        inhibitory: f64 = share(), 0.2;
        /// shortest timescale that a membrane may learn
        tau_min: f64 = positive(), 1.0;
        /// longest timescale that a membrane may learn
        tau_max: f64 = positive(), 100.0;
        /// what the linear readout reads: the leaky average of spikes, or the potentials
        readout: LifReadout = one_of::<LifReadout>(), LifReadout::Spikes;
        /// timescale of the leaky average of spikes
        readout_tau: f64 = positive(), 20.0 => [where_is("model.lif.readout", &[LifReadout::Spikes])];
        /// length of a time step in the unit of the timescales
        delta_t: f64 = positive(), 1.0;
    }
}

settings! {
    /// Settings of a Transformer encoder.
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct TransformerConfig {
        /// width of a step's vector
        width: Option<usize> = size(1), None, "required";
        /// heads of the attention, which divide the width
        heads: usize = size(1), 4;
        /// blocks of attention and feed-forward maps
        depth: usize = size(1), 4;
        /// hidden units of the feed-forward maps
        feed_forward: Option<usize> = size(1), None, "4 width";
        /// how steps know where they are
        positions: Positions = one_of::<Positions>(), Positions::Sinusoidal;
        /// steps of the longest sequence that learned positions are there for
        max_steps: Option<usize> = size(1), None, "required by learned positions";
        /// what the linear readout reads of a sequence
        pooling: Pooling = one_of::<Pooling>(), Pooling::Mean;
        /// share of the numbers dropped in training: of embedded inputs, hidden units, and what attention and feed-forward maps add
        dropout: f64 = Probability, 0.0;
        /// share of the attention's shares dropped in training; the attention is composed then
        attention_dropout: f64 = Probability, 0.0;
    }
}

sections! {
    /// The settings of every baseline.
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct BaselineConfig from settings {
        lstm: LstmConfig, in "lstm";
        gru: GruConfig, in "gru";
        lif: LifConfig, in "lif";
        transformer: TransformerConfig, in "transformer";
    }
}

/// What only ELM networks and neurons have.
const OF_ELM: [&str; 10] = [
    "model.num_hidden",
    "model.num_layers",
    "model.embedding_width",
    "model.feed_output_back",
    "model.pair_features",
    "model.neuron.",
    "model.wiring.",
    "model.dropout.memory",
    "model.first_layer.",
    "model.last_layer.",
];

/// Does a setting belong to models of other kinds than this one?
pub(super) fn is_of_others(kind: Kind, key: &str) -> bool {
    let of = |baseline: &&BaselineKind| key.starts_with(&format!("model.{}.", baseline.name()));
    match (BaselineKind::ALL.iter().find(of), kind) {
        (Some(own), kind) => Kind::Baseline(*own) != kind,
        (None, Kind::Elm(_)) => false,
        (None, Kind::Baseline(BaselineKind::Transformer)) if key.starts_with("model.dropout.") => true,
        (None, Kind::Baseline(_)) => OF_ELM.iter().any(|own| key.starts_with(own)),
    }
}

impl Model {
    /// Checks that no setting is given which belongs to another kind of model.
    ///
    /// # Errors
    /// At the first one.
    pub(super) fn check_kind(&self, settings: &Settings) -> Result<(), ConfigError> {
        let kind = self.whole.kind;
        match settings.asked_for().find(|key| is_of_others(kind, key)) {
            None => Ok(()),
            Some(key) => {
                let message = format!("a model of kind \"{}\" has no such setting", kind.name());
                Err(settings.error(key, message))
            }
        }
    }

    /// The baseline that the settings describe, fitted to the data.
    ///
    /// # Errors
    /// When a setting is impossible or contradicts the data, at its place.
    pub(super) fn baseline(
        &self,
        kind: BaselineKind,
        settings: &Settings,
        predicts: Predicts,
        demand: Demand,
    ) -> Result<BaselineSpec, ConfigError> {
        self.check_demand(settings, demand)?;
        if self.whole.head == Some(HeadName::None) {
            return Err(settings.error("model.head", "a baseline has a linear head"));
        }
        let input_scale = match self.embedding(settings, demand)? {
            Embedding::None => 1.0,
            Embedding::Scaled(factor) | Embedding::OneHot(factor) => factor,
            Embedding::Learned { .. } => {
                let message = "a baseline has no learned embedding; its tokens are \"one_hot\"";
                return Err(settings.error("model.embedding", message));
            }
        };
        let common = Common {
            inputs: demand.inputs,
            input_scale,
            logits: demand.outputs,
            pairs: predicts == Predicts::Pairs,
            dropout: dropout(self.layer.dropout),
        };
        let own = &self.baselines;
        let spec = match kind {
            BaselineKind::Lstm => own.lstm.spec(settings, common)?,
            BaselineKind::Gru => own.gru.spec(settings, common)?,
            BaselineKind::Lif => own.lif.spec(settings, common)?,
            BaselineKind::Transformer if predicts == Predicts::EveryStep => {
                let message = "\"transformer\" is an encoder: it answers a sequence, and would see what it is to predict";
                return Err(settings.error("model.kind", message));
            }
            BaselineKind::Transformer => own.transformer.spec(settings, common)?,
        };
        spec.check().map_err(|error| match error {
            elm_core::Error::Config { key, reason } => settings.error(&key, reason),
            other => settings.error("model", other.to_string()),
        })?;
        Ok(spec)
    }

    /// All settings from which a baseline comes out again.
    pub(super) fn baseline_filled(&self, kind: BaselineKind, tokens: bool) -> Vec<(String, Option<String>)> {
        let mut whole = self.whole.clone();
        whole.embedding.get_or_insert(Model::usual_embedding(tokens));
        whole.head = Some(HeadName::Linear);
        let given = self.layer.dropout;
        let filled = dropout(given);
        let dropout = DropoutOptions {
            input: Some(filled.input),
            recurrent: Some(filled.recurrent),
            memory: None,
            input_mode: Some(filled.input_mode),
        };
        let all = [whole.values("model"), dropout.values("model.dropout"), self.baselines.values("model")];
        let own = |(key, _): &(String, Option<String>)| !is_of_others(Kind::Baseline(kind), key);
        all.into_iter().flatten().filter(own).collect()
    }
}

/// What all baselines take from the data and the settings of every model.
struct Common {
    inputs: usize,
    input_scale: f64,
    logits: usize,
    pairs: bool,
    dropout: DropoutSpec,
}

impl Common {
    fn head(&self, features: usize) -> LinearHead {
        LinearHead { features, logits: self.logits, pairs: self.pairs }
    }
}

fn dropout(given: DropoutOptions) -> DropoutSpec {
    DropoutSpec {
        input: given.input.unwrap_or(0.0),
        recurrent: given.recurrent.unwrap_or(0.0),
        memory: 0.0,
        input_mode: given.input_mode.unwrap_or(InputDropoutMode::Variational),
    }
}

/// A size that has no default.
fn required(settings: &Settings, key: &str, given: Option<usize>) -> Result<usize, ConfigError> {
    given.ok_or_else(|| settings.error(key, "missing: how large shall the model be?"))
}

impl LstmConfig {
    fn spec(&self, settings: &Settings, common: Common) -> Result<BaselineSpec, ConfigError> {
        let hidden = required(settings, "model.lstm.hidden_size", self.hidden_size)?;
        let (layers, chrono) = (self.num_layers, self.chrono);
        let (head, input_scale, dropout) = (common.head(hidden), common.input_scale, common.dropout);
        let cell = Lstm { inputs: common.inputs, hidden, layers, chrono };
        Ok(BaselineSpec::Lstm(Recurrent { cell, input_scale, dropout, head }))
    }
}

impl GruConfig {
    fn spec(&self, settings: &Settings, common: Common) -> Result<BaselineSpec, ConfigError> {
        let hidden = required(settings, "model.gru.hidden_size", self.hidden_size)?;
        let (head, input_scale, dropout) = (common.head(hidden), common.input_scale, common.dropout);
        let cell = Gru { inputs: common.inputs, hidden, layers: self.num_layers };
        Ok(BaselineSpec::Gru(Recurrent { cell, input_scale, dropout, head }))
    }
}

impl LifConfig {
    fn spec(&self, settings: &Settings, common: Common) -> Result<BaselineSpec, ConfigError> {
        let hidden = required(settings, "model.lif.hidden_size", self.hidden_size)?;
        let (head, input_scale, dropout) = (common.head(hidden), common.input_scale, common.dropout);
        let cell = Lif {
            inputs: common.inputs,
            hidden,
            recurrent: self.recurrent,
            inhibitory: self.inhibitory,
            tau_min: self.tau_min,
            tau_max: self.tau_max,
            readout: self.readout,
            readout_tau: self.readout_tau,
            delta_t: self.delta_t,
        };
        Ok(BaselineSpec::Lif(Recurrent { cell, input_scale, dropout, head }))
    }
}

impl TransformerConfig {
    fn spec(&self, settings: &Settings, common: Common) -> Result<BaselineSpec, ConfigError> {
        let width = required(settings, "model.transformer.width", self.width)?;
        Ok(BaselineSpec::Transformer(Transformer {
            inputs: common.inputs,
            width,
            heads: self.heads,
            depth: self.depth,
            feed_forward: self.feed_forward.unwrap_or(width.saturating_mul(4)),
            positions: self.positions,
            max_steps: self.max_steps,
            pooling: self.pooling,
            input_scale: common.input_scale,
            dropout: self.dropout,
            attention_dropout: self.attention_dropout,
            head: common.head(width),
        }))
    }
}
