//! Where the samples of classification tasks come from.

use crate::config::{DataConfig, DataKind, PixelForm, RunConfig, Tokenization};
use anyhow::Result;
use elm_data::arrays::{Arrays, Recorded};
use elm_data::cifar::Cifar;
use elm_data::listops::ListOps;
use elm_data::lra::{Grouped, Pairs, Pixels, Preparation, Reviews};
use elm_data::pathfinder::{Difficulty, Pathfinder};
use elm_data::spikes::{Binning, Collection, DigitsSettings, Split, Spoken, spiking_digits};
use elm_data::{AnswerKind, DataError, Samples};
use std::path::Path;
use std::sync::Arc;

/// Samples of train, valid, test.
pub(crate) type Splits = [Arc<dyn Samples>; 3];

/// Reads or makes the configured samples; `notice` is told what a user should
/// know about them.
///
/// # Errors
/// When a file is missing or damaged.
pub(super) fn load(
    config: &RunConfig,
    known: Option<&[String]>,
    notice: &mut dyn FnMut(&str),
) -> Result<Splits> {
    if config.data.kind.is_generated() {
        return made_digits(&config.data);
    }
    read(&config.data_path()?, &config.data, known, notice)
}

/// Reads samples of a published kind, with the numbers of `known` symbols where
/// a run has some.
///
/// # Errors
/// When a file is missing or damaged.
pub(crate) fn read(
    path: &Path,
    data: &DataConfig,
    known: Option<&[String]>,
    notice: &mut dyn FnMut(&str),
) -> Result<Splits> {
    let splits = match data.kind {
        DataKind::Shd | DataKind::ShdAdding => spoken(path, Collection::Shd, data)?,
        DataKind::Ssc => spoken(path, Collection::Ssc, data)?,
        DataKind::Arrays => arrays(path, data, known)?,
        DataKind::Neuronio => super::neuron::Neuron::load(path, notice)?.samples(),
        _ => arena(path, data, known)?,
    };
    for (split, name) in splits.iter().zip(["train", "valid", "test"]) {
        if split.is_empty() {
            let [train, valid, test] = splits.each_ref().map(|split| split.len());
            let reason = format!(
                "split {name}: holds no sample (train {train}, valid {valid}, test {test}); at least one is \
                 needed in each"
            );
            return Err(DataError::TooFew { path: path.into(), reason }.into());
        }
    }
    let mut told: Vec<String> = Vec::new();
    for note in splits.iter().flat_map(|split| split.notes()) {
        if !told.contains(&note) {
            notice(&note);
            told.push(note);
        }
    }
    if data.group == 1 {
        return Ok(splits);
    }
    if matches!(splits[0].answers(), AnswerKind::ClassEveryStep | AnswerKind::ValuesEveryStep) {
        let reason = "steps with an answer each cannot be grouped".into();
        return Err(DataError::Setting { setting: "data.group".into(), reason }.into());
    }
    let [train, valid, test] = splits.map(|samples| Grouped::new(samples, data.group));
    Ok(shared([train?, valid?, test?]))
}

/// Data of the user's own: arrays, or one long recording.
fn arrays(path: &Path, data: &DataConfig, known: Option<&[String]>) -> Result<Splits> {
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) && !path.is_dir() {
        let targets =
            data.target.iter().flat_map(|target| target.split(',')).map(|name| name.trim().to_string());
        let targets: Vec<String> = targets.filter(|name| !name.is_empty()).collect();
        return Ok(shared(Recorded::load(path, &targets, data.window, data.fractions, known)?));
    }
    if data.target.is_some() {
        let reason = "only a recorded table, one .csv, has columns to predict; arrays have a y".into();
        return Err(DataError::Setting { setting: "data.target".into(), reason }.into());
    }
    Ok(shared(Arrays::load(path, data.fractions, data.seed, data.bin_ms, known)?))
}

/// The Long Range Arena.
fn arena(path: &Path, data: &DataConfig, known: Option<&[String]>) -> Result<Splits> {
    let preparation = match data.tokenization {
        Tokenization::S4 => Preparation::S4,
        Tokenization::Lra => Preparation::Lra,
    };
    let longest = data.max_length;
    let pixels = |scaled| match data.pixels {
        PixelForm::Scaled => scaled,
        PixelForm::OneHot => Pixels::TOKENS,
        PixelForm::Levels => Pixels::Levels(data.levels),
    };
    Ok(match data.kind {
        DataKind::Listops => shared(ListOps::load(path, preparation, longest, known)?),
        DataKind::LraText => shared(Reviews::load(path, preparation, longest, known)?),
        DataKind::LraRetrieval => shared(Pairs::load(path, preparation, longest, known)?),
        DataKind::LraImage => shared(Cifar::load(path, preparation, pixels(Pixels::CIFAR))?),
        DataKind::Pathfinder => {
            let pixels = pixels(Pixels::PATHFINDER);
            shared(Pathfinder::load(path, data.resolution, Difficulty::Hard, preparation, pixels)?)
        }
        other => anyhow::bail!("data.kind: {other:?} is not made of samples"),
    })
}

fn spoken(path: &Path, collection: Collection, data: &DataConfig) -> Result<Splits> {
    let binning = Binning::new(data.bin_ms, data.counts)?;
    Ok(shared(Spoken::load(path, collection, &binning, data.seed)?))
}

/// Spiking digits; nothing is read.
///
/// # Errors
/// When there would be too many samples, channels or time steps.
fn made_digits(data: &DataConfig) -> Result<Splits> {
    let settings = DigitsSettings {
        seed: data.seed,
        channels: data.channels,
        binning: Binning::new(data.bin_ms, data.counts)?,
    };
    let make = |split, count| spiking_digits(&settings, split, count);
    Ok(shared([
        make(Split::Train, data.train_samples)?,
        make(Split::Valid, data.valid_samples)?,
        make(Split::Test, data.test_samples)?,
    ]))
}

fn shared<S: Samples + 'static>(splits: [S; 3]) -> Splits {
    splits.map(|split| Arc::new(split) as Arc<dyn Samples>)
}
