//! `elm generate`: text from a trained network, symbol by symbol.

use crate::config::{RunConfig, Tokens};
use crate::model::ConfiguredModel;
use crate::run::checkpoint::Which;
use crate::run::state;
use anyhow::{Context, Result, bail};
use elm_core::Backend;
use elm_core::model::logits::logits_of_all_steps;
use elm_core::model::{HostInput, Model, Pass, Sequences};
use elm_core::random::{Draws, Purpose};
use elm_data::text::{TokenMode, Vocabulary};
use std::path::{Path, PathBuf};

/// What to generate.
pub struct GenerateRequest {
    /// The run folder.
    pub run: PathBuf,
    /// Its configuration.
    pub config: RunConfig,
    /// Text to start from.
    pub prompt: String,
    /// Symbols to add.
    pub length: usize,
    /// Logits are divided by this; 0 takes the likeliest symbol.
    pub temperature: f64,
    /// Seed of the draws.
    pub seed: u64,
}

/// The text made, without the prompt.
///
/// # Errors
/// When the run is not one of text, or the prompt has unknown symbols.
pub fn run<B: Backend + 'static, S: ConfiguredModel>(
    backend: &B,
    request: &GenerateRequest,
) -> Result<String> {
    let vocabulary = vocabulary(&request.run, &request.config)?;
    let saved = state::load_weights::<S>(&request.run, Which::Best, None)?
        .with_context(|| format!("{}: nothing was saved yet; train it first", request.run.display()))?;
    let spec = &saved.state.network;
    if spec.inputs() != vocabulary.len() {
        bail!(
            "{}: the vocabulary has {} symbols, the model {}",
            request.run.display(),
            vocabulary.len(),
            spec.inputs()
        );
    }
    let model = spec.build(backend, &saved.weights)?;
    let prompt = vocabulary.encode(request.prompt.as_bytes()).context("the prompt")?;
    let mut reader = Reader { state: model.start_state(backend, 1)?, backend, model: &*model };
    let mut logits = vec![0.0; spec.logits()];
    for &token in &prompt {
        logits = reader.read(token)?;
    }
    let mut draws = Draws::new(request.seed, Purpose::Generation, [0, 0]);
    let mut made = Vec::with_capacity(request.length);
    for _ in 0..request.length {
        let token = choose(&logits, request.temperature, &mut draws);
        made.push(token);
        logits = reader.read(token)?;
    }
    Ok(String::from_utf8_lossy(&vocabulary.decode(&made)).into_owned())
}

/// A model that reads one symbol after the other.
struct Reader<'a, B: Backend> {
    backend: &'a B,
    model: &'a dyn Model<B>,
    state: Vec<B::Tensor>,
}

impl<B: Backend> Reader<'_, B> {
    /// Logits of the next symbol.
    fn read(&mut self, token: u8) -> Result<Vec<f32>> {
        let input = HostInput::Tokens([u32::from(token)].into());
        let sequences = Sequences { rows: 1, steps: 1, input: &input };
        let answers = self.model.forward(self.backend, &sequences, &Pass::plain(&self.state))?;
        let last = answers.last().context("a model has at least one layer")?;
        let logits = logits_of_all_steps(self.backend, self.model, &last.activity)?;
        let logits = self.backend.values(&logits)?;
        self.state = answers.iter().map(|answer| self.backend.detach(&answer.state)).collect();
        Ok(logits)
    }
}

/// Draws from the softmax of the logits over the temperature.
fn choose(logits: &[f32], temperature: f64, draws: &mut Draws) -> u8 {
    let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap_or(0);
    if temperature == 0.0 {
        return best as u8;
    }
    let top = f64::from(logits.get(best).copied().unwrap_or(0.0));
    let weights: Vec<f64> = logits.iter().map(|&l| ((f64::from(l) - top) / temperature).exp()).collect();
    let mut left = draws.unit() * weights.iter().sum::<f64>();
    let drawn = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    drawn.unwrap_or(best) as u8
}

fn vocabulary(run: &Path, config: &RunConfig) -> Result<Vocabulary> {
    let path = run.join("vocabulary.json");
    if !config.data.kind.properties().generates || !path.is_file() {
        bail!("{}: only networks trained on text can generate it", run.display());
    }
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let symbols = serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
    let mode = match config.data.tokens {
        Tokens::Txl => TokenMode::Txl,
        Tokens::Eos => TokenMode::Eos,
        Tokens::Bytes => TokenMode::Bytes,
    };
    Ok(Vocabulary::from_symbols(mode, symbols))
}
