//! What a neuron is wired to, how strongly, and what its memory does.

use super::report::{BranchReport, MemoryReport, NeuronReport, SynapseReport};
use super::{Inside, Subject, timescales};
use anyhow::Result;
use elm_core::analysis::activity::{Level, effective_rank};
use elm_core::model::LayerSpec;

/// Synapses that are named, the strongest ones.
const STRONGEST: usize = 10;

/// The wiring of a layer as it acts.
pub(super) struct Wiring {
    /// What each synapse reads, `[N, S]`.
    pub(super) sources: Vec<u32>,
    /// Its weight, `[N, S]`; not negative where weights are rectified.
    weights: Vec<f64>,
}

impl Wiring {
    /// That of the layer looked into.
    ///
    /// # Errors
    /// When the weights are of another network.
    pub(super) fn of(subject: &Subject<'_>) -> Result<Self> {
        let Subject { layer, position, weights: stored, .. } = *subject;
        let shape = [layer.neurons, layer.neuron.synapses()];
        let sources = stored.integers(&format!("layers.{position}.connectome"), &shape)?.to_vec();
        let weights = match layer.neuron.fixed_synapse_weight {
            Some(weight) => vec![weight; sources.len()],
            None => {
                let values = stored.floats(&format!("layers.{position}.synapse.weight"), &shape)?;
                values.iter().map(|&value| f64::from(value)).collect()
            }
        };
        let acting = |weight: f64| if layer.neuron.rectified { weight.max(0.0) } else { weight };
        Ok(Wiring { sources, weights: weights.into_iter().map(acting).collect() })
    }

    /// Source and weight of each synapse of a branch.
    fn branch<'a>(
        &'a self,
        layer: &LayerSpec,
        neuron: usize,
        branch: usize,
    ) -> impl Iterator<Item = (u32, f64)> + 'a {
        let each = layer.neuron.synapses_per_branch;
        let start = neuron * layer.neuron.synapses() + branch * each;
        self.sources.iter().copied().zip(self.weights.iter().copied()).skip(start).take(each)
    }
}

/// Which part of the table a source is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Input(usize),
    Neuron(usize),
    Nothing,
}

impl Source {
    pub(super) fn of(layer: &LayerSpec, source: u32) -> Self {
        let source = source as usize;
        match source.checked_sub(layer.inputs) {
            None => Source::Input(source),
            Some(neuron) if neuron < layer.neurons => Source::Neuron(neuron),
            Some(_) => Source::Nothing,
        }
    }

    fn name(self) -> String {
        match self {
            Source::Input(channel) => format!("input {channel}"),
            Source::Neuron(neuron) => format!("neuron {neuron}"),
            Source::Nothing => "nothing".into(),
        }
    }
}

/// The chosen neurons from inside.
///
/// # Errors
/// When the weights are of another network.
pub(super) fn reports(subject: &Subject<'_>, insides: &[(usize, Inside)]) -> Result<Vec<NeuronReport>> {
    let wiring = Wiring::of(subject)?;
    let (trained, initial) = (timescales::trained(subject)?, timescales::initial(subject));
    let memory = subject.layer.neuron.memory;
    let one = |(neuron, inside): &(usize, Inside)| {
        let unit = |unit: usize| MemoryReport {
            tau_steps: trained[neuron * memory + unit],
            tau_steps_initial: initial[neuron * memory + unit],
            standard_deviation: Level::of(&inside.memory, unit).map(|level| level.standard_deviation),
        };
        let units: Vec<usize> = (0..memory).collect();
        NeuronReport {
            neuron: *neuron,
            loss_increase: None,
            memory: units.iter().map(|&at| unit(at)).collect(),
            effective_rank_of_memory: effective_rank(&inside.memory, &units),
            branches: branches(subject.layer, &wiring, *neuron, inside),
            strongest: strongest(subject.layer, &wiring, *neuron),
        }
    };
    Ok(insides.iter().map(one).collect())
}

fn branches(layer: &LayerSpec, wiring: &Wiring, neuron: usize, inside: &Inside) -> Vec<BranchReport> {
    let one = |branch: usize| {
        let synapses = || wiring.branch(layer, neuron, branch);
        let count = |wanted: fn(Source) -> bool| {
            synapses().filter(|&(source, _)| wanted(Source::of(layer, source))).count()
        };
        let strength: f64 = synapses().map(|(_, weight)| weight.abs()).sum();
        BranchReport {
            branch,
            inputs: count(|source| matches!(source, Source::Input(_))),
            recurrent: count(|source| matches!(source, Source::Neuron(_))),
            mean_absolute_weight: strength / layer.neuron.synapses_per_branch.max(1) as f64,
            drive: Level::of(&inside.branches, branch).map(|level| level.standard_deviation),
            loss_increase: None,
        }
    };
    (0..layer.neuron.branches).map(one).collect()
}

fn strongest(layer: &LayerSpec, wiring: &Wiring, neuron: usize) -> Vec<SynapseReport> {
    let of_branch = |branch: usize| {
        wiring.branch(layer, neuron, branch).map(move |(source, weight)| (branch, source, weight))
    };
    let mut all: Vec<(usize, u32, f64)> = (0..layer.neuron.branches).flat_map(of_branch).collect();
    all.retain(|&(_, source, _)| Source::of(layer, source) != Source::Nothing);
    all.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
    let named =
        |(branch, source, weight)| SynapseReport { branch, source: Source::of(layer, source).name(), weight };
    all.into_iter().take(STRONGEST).map(named).collect()
}
