//! `[data]`: what is learned, and where it is.

use super::conditions::{for_data, where_is};
use super::kind::DataKind;
use super::kind::{ARENA, GROUPED, MADE, PIXELS, READ, SEEDED, SEQUENCES, SPIKES, SYMBOLS, TIMED};
use super::names::names;
use super::place::ConfigError;
use super::ranges::{Columns, FileOrFolder, Flag, Shares, Whole, count, one_of, positive, size};
use super::section::{Section, settings};
use super::settings::Settings;
use elm_core::deploy::InputKind;
use elm_data::lra::Grouped;
use elm_data::spikes::{Binning, CHANNELS};

names! {
    /// How text becomes tokens.
    pub enum Tokens {
        /// Characters without newlines.
        Txl = "txl",
        /// Characters with an end-of-line token.
        Eos = "eos",
        /// Raw bytes.
        Bytes = "bytes",
    }
}

names! {
    /// Whose tokenisation of the Long Range Arena.
    pub enum Tokenization {
        /// That of the S4 repository.
        S4 = "s4",
        /// The published one.
        Lra = "lra",
    }
}

names! {
    /// What a pixel is.
    pub enum PixelForm {
        /// One real channel.
        Scaled = "scaled",
        /// One of 256 tokens.
        OneHot = "one_hot",
        /// One of a few tokens: evenly binned grey levels.
        Levels = "levels",
    }
}

fn level_count() -> Whole<u16> {
    Whole::from(2).at_most(256)
}

/// Lines of a recorded table in a sample, and steps of arrays to reckon with
/// before they are read.
const WINDOW: usize = 100;

settings! {
    /// Which data; everything else in the table depends on it.
    pub(super) struct DataChoice {
        /// what is learned
        kind: Option<DataKind> = one_of::<DataKind>(), None, "required";
    }
}

impl DataChoice {
    /// The kind, which has to be given.
    pub(super) fn required(&self, settings: &Settings) -> Result<DataKind, ConfigError> {
        self.kind.ok_or_else(|| {
            settings
                .error("data.kind", "missing: what is to be learned?")
                .help("`elm check --keys` lists the kinds")
        })
    }
}

settings! {
    /// Settings of the data; most count for some kinds only.
    #[derive(Debug, Clone, PartialEq)]
    pub struct DataConfig given (data: DataKind) {
        /// file or folder of the data; generated digits need none; ~, $NAME and
        /// ${NAME} at its parts are replaced
        path: Option<String> = FileOrFolder, None, "none" => [for_data(READ)];
        /// seed of generated data and of the split into train and validation
        seed: u64 = count(0), 0 => [for_data(SEEDED)];
        /// length of a time step of spike data, in ms
        bin_ms: f64 = positive(), 2.0 => [for_data(TIMED)];
        /// keep the number of spikes in a bin (true) or only whether there are any
        counts: bool = Flag, false => [for_data(SPIKES)];
        /// channels of generated digits
        channels: usize = size(1), CHANNELS => [for_data(MADE)];
        /// generated training samples
        train_samples: usize = size(1), 2000 => [for_data(MADE)];
        /// generated validation samples
        valid_samples: usize = size(1), 500 => [for_data(MADE)];
        /// generated test samples
        test_samples: usize = size(1), 500 => [for_data(MADE)];
        /// text as tokens: characters without newlines, with an end-of-line token, or bytes
        tokens: Tokens = one_of::<Tokens>(), Tokens::Txl => [for_data(&[DataKind::Text])];
        /// number of symbols; checked against the data, lets `info` and `bench` work without it
        vocabulary: Option<usize> = size(1), None, "from the data" => [for_data(SYMBOLS)];
        /// shares of a single text file, of arrays or of a recording for train, valid, test
        fractions: [f64; 3] = Shares, [0.9, 0.05, 0.05] => [for_data(&[DataKind::Text, DataKind::Arrays])];
        /// column of a recorded table that is predicted, by its name or number; several with commas
        target: Option<String> = Columns, None, "none" => [for_data(&[DataKind::Arrays])];
        /// lines of a recorded table that are one sample
        window: usize = size(1), WINDOW => [for_data(&[DataKind::Arrays])];
        /// longest sequence; longer ones are cut
        max_length: Option<usize> = size(1), None, "the data set's" => [for_data(SEQUENCES)];
        /// whose tokenisation of the Long Range Arena
        tokenization: Tokenization = one_of::<Tokenization>(), Tokenization::S4 => [for_data(ARENA)];
        /// pixels as one real channel, as one of 256 tokens, or as one of `levels` tokens
        pixels: PixelForm = one_of::<PixelForm>(), PixelForm::Scaled => [for_data(PIXELS)];
        /// evenly binned grey levels
        levels: u16 = level_count(), 16 => [for_data(PIXELS), where_is("data.pixels", &[PixelForm::Levels])];
        /// pixels handed to the network per time step
        group: usize = size(1), 1 => [for_data(GROUPED)];
        /// side of a Pathfinder picture
        resolution: usize = size(1), 32 => [for_data(&[DataKind::Pathfinder])];
        /// length of a window of NeuronIO, in time steps of 1 ms
        window_ms: usize = size(1), 500 => [for_data(&[DataKind::Neuronio])];
        /// time at the beginning of each window of NeuronIO that the loss leaves out
        burn_in_ms: usize = size(0), 0 => [for_data(&[DataKind::Neuronio])];
        /// the same in evaluation, where windows overlap by so much
        evaluation_burn_in_ms: usize = size(0), 150 => [for_data(&[DataKind::Neuronio])];
        /// share of a file's time steps that is drawn from it before the next file
        file_fraction: f64 = positive(), 0.3 => [for_data(&[DataKind::Neuronio])];
        /// files that validate; the test is all of its files
        valid_files: usize = size(1), 1 => [for_data(&[DataKind::Neuronio])];
    } with {
        /// What is learned.
        kind: DataKind = data;
    }
}

