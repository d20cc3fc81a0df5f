//! A trained run, taken up by another program.

use crate::commands::eval::{config_of, nothing_saved};
use crate::config::{RunConfig, Tokens};
use crate::run::{Symbols, Which, state};
use anyhow::{Context, Result, bail};
use elm_core::model::{ModelSpec, NetworkSpec, StoredTensors};
use elm_data::text::{TokenMode, Vocabulary};
use std::path::{Path, PathBuf};

/// What a run folder holds of a trained model: settings, network, weights, and
/// the numbers that it gave the symbols of its data. No data is read.
///
/// A network trained on text goes on, symbol by symbol and without a backend:
/// ```
/// use elm_cli::TrainedRun;
/// use elm_core::kernel::{LiveInput, Simd};
/// use elm_core::model::LiveNetwork;
///
/// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/run-0.1-text");
/// let run = TrainedRun::open(folder)?;
/// let vocabulary = run.vocabulary()?;
/// let mut network = LiveNetwork::new(&run.network, &run.weights, Simd::Auto, 1)?;
/// let mut likeliest = 0;
/// for token in vocabulary.encode(b"A neuron")? {
///     let logits = network.step(LiveInput::Token(u32::from(token)))?;
///     likeliest = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap_or(0);
/// }
/// println!("then comes {:?}", char::from(vocabulary.symbols()[likeliest]));
/// # Ok::<(), anyhow::Error>(())
/// ```
/// Where many sequences are read at once, `run.network.build(&backend,
/// &run.weights)` puts the network on any backend.
#[derive(Debug, Clone)]
pub struct TrainedRun<S = NetworkSpec> {
    /// The run folder.
    pub folder: PathBuf,
    /// Every setting.
    pub config: RunConfig,
    /// The network, every choice made.
    pub network: S,
    /// Its weights.
    pub weights: StoredTensors,
    /// Updates that the weights had.
    pub step: u64,
    /// The symbols of the data by number; `None` where the numbers were not
    /// learned from the data.
    pub symbols: Option<Symbols>,
    /// Damaged checkpoints that were passed over.
    pub warnings: Vec<String>,
}

impl TrainedRun {
    /// The network of a run with its best weights.
    ///
    /// # Errors
    /// When the folder is not one of a run of an ELM network, or nothing intact
    /// was saved.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        Self::open_weights(folder, Which::Best)
    }
}

impl<S: ModelSpec> TrainedRun<S> {
    /// The same for weights of choice, and for models of another kind.
    ///
    /// # Errors
    /// As [`TrainedRun::open`].
    pub fn open_weights(folder: impl AsRef<Path>, which: Which) -> Result<Self> {
        let folder = folder.as_ref();
        let config = config_of(folder, &[])?;
        let symbols = Symbols::read(folder)?;
        let saved =
            state::load_weights::<S>(folder, which, None)?.with_context(|| nothing_saved(folder, which))?;
        Ok(TrainedRun {
            folder: folder.to_path_buf(),
            config,
            network: saved.state.network,
            weights: saved.weights,
            step: saved.state.position.step,
            symbols,
            warnings: saved.warnings,
        })
    }

    /// The symbols of a text, to encode and decode with.
    ///
    /// # Errors
    /// When the run is not one of text, or its vocabulary is not that of the
    /// network.
    pub fn vocabulary(&self) -> Result<Vocabulary> {
        let text = self.config.data.kind.properties().generates;
        let symbols = self.symbols.as_ref().filter(|_| text).and_then(Symbols::bytes);
        let symbols =
            symbols.with_context(|| format!("{}: this is not a run on text", self.folder.display()))?;
        if symbols.len() != self.network.inputs() {
            bail!(
                "{}: the vocabulary has {} symbols, the network {}",
                self.folder.display(),
                symbols.len(),
                self.network.inputs()
            );
        }
        let mode = match self.config.data.tokens {
            Tokens::Txl => TokenMode::Txl,
            Tokens::Eos => TokenMode::Eos,
            Tokens::Bytes => TokenMode::Bytes,
        };
        Ok(Vocabulary::from_symbols(mode, symbols.to_vec()))
    }
}
