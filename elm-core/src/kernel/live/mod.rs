//! One step of one sequence at a time: what a live program needs.
//!
//! With a single sequence there is no batch to fill vectors with, so here the
//! units of a neuron lie in the lanes: branches, hidden units, memory. Weights
//! are packed once, when the layer is made; a step allocates nothing.

mod meeting;
mod neurons;
mod packed;
mod product;
mod team;

use super::pages::caught;
use super::pool::share;
use super::shape;
use super::simd::Simd;
use crate::error::{Error, Result};
use crate::spec::{Connectome, DropoutMasks, Input, LayerRun, LayerSpec, NO_TOKEN, Want};
use neurons::Neurons;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use team::Team;

/// Weights that a thread shall have at least: for less, meeting the others
/// takes as long as the work. Not tuned beyond that.
const WEIGHTS_PER_THREAD: usize = 1 << 18;

/// What enters a layer in one step.
#[derive(Debug, Clone, Copy)]
pub enum LiveInput<'a> {
    /// Nothing at all.
    Silence,
    /// A symbol, as a channel that is 1.
    Token(u32),
    /// The channels that spiked, and how often.
    Events(&'a [(u32, f32)]),
    /// A value for every channel, `[C]`.
    Dense(&'a [f32]),
}

/// The weights that a live layer is made from; shapes as in [`LayerRun`].
#[derive(Debug, Clone, Copy)]
pub struct LiveWeights<'a> {
    /// The layer.
    pub layer: &'a LayerSpec,
    /// What each synapse reads.
    pub connectome: &'a Connectome,
    /// All trainable parameters, `[P]`.
    pub parameters: &'a [f32],
    /// The timescales where they are not trained, `[N * M]`.
    pub fixed_tau_raw: Option<&'a [f32]>,
    /// The embedding's factor on the input.
    pub input_factor: f32,
}

/// A layer that goes through time step by step, for one sequence. Without
/// dropout.
///
/// Several threads share the neurons. Between steps they sleep.
///
/// # Example
/// ```
/// use elm_core::kernel::{LiveInput, LiveLayer, LiveWeights, Simd};
/// use elm_core::spec::Connectome;
/// # use elm_core::model::NetworkOptions;
/// # fn main() -> elm_core::Result<()> {
/// # let options = NetworkOptions::new(4, 3).num_hidden(8);
/// let layer = &options.resolve()?.layers[0];
/// let weights = LiveWeights {
///     layer,
///     connectome: &Connectome::new(layer, layer.draw_connectome(7, 0))?,
///     parameters: &layer.initial_parameters(7, 0),
///     fixed_tau_raw: Some(&layer.initial_tau_raw()),
///     input_factor: 1.0,
/// };
/// let mut live = LiveLayer::new(&weights, Simd::Auto, 1)?;
/// let first = live.step(LiveInput::Token(2))?.to_vec();
/// live.step(LiveInput::Silence)?;
/// live.reset();
/// assert_eq!(live.step(LiveInput::Token(2))?, first);
/// # Ok(())
/// # }
/// ```
pub struct LiveLayer {
    inputs: usize,
    input_factor: f32,
    recurrent: bool,
    /// What synapses read: inputs, the layer's activity, a zero; `[C + N + 1]`.
    sources: Arc<RwLock<Vec<f32>>>,
    parts: Vec<Arc<Mutex<Neurons>>>,
    team: Team,
    /// `[N * O]`.
    activity: Vec<f32>,
}

impl LiveLayer {
    /// Packs the weights for at most `threads` threads, fewer where the layer
    /// is small; state starts at zero.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Index`] or [`Error::Config`] when the weights
    /// do not fit the layer; [`Error::Unsupported`] when the processor lacks
    /// the instructions, or the system gives no threads.
    pub fn new(weights: &LiveWeights<'_>, simd: Simd, threads: usize) -> Result<Self> {
        let worth_it = weights.parameters.len() / WEIGHTS_PER_THREAD;
        Self::divided(weights, simd, threads.min(worth_it))
    }

    /// The same on so many threads, but not more than neurons.
    ///
    /// # Errors
    /// As [`LiveLayer::new`].
    pub(in crate::kernel) fn divided(weights: &LiveWeights<'_>, simd: Simd, threads: usize) -> Result<Self> {
        let set = simd.resolve()?;
        let LiveWeights { layer, .. } = *weights;
        check(weights)?;
        let threads = threads.clamp(1, layer.neurons);
        let sources = Arc::new(RwLock::new(vec![0.0; layer.inputs + layer.neurons + 1]));
        let part = |thread| {
            let neurons = share(layer.neurons, thread, threads);
            caught(|| Ok(Arc::new(Mutex::new(Neurons::new(weights, neurons, set)))))
        };
        let parts = (0..threads).map(part).collect::<Result<Vec<_>>>()?;
        let work = |part: &Arc<Mutex<Neurons>>| {
            let (part, sources) = (part.clone(), sources.clone());
            move || run(&part, &sources)
        };
        let team = Team::new(parts[1..].iter().map(work).collect())?;
        Ok(LiveLayer {
            inputs: layer.inputs,
            input_factor: weights.input_factor,
            recurrent: layer.is_recurrent(),
            sources,
            parts,
            team,
            activity: vec![0.0; layer.neurons * layer.outputs],
        })
    }

