//! From settings to the layers of a network.

use super::check::{at_least_one, check_size, finite};
use super::neuron::{layer_spec, single_neuron_spec};
use super::{DropoutOptions, LayerOptions, NetworkOptions, NeuronOptions, WiringOptions};
use crate::error::{Error, Result};
use crate::model::network::{Embedding, ModelKind, NetworkSpec};
use crate::model::sizes::{self, MOST_LAYERS};
use crate::spec::{Activation, LayerSpec};

impl NetworkOptions {
    /// Fills in the published defaults and checks every range.
    ///
    /// # Errors
    /// [`Error::Config`] with the key at fault, e.g. `model.neuron.num_memory`.
    pub fn resolve(&self) -> Result<NetworkSpec> {
        at_least_one("model.num_input", self.num_input)?;
        at_least_one("model.num_output", self.num_output)?;
        self.check_embedding()?;
        let layers = match self.kind {
            ModelKind::ElmNetwork if self.feed_output_back == Some(true) => {
                let reason = "a network has more than one neuron; \"elm\", \"branch_elm\" and \
                              \"elm_neuron\" can read their own output";
                return Err(Error::config("model.feed_output_back", reason));
            }
            ModelKind::ElmNetwork => self.network_layers()?,
            _ => vec![self.single_neuron()?],
        };
        let head = self.head.unwrap_or_default();
        let spec = NetworkSpec {
            kind: self.kind,
            embedding: self.embedding.unwrap_or(Embedding::None),
            layers,
            head,
        };
        let fits = sizes::check_head(head, spec.outputs());
        fits.map_err(|reason| Error::config("model.num_output", reason))?;
        Ok(spec)
    }

    fn check_embedding(&self) -> Result<()> {
        let Some(embedding) = self.embedding else { return Ok(()) };
        match embedding {
            Embedding::None => return Ok(()),
            Embedding::Scaled(scale) | Embedding::OneHot(scale) => finite("model.embedding_scale", scale)?,
            Embedding::Learned { symbols, width, scale } => {
                finite("model.embedding_scale", scale)?;
                at_least_one("model.embedding_width", width)?;
                if symbols != self.num_input {
                    let reason = format!("{} symbols, the embedding has {symbols}", self.num_input);
                    return Err(Error::config("model.num_input", reason));
                }
            }
        }
        sizes::check_embedding(embedding).map_err(|reason| Error::config("model.embedding_width", reason))
    }

    /// Channels that the first layer reads, and the key that says how many.
    pub(super) fn channels(&self) -> (usize, &'static str) {
        match self.embedding {
            Some(Embedding::Learned { width, .. }) => (width, "model.embedding_width"),
            _ => (self.num_input, "model.num_input"),
        }
    }

    fn network_layers(&self) -> Result<Vec<LayerSpec>> {
        let count = self.num_layers.unwrap_or(2);
        at_least_one("model.num_layers", count)?;
        if count > MOST_LAYERS {
            let reason = format!("{count} is too much: at most {MOST_LAYERS} layers are possible");
            return Err(Error::config("model.num_layers", reason));
        }
        if count == 1 && self.first_layer.is_some() {
            return Err(Error::config(
                "model.first_layer",
                "with one layer there is only the readout layer: use model.last_layer",
            ));
        }
        let (mut inputs, of_first) = self.channels();
        let mut layers = Vec::with_capacity(count);
        for position in 0..count {
            let last = position + 1 == count;
            let neurons = if last { self.num_output } else { self.hidden_neurons()? };
            let (options, key) = self.options_at(position, last);
            let layer = layer_spec(&options, &key, inputs, neurons)?;
            let inputs_are = if position == 0 { of_first } else { "model.num_hidden" };
            let neurons_are = if last { "model.num_output" } else { "model.num_hidden" };
            check_size(&layer, &options.neuron, &key, [inputs_are, neurons_are, "model.num_output"])?;
            layers.push(layer);
            inputs = neurons;
        }
        Ok(layers)
    }

    fn hidden_neurons(&self) -> Result<usize> {
        let neurons = self.num_hidden.ok_or_else(|| {
            Error::config("model.num_hidden", "missing: how many neurons has a hidden layer?")
        })?;
        at_least_one("model.num_hidden", neurons)?;
        Ok(neurons)
    }

    /// The merged settings of one layer, and where a setting came from.
    fn options_at(&self, position: usize, last: bool) -> (LayerOptions, KeyOf) {
        if last {
            let readout = LayerOptions {
                neuron: NeuronOptions {
                    high_pass_tau: Some(None),
                    activation: Some(Activation::Identity),
                    ..Default::default()
                },
                wiring: WiringOptions { recurrent_connect: Some(0.0), routing: None },
                ..Default::default()
            };
            let own = self.last_layer.unwrap_or_default();
            let merged = own.or(&readout.or(&self.layer));
            return (merged, KeyOf { prefix: "model.last_layer", own });
        }
        let own = if position == 0 { self.first_layer.unwrap_or_default() } else { Default::default() };
        let merged = own.or(&self.layer);
        (merged, KeyOf { prefix: "model.first_layer", own })
    }

    fn single_neuron(&self) -> Result<LayerSpec> {
        let unused = [
            ("model.num_hidden", self.num_hidden.is_some()),
            ("model.num_layers", self.num_layers.is_some()),
            ("model.first_layer", self.first_layer.is_some()),
            ("model.last_layer", self.last_layer.is_some()),
            ("model.wiring.recurrent_connect", self.layer.wiring.recurrent_connect.is_some()),
        ];
        if let Some((key, _)) = unused.iter().find(|(_, given)| *given) {
            return Err(Error::config(*key, "a single neuron has no such setting; remove it"));
        }
        single_neuron_spec(self)
    }
}

/// Names the configuration key that a merged setting came from.
pub(super) struct KeyOf {
    pub(super) prefix: &'static str,
    pub(super) own: LayerOptions,
}

impl KeyOf {
    pub(super) fn neuron(&self, name: &str, given: impl Fn(&NeuronOptions) -> bool) -> String {
        let prefix = if given(&self.own.neuron) { self.prefix } else { "model" };
        format!("{prefix}.neuron.{name}")
    }

    pub(super) fn wiring(&self, name: &str) -> String {
        let prefix = if self.own.wiring.recurrent_connect.is_some() { self.prefix } else { "model" };
        format!("{prefix}.wiring.{name}")
    }

    pub(super) fn dropout(&self, name: &str, given: impl Fn(&DropoutOptions) -> bool) -> String {
        let prefix = if given(&self.own.dropout) { self.prefix } else { "model" };
        format!("{prefix}.dropout.{name}")
    }
}
