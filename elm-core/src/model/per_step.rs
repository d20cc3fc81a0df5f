//! Input dropout that changes with every time step \[S1\].
//!
//! Whether an entry is kept is a function of (seed, place, layer, row, step,
//! channel), so nothing has to be saved to draw it again. Kept entries are
//! not rescaled.

use super::sequences::{HostInput, Sequences};
use crate::backend::Backend;
use crate::error::Result;
use crate::ops;
use crate::random::{Draws, Purpose};
use crate::spec::{DropoutSpec, Events, InputDropoutMode, LayerSpec, NO_TOKEN};

/// Which masks are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerStep {
    /// Seed of the masks.
    pub seed: u64,
    /// The update, or the batch of an evaluation, that they are for.
    pub place: u64,
}

/// The mask of one layer.
struct Mask {
    key: u64,
    probability: f64,
}

impl PerStep {
    /// The mask of a layer, `None` where it has no such dropout.
    fn of(self, dropout: &DropoutSpec, position: usize) -> Option<Mask> {
        if dropout.input_mode != InputDropoutMode::PerStep || dropout.input == 0.0 {
            return None;
        }
        let key = Draws::new(self.seed, Purpose::DropoutPerStep, [self.place, position as u64]).key();
        Some(Mask { key, probability: dropout.input })
    }

    /// What a first layer with this dropout sees of so many channels; `None`:
    /// all of them.
    pub fn masked(
        self,
        dropout: &DropoutSpec,
        channels: usize,
        sequences: &Sequences<'_>,
    ) -> Option<HostInput> {
        let mask = self.of(dropout, 0)?;
        let rows = sequences.rows;
        let mut masked = sequences.input.clone();
        match &mut masked {
            HostInput::Tokens(ids) => {
                let kept = |(at, &id): (usize, &u32)| {
                    let keep = id == NO_TOKEN || mask.keeps([at / rows, id as usize, at % rows]);
                    if keep { id } else { NO_TOKEN }
                };
                *ids = ids.iter().enumerate().map(kept).collect();
            }
            HostInput::Dense(values) => {
                for (at, value) in values.iter_mut().enumerate() {
                    if !mask.keeps([at / rows / channels, at / rows % channels, at % rows]) {
                        *value = 0.0;
                    }
                }
            }
            HostInput::Events(events) => *events = thinned(events, &mask).into(),
        }
        Some(masked)
    }

    /// What a layer sees of the activity `[T, C, B]` below it, the first one of
    /// the rows of a learned embedding.
    ///
    /// # Errors
    /// When the backend refuses the mask.
    pub fn on_activity<B: Backend>(
        self,
        backend: &B,
        layer: &LayerSpec,
        position: usize,
        activity: &B::Tensor,
    ) -> Result<B::Tensor> {
        let Some(mask) = self.of(&layer.dropout, position) else { return Ok(activity.clone()) };
        let shape = backend.shape(activity);
        let [steps, channels, rows] = shape[..] else { return Ok(activity.clone()) };
        let mut values = Vec::with_capacity(steps * channels * rows);
        for step in 0..steps {
            for channel in 0..channels {
                values.extend((0..rows).map(|row| f32::from(u8::from(mask.keeps([step, channel, row])))));
            }
        }
        ops::mul(backend, activity, &backend.tensor(&values, &shape)?)
    }
}

/// The events that a mask keeps.
fn thinned(events: &Events, mask: &Mask) -> Events {
    let mut kept = Events { starts: vec![0], entries: Vec::with_capacity(events.entries.len()) };
    for (step, range) in events.starts.windows(2).enumerate() {
        let here = events.entries.get(range[0] as usize..range[1] as usize).unwrap_or_default();
        kept.entries.extend(here.iter().filter(|e| mask.keeps([step, e.channel as usize, e.row as usize])));
        kept.starts.push(kept.entries.len() as u32);
    }
    kept
}

impl Mask {
    /// Does the entry at (step, channel, row) survive? A hash of its place
    /// (the finalizer of SplitMix64) decides, so that sparse inputs need no
    /// dense mask.
    fn keeps(&self, place: [usize; 3]) -> bool {
        let mut hash = self.key;
        for word in place {
            hash = (hash ^ word as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
            hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            hash ^= hash >> 31;
        }
        (hash >> 11) as f64 / (1u64 << 53) as f64 >= self.probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DropoutOptions, LayerOptions, ModelKind, NetworkOptions, NetworkSpec};
    use crate::reference::Reference;

    #[test]
    fn masks_drop_the_right_share_and_never_the_same_entries_twice() {
        let kept = |key| -> Vec<bool> {
            let mask = Mask { key, probability: 0.3 };
            (0..8000).map(|i| mask.keeps([i / 80, i % 80 / 8, i % 8])).collect()
        };
        let share = kept(1).iter().filter(|&&keep| keep).count() as f64 / 8000.0;
        assert!((share - 0.7).abs() < 0.02, "{share}");
        assert_eq!(kept(1), kept(1));
        assert_ne!(kept(1), kept(2));
        let all = kept(1);
        let steps: std::collections::HashSet<&[bool]> = all.chunks(80).collect();
        assert_eq!(steps.len(), 100, "two steps drop the same entries");
    }

    fn network(input_mode: InputDropoutMode) -> NetworkSpec {
        let dropout =
            DropoutOptions { input: Some(0.5), input_mode: Some(input_mode), ..DropoutOptions::default() };
        let options = NetworkOptions {
            kind: ModelKind::ElmNetwork,
            num_input: 5,
            num_output: 3,
            num_hidden: Some(20),
            num_layers: None,
            embedding: None,
            head: None,
            feed_output_back: None,
            layer: LayerOptions { dropout, ..LayerOptions::default() },
            first_layer: None,
            last_layer: None,
        };
        options.resolve().unwrap()
    }

    /// What reaches layer 1 of an activity of ones, and the gradient that
    /// flows back from its sum.
    fn on_ones(spec: &NetworkSpec, per_step: PerStep) -> (Vec<f32>, Vec<f32>) {
        let shape = [30, 20, 4];
        let ones = Reference.variable(&[1.0; 2400], &shape).unwrap();
        let seen = per_step.on_activity(&Reference, &spec.layers[1], 1, &ones).unwrap();
        let gradients = Reference.backward(&ops::sum_all(&Reference, &seen).unwrap()).unwrap();
        let gradient = Reference.gradient(&gradients, &ones).unwrap();
        (Reference.values(&seen).unwrap(), Reference.values(&gradient).unwrap())
    }

    #[test]
    fn layers_above_the_first_are_masked_and_dropped_entries_get_no_gradient() {
        let spec = network(InputDropoutMode::PerStep);
        let per_step = PerStep { seed: 1, place: 2 };
        let (seen, gradient) = on_ones(&spec, per_step);
        let share = seen.iter().sum::<f32>() / 2400.0;
        assert!((share - 0.5).abs() < 0.04 && seen.iter().all(|&x| x == 0.0 || x == 1.0), "{share}");
        assert_eq!(seen, gradient);
        assert_eq!(seen, on_ones(&spec, per_step).0);
        for other in [PerStep { seed: 2, ..per_step }, PerStep { place: 3, ..per_step }] {
            assert_ne!(seen, on_ones(&spec, other).0);
        }
        assert_eq!(on_ones(&network(InputDropoutMode::Variational), per_step).0, [1.0; 2400]);
    }
}
