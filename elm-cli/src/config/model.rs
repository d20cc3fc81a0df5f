//! `[model]`: settings of the network as `elm-core` resolves them.

use super::baseline::{BaselineConfig, Kind};
use super::conditions::for_data;
use super::kind::DataKind;
use super::names::names;
use super::place::ConfigError;
use super::properties::Predicts;
use super::ranges::{Flag, number, one_of, size};
use super::section::settings;
use super::settings::Settings;
use elm_core::model::options::{LayerOptions, NetworkOptions};
use elm_core::model::{Embedding, Head, ModelKind, NetworkSpec};

names! {
    for ModelKind {
        ElmNetwork = "elm_network",
        ElmNeuron = "elm_neuron",
        Elm = "elm",
        BranchElm = "branch_elm",
    }
}

names! {
    /// What becomes of the input, see [`Embedding`].
    pub enum EmbeddingName {
        /// Channels as they are.
        None = "none",
        /// Channels times a factor.
        Scaled = "scaled",
        /// Tokens become one-hot vectors times a factor.
        OneHot = "one_hot",
        /// Tokens become rows of a trained table times a factor.
        Learned = "learned",
    }
}

names! {
    /// What comes after the readout layer, see [`Head`].
    pub enum HeadName {
        /// A linear map with bias.
        Linear = "linear",
        /// Nothing.
        None = "none",
    }
}

settings! {
    /// Settings of the network as a whole.
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct ModelConfig {
        /// network or single neuron of one of the papers, or what they are compared with
        kind: Kind = one_of::<Kind>(), Kind::Elm(ModelKind::ElmNetwork);
        /// input channels or symbols
        num_input: Option<usize> = size(1), None, "from the data";
        /// outputs: classes or symbols
        num_output: Option<usize> = size(1), None, "from the data";
        /// neurons of a hidden layer
        num_hidden: Option<usize> = size(1), None, "required with two layers";
        /// layers, the readout layer included
        num_layers: Option<usize> = size(1), None, "2";
        /// what becomes of the input
        embedding: Option<EmbeddingName> = one_of::<EmbeddingName>(), None,
            "\"one_hot\" for tokens, else \"none\"";
        /// numbers in a row of the trained table that stands for tokens
        embedding_width: Option<usize> = size(1), None, "required with embedding = \"learned\"";
        /// factor of the embedding
        embedding_scale: f64 = number(), 1.0;
        /// linear map after the readout layer; pairs of sequences have one that compares them
        head: Option<HeadName> = one_of::<HeadName>(), None, "\"none\"";
        /// a single neuron reads its own previous output
        feed_output_back: bool = Flag, false;
        /// outputs of the readout layer by which pairs of sequences are compared
        pair_features: usize = size(1), 32 => [for_data(&[DataKind::LraRetrieval])];
    }
}

/// The settings of a model that are given.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Model {
    pub(super) whole: ModelConfig,
    /// Of every layer.
    pub(super) layer: LayerOptions,
    /// Overrides, where there are any.
    pub(super) first_layer: Option<LayerOptions>,
    pub(super) last_layer: Option<LayerOptions>,
    /// Of the kinds that are none of ELM neurons.
    pub(super) baselines: BaselineConfig,
}

/// What the data asks of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Input channels or symbols.
    pub inputs: usize,
    /// Classes or symbols.
    pub outputs: usize,
    /// Does the data consist of tokens?
    pub tokens: bool,
}

impl Model {
    /// The network that the settings describe, fitted to the data.
    ///
    /// # Errors
    /// When a setting is impossible or contradicts the data, at its place.
    pub(super) fn network(
        &self,
        settings: &Settings,
        predicts: Predicts,
        demand: Demand,
    ) -> Result<NetworkSpec, ConfigError> {
        let whole = &self.whole;
        let Kind::Elm(kind) = whole.kind else {
            return Err(settings.error("model.kind", "is not one of ELM neurons"));
        };
        self.check_demand(settings, demand)?;
        let (head, num_output) = self.head(settings, predicts, demand)?;
        let options = NetworkOptions {
            kind,
            num_input: demand.inputs,
            num_output,
            num_hidden: whole.num_hidden,
            num_layers: whole.num_layers,
            embedding: Some(self.embedding(settings, demand)?),
            head: Some(head),
            feed_output_back: Some(whole.feed_output_back),
            layer: self.layer,
            first_layer: self.first_layer,
            last_layer: self.last_layer,
        };
        options.resolve().map_err(|error| match error {
            elm_core::Error::Config { key, reason } => settings.error(&key, reason),
            other => settings.error("model", other.to_string()),
        })
    }

