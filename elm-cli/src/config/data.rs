//! `[data]`: what is learned, and where it is.

use super::place::ConfigError;
use super::settings::Settings;
use elm_data::spikes::CHANNELS;
use serde::Deserialize;

/// What is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the names of the data sets
pub enum DataKind {
    Digits,
    DigitsAdding,
    Shd,
    Ssc,
    ShdAdding,
    Text,
    Listops,
    LraText,
    LraRetrieval,
    LraImage,
    Pathfinder,
}

/// How text becomes tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tokens {
    /// Characters without newlines.
    Txl,
    /// Characters with an end-of-line token.
    Eos,
    /// Raw bytes.
    Bytes,
}

/// Settings of the data; which ones matter depends on the kind.
#[derive(Debug, Clone, PartialEq)]
pub struct DataConfig {
    /// What is learned.
    pub kind: DataKind,
    /// Seed of generated data and of splits.
    pub seed: u64,
    /// Length of a time step of spike data, in ms.
    pub bin_ms: f64,
    /// Keep the number of spikes in a bin?
    pub counts: bool,
    /// Channels of generated digits.
    pub channels: usize,
    /// Generated samples for train, valid, test.
    pub samples: [usize; 3],
    /// How text becomes tokens.
    pub tokens: Tokens,
    /// Number of symbols, where given.
    pub vocabulary: Option<usize>,
    /// Shares of a single text file for train, valid, test.
    pub fractions: [f64; 3],
    /// Longest sequence, where given.
    pub max_length: Option<usize>,
    /// Tokenise as the Long Range Arena does (else as S4 does)?
    pub lra_tokenization: bool,
    /// Pixels as tokens (else as one real channel)?
    pub one_hot_pixels: bool,
    /// Pixels per time step.
    pub group: usize,
    /// Side of a Pathfinder picture.
    pub resolution: usize,
}

impl DataKind {
    /// Is it a continuous text (else sequences with one label each)?
    pub fn is_text(self) -> bool {
        self == DataKind::Text
    }

    /// Are two recordings joined and their digits added?
    pub fn is_adding(self) -> bool {
        matches!(self, DataKind::DigitsAdding | DataKind::ShdAdding)
    }

    /// Can it be generated without a file?
    pub fn is_generated(self) -> bool {
        matches!(self, DataKind::Digits | DataKind::DigitsAdding)
    }
}

impl DataConfig {
    /// A kind of data with nothing else said.
    pub fn plain(kind: DataKind) -> Self {
        DataConfig {
            kind,
            seed: 0,
            bin_ms: 2.0,
            counts: false,
            channels: CHANNELS,
            samples: [2000, 500, 500],
            tokens: Tokens::Txl,
            vocabulary: None,
            fractions: [0.9, 0.05, 0.05],
            max_length: None,
            lra_tokenization: false,
            one_hot_pixels: false,
            group: 1,
            resolution: 32,
        }
    }

    /// Are sequences made of one token a step (else of events or real values)?
    pub fn has_tokens(&self) -> bool {
        match self.kind {
            DataKind::Text => true,
            DataKind::Listops | DataKind::LraText | DataKind::LraRetrieval => self.group == 1,
            DataKind::LraImage | DataKind::Pathfinder => self.one_hot_pixels && self.group == 1,
            _ => false,
        }
    }

    /// Longest sequence of a kind of samples, in time steps.
    pub fn longest(&self) -> usize {
        let spikes = (1000.0 / self.bin_ms).round() as usize;
        let published = match self.kind {
            DataKind::DigitsAdding | DataKind::ShdAdding => return 2 * spikes,
            DataKind::Listops if self.lra_tokenization => 2000,
            DataKind::Listops => 2048,
            DataKind::LraText if !self.lra_tokenization => 4096,
            DataKind::LraText | DataKind::LraRetrieval => 4000,
            DataKind::LraImage => 32 * 32,
            DataKind::Pathfinder => self.resolution * self.resolution,
            _ => return spikes,
        };
        self.max_length.unwrap_or(published).div_ceil(self.group)
    }

    /// Channels (or distinct tokens) and classes, where the configuration
    /// tells them.
    pub fn channels_and_classes(&self) -> Option<(usize, usize)> {
        let pixels = if self.one_hot_pixels { 256 } else { 1 };
        let symbols = |published: usize| self.vocabulary.unwrap_or(published);
        let (channels, classes) = match self.kind {
            DataKind::Digits => (self.channels, 20),
            DataKind::DigitsAdding => (self.channels, 19),
            DataKind::Shd => (CHANNELS, 20),
            DataKind::ShdAdding => (CHANNELS, 19),
            DataKind::Ssc => (CHANNELS, 35),
            DataKind::Listops => (symbols(18), 10),
            DataKind::LraText if self.lra_tokenization => (257, 2),
            DataKind::LraText => (self.vocabulary?, 2),
            DataKind::LraRetrieval => (symbols(if self.lra_tokenization { 257 } else { 98 }), 2),
            DataKind::LraImage => (pixels, 10),
            DataKind::Pathfinder => (pixels, 2),
            DataKind::Text => return None,
        };
        Some((channels * self.group, classes))
    }
}

/// Reads `[data]`.
///
/// # Errors
/// When the kind or a needed path is missing, or fractions are impossible.
pub fn data(settings: &Settings) -> Result<DataConfig, ConfigError> {
    let kind: DataKind = settings.choice("data.kind").ok_or_else(|| {
        settings
            .error("data.kind", "missing: what is to be learned?")
            .help("`elm check --keys` lists the kinds")
    })?;
    let samples = ["data.train_samples", "data.valid_samples", "data.test_samples"];
    let plain = DataConfig::plain(kind);
    let samples = std::array::from_fn(|i| settings.size(samples[i]).unwrap_or(plain.samples[i]));
    Ok(DataConfig {
        kind,
        seed: settings.integer("data.seed").unwrap_or(plain.seed),
        bin_ms: settings.number("data.bin_ms").unwrap_or(plain.bin_ms),
        counts: settings.flag("data.counts").unwrap_or(plain.counts),
        channels: settings.size("data.channels").unwrap_or(plain.channels),
        samples,
        tokens: settings.choice("data.tokens").unwrap_or(plain.tokens),
        vocabulary: settings.size("data.vocabulary"),
        fractions: fractions(settings, plain.fractions)?,
        max_length: settings.size("data.max_length"),
        lra_tokenization: settings.text("data.tokenization") == Some("lra"),
        one_hot_pixels: settings.text("data.pixels") == Some("one_hot"),
        group: settings.size("data.group").unwrap_or(plain.group),
        resolution: settings.size("data.resolution").unwrap_or(plain.resolution),
    })
}

fn fractions(settings: &Settings, plain: [f64; 3]) -> Result<[f64; 3], ConfigError> {
    let Some(given) = settings.numbers("data.fractions") else { return Ok(plain) };
    let wrong = |message| Err(settings.error("data.fractions", message));
    match <[f64; 3]>::try_from(given) {
        Err(_) => wrong("takes three numbers: train, valid, test"),
        Ok(shares) if shares.iter().sum::<f64>() > 1.0 + 1e-9 => {
            wrong("the three shares add up to more than 1")
        }
        Ok(shares) => Ok(shares),
    }
}