impl DataConfig {
    /// A kind of data with nothing else said.
    ///
    /// # Errors
    /// Of nothing: no setting is read.
    pub fn plain(kind: DataKind) -> Result<Self, ConfigError> {
        DataConfig::read(&Settings::default(), "data", kind)
    }

    /// Are sequences made of one token a step (else of events or real values)?
    pub fn has_tokens(&self) -> bool {
        match self.kind {
            DataKind::Text => true,
            DataKind::Listops | DataKind::LraText | DataKind::LraRetrieval => self.group == 1,
            DataKind::LraImage | DataKind::Pathfinder => self.pixels != PixelForm::Scaled && self.group == 1,
            _ => false,
        }
    }

    /// What a time step of a sequence is, as far as the configuration tells.
    pub fn input_kind(&self) -> InputKind {
        match self.kind {
            _ if self.has_tokens() => InputKind::Tokens,
            DataKind::LraImage | DataKind::Pathfinder if self.pixels == PixelForm::Scaled => {
                InputKind::Values
            }
            DataKind::Arrays => InputKind::Values,
            _ => InputKind::Events,
        }
    }

    /// Longest sequence of a kind of samples, in time steps.
    pub fn longest(&self) -> usize {
        let spikes = Binning::steps_of(self.bin_ms);
        let lra = self.tokenization == Tokenization::Lra;
        let published = match self.kind {
            DataKind::DigitsAdding | DataKind::ShdAdding => return spikes.saturating_mul(2),
            DataKind::Neuronio => return self.window_ms,
            DataKind::Listops if lra => 2000,
            DataKind::Listops => 2048,
            DataKind::LraText if !lra => 4096,
            DataKind::LraText | DataKind::LraRetrieval => 4000,
            DataKind::LraImage => 32 * 32,
            DataKind::Pathfinder => self.resolution.saturating_mul(self.resolution),
            DataKind::Arrays => self.window,
            _ => return spikes,
        };
        self.max_length.unwrap_or(published).div_ceil(self.group)
    }

    /// Channels (or distinct tokens) and classes, where the configuration
    /// tells them.
    pub fn channels_and_classes(&self) -> Option<(usize, usize)> {
        let pixels = match self.pixels {
            PixelForm::Scaled => 1,
            PixelForm::OneHot => 256,
            PixelForm::Levels => usize::from(self.levels),
        };
        let lra = self.tokenization == Tokenization::Lra;
        let symbols = |published: usize| self.vocabulary.unwrap_or(published);
        let (channels, classes) = match self.kind {
            DataKind::Digits => (self.channels, 20),
            DataKind::DigitsAdding => (self.channels, 19),
            DataKind::Shd => (CHANNELS, 20),
            DataKind::ShdAdding => (CHANNELS, 19),
            DataKind::Ssc => (CHANNELS, 35),
            DataKind::Listops => (symbols(18), 10),
            DataKind::LraText if lra => (257, 2),
            DataKind::LraText => (self.vocabulary?, 2),
            DataKind::LraRetrieval => (symbols(if lra { 257 } else { 98 }), 2),
            DataKind::LraImage => (pixels, 10),
            DataKind::Pathfinder => (pixels, 2),
            // An excitatory and an inhibitory channel of each of 639 segments;
            // spike and voltage.
            DataKind::Neuronio => return Some((2 * 639, 2)),
            DataKind::Text | DataKind::Arrays => return None,
        };
        // Too large groups are refused by whoever reads the data.
        let grouped = channels.checked_mul(self.group).filter(|&all| all <= Grouped::MOST_CHANNELS);
        let channels = if self.group == 1 { channels } else { grouped? };
        Some((channels, classes))
    }
}
