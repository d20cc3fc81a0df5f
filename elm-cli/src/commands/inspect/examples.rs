//! What is looked at: the first examples of an evaluation of the split, one by
//! one.

use super::InspectRequest;
use crate::answer::tell;
use crate::config::RunConfig;
use crate::task::Task;
use anyhow::{Result, bail};
use elm_core::model::{Embedding, InputDropoutMode, LayerSpec, NetworkSpec, PerStep};
use elm_core::train::parts::Part;
use elm_core::train::{Batch, BatchSource, Target};

/// One example.
pub(super) struct Example {
    /// Its number: of a sample in the split, of a text the number of the
    /// segment.
    pub(super) number: usize,
    /// Position of the first symbol that is predicted, of a text.
    pub(super) position: usize,
    /// One sequence, or two that are compared.
    pub(super) batch: Batch,
}

impl Example {
    /// Steps of a sequence that count.
    pub(super) fn length(&self, row: usize) -> usize {
        let lengths = self.batch.target.lengths();
        lengths.and_then(|lengths| lengths.get(row)).map_or(self.batch.steps, |&length| length as usize)
    }
}

/// The first examples in the order of `elm eval`, with its numbers: the rows of
/// its batches, of a text the segments of its first stream. Where dropout acts
/// in evaluation, on the inputs, its masks have done so.
///
/// # Errors
/// When the data cannot be read or there is no example.
pub(super) fn gather(
    task: &Task,
    config: &RunConfig,
    request: &InspectRequest,
    network: &NetworkSpec,
) -> Result<Vec<Example>> {
    let (mut source, limit) = task.batches(config, request.split)?;
    if network.layers.iter().enumerate().any(|(l, layer)| masked_inside(network, l, layer)) {
        tell(
            "note: the masks of model.dropout.input above the inputs are left out, so predictions differ from elm eval",
        );
    }
    let mut examples: Vec<Example> = Vec::new();
    let (mut place, mut position) = (0, 1);
    while examples.len() < request.examples && limit.is_none_or(|limit| place < limit) {
        let Some(mut batch) = source.next()? else { break };
        if let (Some(first), false) = (network.layers.first(), learned(network)) {
            let masks = PerStep { seed: 0, place };
            let masked = masks.masked(&first.dropout, first.inputs, &batch.sequences());
            batch.input = masked.unwrap_or(batch.input);
        }
        place += 1;
        let of = if matches!(batch.target, Target::Pairs { .. }) { batch.rows / 2 } else { batch.rows };
        let wanted = if task.properties().carries_state { 1 } else { request.examples - examples.len() };
        for part in Part::all(of).take(wanted) {
            let batch = part.of_batch(&batch)?;
            let steps = batch.steps;
            examples.push(Example { number: examples.len(), position, batch });
            if task.properties().segmented {
                position += steps;
            }
        }
    }
    if examples.is_empty() {
        bail!("split {}: there is no example to look at", request.split.name());
    }
    Ok(examples)
}

fn learned(network: &NetworkSpec) -> bool {
    matches!(network.embedding, Embedding::Learned { .. })
}

/// Has a layer dropout in evaluation on what is no input of the network?
fn masked_inside(network: &NetworkSpec, position: usize, layer: &LayerSpec) -> bool {
    let masked = layer.dropout.input_mode == InputDropoutMode::PerStep && layer.dropout.input > 0.0;
    masked && (position > 0 || learned(network))
}
