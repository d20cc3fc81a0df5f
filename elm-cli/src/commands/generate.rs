//! `elm generate`: text from a trained network, symbol by symbol.

use crate::TrainedRun;
use crate::answer::tell;
use crate::model::ConfiguredModel;
use crate::run::{Progress, Which};
use anyhow::{Context, Result};
use elm_core::Backend;
use elm_core::model::logits::logits_of_last_step;
use elm_core::model::{HostInput, Model, Pass, Sequences};
use elm_core::random::{Draws, Purpose};
use std::path::PathBuf;

/// What to generate.
pub struct GenerateRequest {
    /// The run folder.
    pub run: PathBuf,
    /// Text to start from.
    pub prompt: Vec<u8>,
    /// Symbols to add.
    pub length: usize,
    /// How a symbol is taken from the logits.
    pub choice: Choice,
    /// Seed of the draws.
    pub seed: u64,
}

/// How a symbol is taken from the logits.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// Logits are divided by this; 0 takes the likeliest symbol.
    pub temperature: f64,
    /// Only so many of the likeliest symbols may be drawn; `None`: all.
    pub top_k: Option<usize>,
}

/// The text made, without the prompt.
///
/// # Errors
/// When the run is not one of text, or the prompt has unknown symbols.
pub fn run<B: Backend + 'static, S: ConfiguredModel>(
    backend: &B,
    request: &GenerateRequest,
) -> Result<String> {
    let run = TrainedRun::<S>::open_weights(&request.run, Which::Best)?;
    run.warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
    let vocabulary = run.vocabulary()?;
    let model = run.network.build(backend, &run.weights)?;
    let prompt = vocabulary.encode(&request.prompt).context("the prompt")?;
    let mut reader = Reader { state: model.start_state(backend, 1)?, backend, model: &*model };
    let mut logits = vec![0.0; run.network.logits()];
    let mut progress = Progress::new("prompt", 0, prompt.len() as u64);
    for (done, tokens) in prompt.chunks(AT_ONCE).enumerate() {
        progress.update((done * AT_ONCE) as u64, || "symbols".into());
        logits = reader.read(tokens)?;
    }
    let mut draws = Draws::new(request.seed, Purpose::Generation, [0, 0]);
    let mut made = Vec::with_capacity(request.length);
    let mut progress = Progress::new("text", 0, request.length as u64);
    for done in 0..request.length {
        progress.update(done as u64, || "symbols".into());
        let token = request.choice.take(&logits, &mut draws);
        made.push(token);
        logits = reader.read(&[token])?;
    }
    Ok(String::from_utf8_lossy(&vocabulary.decode(&made)).into_owned())
}

/// Symbols of a prompt that are read in one pass.
const AT_ONCE: usize = 1024;

/// A model that reads a text part by part.
struct Reader<'a, B: Backend> {
    backend: &'a B,
    model: &'a dyn Model<B>,
    state: Vec<B::Tensor>,
}

impl<B: Backend> Reader<'_, B> {
    /// Logits of the symbol after these.
    fn read(&mut self, tokens: &[u8]) -> Result<Vec<f32>> {
        let input = HostInput::Tokens(tokens.iter().map(|&token| u32::from(token)).collect());
        let sequences = Sequences { rows: 1, steps: tokens.len(), input: &input, lengths: None };
        let answers = self.model.forward(self.backend, &sequences, &Pass::plain(&self.state))?;
        let last = answers.last().context("a model has at least one layer")?;
        let logits = logits_of_last_step(self.backend, self.model, &last.activity, None)?;
        let logits = self.backend.values(&logits)?;
        self.state = answers.iter().map(|answer| self.backend.detach(&answer.state)).collect();
        Ok(logits)
    }
}

impl Choice {
    /// Draws from the softmax of the logits over the temperature.
    fn take(self, logits: &[f32], draws: &mut Draws) -> u8 {
        let mut likeliest: Vec<usize> = (0..logits.len()).collect();
        // Stable, so that the first of equal symbols is the likelier one.
        likeliest.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        likeliest.truncate(self.top_k.unwrap_or(logits.len()));
        let Some(&best) = likeliest.first() else { return 0 };
        if self.temperature == 0.0 {
            return best as u8;
        }
        // By number, so that a draw does not depend on the order above.
        likeliest.sort_unstable();
        let above = |symbol: usize| f64::from(logits[symbol]) - f64::from(logits[best]);
        let weights: Vec<f64> =
            likeliest.iter().map(|&symbol| (above(symbol) / self.temperature).exp()).collect();
        let mut left = draws.unit() * weights.iter().sum::<f64>();
        let drawn = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        drawn.map_or(best, |drawn| likeliest[drawn]) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 5] = [0.0, 3.0, 2.5, 3.0, -1.0];

    /// The symbols that a thousand draws take.
    fn taken(temperature: f64, top_k: Option<usize>) -> Vec<u8> {
        let mut draws = Draws::new(1, Purpose::Generation, [0, 0]);
        let mut all: Vec<u8> =
            (0..1000).map(|_| Choice { temperature, top_k }.take(&LOGITS, &mut draws)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    #[test]
    fn without_temperature_the_first_of_the_likeliest_is_taken() {
        assert_eq!(taken(0.0, None), [1]);
        assert_eq!(taken(0.0, Some(3)), [1]);
    }

    #[test]
    fn only_the_likeliest_symbols_are_drawn() {
        assert_eq!(taken(1.0, None), [0, 1, 2, 3, 4]);
        assert_eq!(taken(1.0, Some(9)), [0, 1, 2, 3, 4]);
        assert_eq!(taken(1.0, Some(3)), [1, 2, 3]);
        assert_eq!(taken(1.0, Some(2)), [1, 3]);
        assert_eq!(taken(1.0, Some(1)), [1]);
        assert_eq!(taken(1e300, Some(2)), [1, 3]);
    }

    #[test]
    fn a_tiny_temperature_draws_among_the_likeliest_and_overflows_nowhere() {
        assert_eq!(taken(1e-300, None), [1, 3]);
    }
}
