//! A run as a file that needs nothing else: what is known of its data becomes
//! the form of inputs and outputs.

use super::export::network_of;
use crate::TrainedRun;
use crate::answer::tell;
use crate::config::{DataConfig, DataKind, PixelForm, Predicts};
use crate::model::ConfiguredModel;
use crate::run::{RunRecord, Symbols};
use anyhow::{Context, Result, anyhow};
use elm_core::deploy::{
    DeployedNetwork, InputForm, InputKind, LiveFile, Names, OutputForm, OutputKind, Scaling,
    Symbols as TokenSymbols,
};
use elm_core::kernel::Simd;
use elm_core::model::{InputDropoutMode, NetworkSpec};
use elm_data::lra::Pixels;

/// Grey of a pixel that counts as 1.
const WHITE: f32 = 255.0;

/// The file of a run.
///
/// # Errors
/// When its model cannot run step by step, by name; when what is recorded of
/// its data does not fit the network.
pub(super) fn of_run<S: ConfiguredModel>(run: TrainedRun<S>) -> Result<LiveFile> {
    let network = network_of(&run.network).ok_or_else(|| no_live_form(&run))?;
    let record = RunRecord::read(&run.folder)?;
    let data = &run.config.data;
    say_what_differs(&network);
    let kind = record.input.unwrap_or_else(|| data.input_kind());
    let file = LiveFile {
        input: InputForm {
            kind,
            step_ms: step_ms(data, kind),
            counts: counts(data, kind),
            group: data.group,
            scaling: scaling(data),
            symbols: run.symbols.as_ref().and_then(|symbols| token_symbols(symbols, data, network.inputs())),
        },
        output: OutputForm {
            kind: output_kind(record.predicts.unwrap_or(data.kind.properties().predicts)),
            names: output_names(&record, run.symbols.as_ref(), data)
                .filter(|names| names.len() == network.logits()),
        },
        network,
        weights: run.weights,
        written_by: format!("elm {}", env!("CARGO_PKG_VERSION")),
        step: run.step,
    };
    // Does it run at all?
    DeployedNetwork::new(&file, Simd::Auto, 1)
        .with_context(|| format!("{}: this network cannot run step by step", run.folder.display()))?;
    Ok(file)
}

fn no_live_form<S>(run: &TrainedRun<S>) -> anyhow::Error {
    let kind =
        run.config.value("model.kind").map_or("this model".into(), |kind| format!("model.kind = {kind}"));
    anyhow!(
        "{}: {kind} cannot run step by step; only networks and neurons of ELM have a live form",
        run.folder.display()
    )
}

/// Dropout that acts in evaluation is off in a live program.
fn say_what_differs(network: &NetworkSpec) {
    let acts = |mode, share: f64| mode == InputDropoutMode::PerStep && share > 0.0;
    if network.layers.iter().any(|layer| acts(layer.dropout.input_mode, layer.dropout.input)) {
        tell(
            "note: masks of model.dropout.input_mode = \"per_step\" act in `elm eval`, but not in a live program",
        );
    }
}

/// Length of a time step, where it is one of physical time.
fn step_ms(data: &DataConfig, kind: InputKind) -> Option<f64> {
    match data.kind {
        DataKind::Neuronio => Some(1.0),
        DataKind::Arrays if kind == InputKind::Events => Some(data.bin_ms),
        kind if kind.is_of_spikes() => Some(data.bin_ms),
        _ => None,
    }
}

/// Do several spikes in a step count so many?
fn counts(data: &DataConfig, kind: InputKind) -> Option<bool> {
    match data.kind {
        DataKind::Neuronio => Some(true),
        DataKind::Arrays => (kind == InputKind::Events).then_some(true),
        kind => kind.is_of_spikes().then_some(data.counts),
    }
}

/// What becomes of grey levels from 0 to 255.
fn scaling(data: &DataConfig) -> Option<Scaling> {
    let pixels = match data.kind {
        DataKind::LraImage => Pixels::CIFAR,
        DataKind::Pathfinder => Pixels::PATHFINDER,
        _ => return None,
    };
    match pixels {
        Pixels::Scaled { mean, deviation } if data.pixels == PixelForm::Scaled => {
            Some(Scaling { unit: WHITE, mean, deviation })
        }
        _ => None,
    }
}

/// The symbols behind token numbers; special tokens come before them. Those of
/// arrays are the names of classes.
fn token_symbols(symbols: &Symbols, data: &DataConfig, inputs: usize) -> Option<TokenSymbols> {
    let names = match symbols {
        _ if data.kind == DataKind::Arrays => return None,
        Symbols::Bytes(bytes) => Names::Bytes(bytes.clone()),
        Symbols::Names(words) => Names::Words(words.clone()),
    };
    let first = (inputs / data.group.max(1)).checked_sub(names.len())?;
    Some(TokenSymbols { first, names })
}

fn output_kind(predicts: Predicts) -> OutputKind {
    match predicts {
        Predicts::EveryStep => OutputKind::NextSymbol,
        // Networks that compare pairs have no live form.
        Predicts::LastStep | Predicts::Pairs => OutputKind::Class,
        Predicts::ClassEveryStep => OutputKind::ClassEveryStep,
        Predicts::Values => OutputKind::Values,
        Predicts::ValuesEveryStep => OutputKind::ValuesEveryStep,
        Predicts::SpikeAndSoma => OutputKind::SpikeAndSoma,
    }
}

/// Names of the outputs, where they have some besides symbols.
fn output_names(record: &RunRecord, symbols: Option<&Symbols>, data: &DataConfig) -> Option<Vec<String>> {
    match data.kind {
        DataKind::Neuronio => Some(["spike", "soma"].map(String::from).to_vec()),
        // Earlier versions recorded the classes of arrays there only.
        DataKind::Arrays if record.classes.is_none() => symbols?.names().map(<[String]>::to_vec),
        _ => record.classes.clone(),
    }
}