    /// Takes the layer through one time step and answers its activity,
    /// `[N * O]`.
    ///
    /// # Errors
    /// [`Error::Index`] for a channel, [`Error::Shape`] for values that the
    /// layer does not have; then no time has passed.
    ///
    /// # Panics
    /// When another of the layer's threads panicked, which is a defect.
    pub fn step(&mut self, input: LiveInput<'_>) -> Result<&[f32]> {
        self.check_input(input)?;
        self.take(input);
        self.team.step(|| run(&self.parts[0], &self.sources));
        let mut start = 0;
        for part in &self.parts {
            let part = part.lock().unwrap_or_else(PoisonError::into_inner);
            let activity = part.activity();
            self.activity[start..start + activity.len()].copy_from_slice(activity);
            start += activity.len();
        }
        if self.recurrent {
            let mut sources = self.sources.write().unwrap_or_else(PoisonError::into_inner);
            let end = self.inputs + self.activity.len();
            sources[self.inputs..end].copy_from_slice(&self.activity);
        }
        Ok(&self.activity)
    }

    /// Back to the state before the first step: all zeros.
    pub fn reset(&mut self) {
        self.sources.write().unwrap_or_else(PoisonError::into_inner).fill(0.0);
        for part in &self.parts {
            part.lock().unwrap_or_else(PoisonError::into_inner).reset();
        }
    }

    fn check_input(&self, input: LiveInput<'_>) -> Result<()> {
        let check = |channel: u32| match (channel as usize) < self.inputs {
            true => Ok(()),
            false => Err(Error::Index { what: "channel".into(), index: channel as usize, len: self.inputs }),
        };
        match input {
            LiveInput::Silence => Ok(()),
            LiveInput::Token(id) => check(id),
            LiveInput::Events(events) => events.iter().try_for_each(|&(channel, _)| check(channel)),
            LiveInput::Dense(values) => shape::check_len("input of a step", values.len(), self.inputs),
        }
    }

    /// Writes the input where synapses read it.
    fn take(&self, input: LiveInput<'_>) {
        let mut sources = self.sources.write().unwrap_or_else(PoisonError::into_inner);
        let inputs = &mut sources[..self.inputs];
        inputs.fill(0.0);
        match input {
            LiveInput::Silence => {}
            LiveInput::Token(id) => inputs[id as usize] = self.input_factor,
            LiveInput::Events(events) => {
                for &(channel, count) in events {
                    inputs[channel as usize] += self.input_factor * count;
                }
            }
            LiveInput::Dense(values) => {
                for (to, value) in inputs.iter_mut().zip(values) {
                    *to = self.input_factor * value;
                }
            }
        }
    }
}

/// Checks the weights as a forward pass over one silent step would.
fn check(weights: &LiveWeights<'_>) -> Result<()> {
    let &LiveWeights { layer, connectome, parameters, fixed_tau_raw, input_factor } = weights;
    let state = vec![0.0; layer.state_layout().rows()];
    shape::check(&LayerRun {
        layer: layer.clone(),
        connectome: connectome.clone(),
        index: (),
        parameters,
        fixed_tau_raw: fixed_tau_raw.map(Into::into),
        input: Input::Tokens([NO_TOKEN].into()),
        input_factor,
        state: &state[..],
        rows: 1,
        steps: 1,
        dropout: DropoutMasks::default(),
        want: Want::default(),
    })
}

/// One thread's share of a step.
fn run(part: &Mutex<Neurons>, sources: &RwLock<Vec<f32>>) {
    let sources = sources.read().unwrap_or_else(PoisonError::into_inner);
    part.lock().unwrap_or_else(PoisonError::into_inner).step(&sources);
}

impl std::fmt::Debug for LiveLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveLayer").field("threads", &self.parts.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ModelKind, NetworkOptions};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    /// A layer with so many inputs on two threads.
    fn layer(inputs: usize) -> LiveLayer {
        let options = NetworkOptions {
            kind: ModelKind::ElmNetwork,
            num_input: inputs,
            num_output: 3,
            num_hidden: Some(8),
            num_layers: None,
            embedding: None,
            head: None,
            feed_output_back: None,
            layer: Default::default(),
            first_layer: None,
            last_layer: None,
        };
        let layer = &options.resolve().unwrap().layers[0];
        let weights = LiveWeights {
            layer,
            connectome: &Connectome::new(layer, layer.draw_connectome(7, 0)).unwrap(),
            parameters: &layer.initial_parameters(7, 0),
            fixed_tau_raw: Some(&layer.initial_tau_raw()),
            input_factor: 1.0,
        };
        LiveLayer::divided(&weights, Simd::Auto, 2).unwrap()
    }

    #[test]
    fn a_panic_of_another_thread_is_one_of_the_step_and_nothing_hangs() {
        let (done, end) = channel();
        std::thread::spawn(move || {
            let (mut bad, other) = (layer(4), layer(5));
            bad.step(LiveInput::Token(1)).unwrap();
            // Neurons that expect another number of sources refuse to run.
            std::mem::swap(&mut *bad.parts[1].lock().unwrap(), &mut *other.parts[1].lock().unwrap());
            let refused = catch_unwind(AssertUnwindSafe(|| bad.step(LiveInput::Token(1)).is_err()));
            drop(bad);
            done.send(refused.is_err())
        });
        assert_eq!(end.recv_timeout(Duration::from_secs(60)), Ok(true), "it hangs, or no panic was heard of");
    }
}
