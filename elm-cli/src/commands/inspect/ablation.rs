//! What is lost without a part of the layer: the loss with it silenced, less
//! the loss of the whole network, on the same examples.

use super::examples::Example;
use super::report::{AblationReport, GroupLoss, InspectReport, NeuronLoss};
use super::runner::Runner;
use super::synapses::Source;
use super::{Subject, statistics};
use crate::run::Progress;
use crate::run::signals::StopFlag;
use anyhow::Result;
use elm_core::Backend;
use elm_core::model::{StoredTensors, StoredValues};

/// Examples that parts are silenced on, at most.
const MOST_EXAMPLES: usize = 20;
/// Neurons that are silenced, the most active ones.
const MOST_NEURONS: usize = 32;
/// Branches of a neuron that are, those with the largest drive.
const MOST_BRANCHES: usize = 10;

/// A part that can be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The output of a neuron.
    Neuron(usize),
    /// All synapses on a branch of a neuron.
    Branch(usize, usize),
    /// All synapses that read inputs of the layer.
    Inputs,
    /// All synapses that read neurons of the layer.
    Recurrent,
}

/// Takes parts away one at a time, those of the chosen neurons into their
/// reports; `None` when interrupted.
///
/// # Errors
/// When the backend fails.
pub(super) fn ablate<B: Backend + 'static>(
    backend: &B,
    subject: &Subject<'_>,
    examples: &[Example],
    carries: bool,
    report: &mut InspectReport,
    stop: &StopFlag,
) -> Result<Option<AblationReport>> {
    let examples = &examples[..examples.len().min(MOST_EXAMPLES)];
    let loss = |weights: &StoredTensors| loss(backend, subject, weights, examples, carries);
    let whole = loss(subject.weights)?;
    let parts = parts(subject, report);
    let mut progress = Progress::new("ablation", 0, parts.len() as u64);
    let mut losses = Vec::with_capacity(parts.len());
    for (done, &part) in parts.iter().enumerate() {
        if stop.is_set() {
            return Ok(None);
        }
        progress.update(done as u64, || "parts".into());
        losses.push((part, loss(&without(subject, part)?)? - whole));
    }
    let mut answer =
        AblationReport { examples: examples.len(), loss: whole, neurons: Vec::new(), groups: Vec::new() };
    for (part, loss_increase) in losses {
        match part {
            Part::Neuron(neuron) => {
                answer.neurons.push(NeuronLoss { neuron, loss_increase });
                let chosen = report.neurons.iter_mut().find(|chosen| chosen.neuron == neuron);
                chosen.into_iter().for_each(|chosen| chosen.loss_increase = Some(loss_increase));
            }
            Part::Branch(neuron, branch) => {
                let chosen = report.neurons.iter_mut().filter(|chosen| chosen.neuron == neuron);
                let branches = chosen.flat_map(|chosen| &mut chosen.branches);
                let branch = branches.filter(|own| own.branch == branch);
                branch.for_each(|branch| branch.loss_increase = Some(loss_increase));
            }
            Part::Inputs | Part::Recurrent => {
                let group = if part == Part::Inputs { "input synapses" } else { "recurrent synapses" };
                answer.groups.push(GroupLoss { group, synapses: cut(subject, part)?.1, loss_increase });
            }
        }
    }
    answer.neurons.sort_by(|a, b| b.loss_increase.total_cmp(&a.loss_increase));
    Ok(Some(answer))
}

/// What is taken away: both groups of synapses where there are some, neurons
/// where there are several, branches of the chosen neurons.
fn parts(subject: &Subject<'_>, report: &InspectReport) -> Vec<Part> {
    let layer = subject.layer;
    let mut parts = vec![Part::Inputs];
    if layer.is_recurrent() {
        parts.push(Part::Recurrent);
    }
    if layer.neurons > 1 {
        let mut neurons = statistics::most_active(&report.layer, MOST_NEURONS);
        let chosen = report.neurons.iter().map(|chosen| chosen.neuron);
        let others: Vec<usize> = chosen.filter(|chosen| !neurons.contains(chosen)).collect();
        neurons.extend(others);
        parts.extend(neurons.into_iter().map(Part::Neuron));
    }
    for chosen in &report.neurons {
        let mut branches: Vec<_> =
            chosen.branches.iter().map(|own| (own.branch, own.drive.unwrap_or(0.0))).collect();
        branches.sort_by(|a, b| b.1.total_cmp(&a.1));
        parts.extend(branches.iter().take(MOST_BRANCHES).map(|own| Part::Branch(chosen.neuron, own.0)));
    }
    parts
}

/// Mean loss over the predictions of all examples.
fn loss<B: Backend + 'static>(
    backend: &B,
    subject: &Subject<'_>,
    weights: &StoredTensors,
    examples: &[Example],
    carries: bool,
) -> Result<f64> {
    let mut runner = Runner::new(backend, subject.network, weights, carries)?;
    let (mut sum, mut count) = (0.0, 0);
    for example in examples {
        let (loss, predictions) = runner.loss(example)?;
        sum += loss * predictions as f64;
        count += predictions;
    }
    Ok(sum / count.max(1) as f64)
}

/// The weights of the network without a part.
fn without(subject: &Subject<'_>, part: Part) -> Result<StoredTensors> {
    let Part::Neuron(neuron) = part else { return Ok(cut(subject, part)?.0) };
    // Without memory and bias behind it, the output is 0 under every activation.
    let mut weights = subject.weights.clone();
    let layer = subject.layer;
    for (name, each) in [("weight", layer.outputs * layer.neuron.memory), ("bias", layer.outputs)] {
        let tensor = weights.tensors.get_mut(&format!("layers.{}.readout.{name}", subject.position));
        if let Some(StoredValues::F32(values)) = tensor.map(|tensor| &mut tensor.values)
            && let Some(own) = values.get_mut(neuron * each..(neuron + 1) * each)
        {
            own.fill(0.0);
        }
    }
    Ok(weights)
}

/// The weights with the synapses of a part wired to nothing, and their number.
fn cut(subject: &Subject<'_>, part: Part) -> Result<(StoredTensors, usize)> {
    let mut weights = subject.weights.clone();
    let layer = subject.layer;
    let (all, each) = (layer.neuron.synapses(), layer.neuron.synapses_per_branch);
    let belongs = |synapse: usize, source: u32| match (part, Source::of(layer, source)) {
        (Part::Inputs, Source::Input(_)) | (Part::Recurrent, Source::Neuron(_)) => true,
        (Part::Branch(neuron, branch), source) => {
            source != Source::Nothing && synapse / all == neuron && synapse % all / each == branch
        }
        _ => false,
    };
    let mut count = 0;
    let name = format!("layers.{}.connectome", subject.position);
    if let Some(StoredValues::U32(sources)) = weights.tensors.get_mut(&name).map(|tensor| &mut tensor.values)
    {
        for (synapse, source) in sources.iter_mut().enumerate() {
            if belongs(synapse, *source) {
                *source = layer.unconnected();
                count += 1;
            }
        }
    }
    Ok((weights, count))
}