    /// Checks the sizes that are given against the data.
    ///
    /// # Errors
    /// At the one that contradicts it.
    pub(super) fn check_demand(&self, settings: &Settings, demand: Demand) -> Result<(), ConfigError> {
        for (key, given, wanted) in [
            ("model.num_input", self.whole.num_input, demand.inputs),
            ("model.num_output", self.whole.num_output, demand.outputs),
        ] {
            if let Some(given) = given
                && given != wanted
            {
                let message = format!("{given} contradicts the data, which needs {wanted}");
                return Err(settings.error(key, message));
            }
        }
        Ok(())
    }

    /// What becomes of the input where nothing is said.
    pub(super) fn usual_embedding(tokens: bool) -> EmbeddingName {
        if tokens { EmbeddingName::OneHot } else { EmbeddingName::None }
    }

    /// What becomes of the input.
    ///
    /// # Errors
    /// When it does not go with the data.
    pub(super) fn embedding(&self, settings: &Settings, demand: Demand) -> Result<Embedding, ConfigError> {
        let wrong = |message| Err(settings.error("model.embedding", message));
        let default = Self::usual_embedding(demand.tokens);
        let scale = self.whole.embedding_scale;
        let scaled = settings.asked_for().any(|key| key == "model.embedding_scale") && scale != 1.0;
        let about_width = |message| Err(settings.error("model.embedding_width", message));
        match (self.whole.embedding.unwrap_or(default), demand.tokens, self.whole.embedding_width) {
            (EmbeddingName::OneHot, false, _) => wrong("\"one_hot\" needs data that consists of tokens"),
            (EmbeddingName::Learned, false, _) => wrong("\"learned\" needs data that consists of tokens"),
            (EmbeddingName::Scaled | EmbeddingName::None, true, _) => {
                wrong("tokens need the embedding \"one_hot\" or \"learned\"")
            }
            (EmbeddingName::Learned, true, Some(width)) => {
                Ok(Embedding::Learned { symbols: demand.inputs, width, scale })
            }
            (EmbeddingName::Learned, true, None) => {
                about_width("missing: how many numbers shall stand for a token?")
            }
            (_, _, Some(_)) => about_width("only the embedding \"learned\" has a width; remove it"),
            (EmbeddingName::OneHot, true, None) => Ok(Embedding::OneHot(scale)),
            (EmbeddingName::Scaled, false, None) => Ok(Embedding::Scaled(scale)),
            (EmbeddingName::None, false, None) if scaled => {
                let message = "the embedding \"none\" has no scale; \"scaled\" has one";
                Err(settings.error("model.embedding_scale", message))
            }
            (EmbeddingName::None, false, None) => Ok(Embedding::None),
        }
    }

    /// The head, and the outputs of the last layer that it reads.
    fn head(
        &self,
        settings: &Settings,
        predicts: Predicts,
        demand: Demand,
    ) -> Result<(Head, usize), ConfigError> {
        match (predicts, self.whole.head) {
            (Predicts::Pairs, Some(HeadName::None)) => {
                Err(settings.error("model.head", "pairs of sequences need a head"))
            }
            // Pairs are compared by what each sequence leaves in the last layer.
            (Predicts::Pairs, _) => Ok((Head::Pair { classes: demand.outputs }, self.whole.pair_features)),
            (_, Some(HeadName::Linear)) => Ok((Head::Linear, demand.outputs)),
            (_, Some(HeadName::None) | None) => Ok((Head::None, demand.outputs)),
        }
    }
}
