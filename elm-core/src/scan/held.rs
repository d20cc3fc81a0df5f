//! Arguments of a scan that outlive the call: what an adjoint has to keep.

use super::arguments::{DropoutMasks, Event, Events, Input, ScanArgs, Want, Wiring};
use crate::backend::Backend;
use crate::error::Result;
use crate::model::LayerSpec;
use std::ops::Range;

/// [`ScanArgs`] that own what they name; their tensors have no history.
pub struct HeldArgs<B: Backend> {
    /// The layer.
    pub layer: LayerSpec,
    /// What each synapse reads.
    pub wiring: Wiring<B>,
    /// All trainable parameters, `[P]`.
    pub parameters: B::Tensor,
    /// Fixed `tau_raw`, `[N * M]`.
    pub fixed_tau_raw: Option<Vec<f32>>,
    /// What the layer sees.
    pub input: HeldInput<B>,
    /// Factor on every input value.
    pub input_factor: f32,
    /// State to start from, `[rows of the state layout, B]`.
    pub state: B::Tensor,
    /// Number of sequences `B`.
    pub rows: usize,
    /// Number of steps `T`.
    pub steps: usize,
    /// Masks that stay the same over time.
    pub dropout: DropoutMasks,
    /// What the caller needs.
    pub want: Want,
}

/// [`Input`] that owns its ids and events.
pub enum HeldInput<B: Backend> {
    /// Token ids `[T, B]`.
    Tokens(Vec<u32>),
    /// Sparse spike counts.
    Events(Events),
    /// A tensor `[T, C, B]`.
    Dense(B::Tensor),
}

impl<B: Backend> HeldArgs<B> {
    /// Copies of the arguments; `detach` takes a tensor's history away (a
    /// backend may share the values of variables, which nobody changes
    /// between a scan and its differentiation).
    pub fn new(args: &ScanArgs<'_, B>, detach: impl Fn(&B::Tensor) -> B::Tensor) -> Self {
        HeldArgs {
            layer: args.layer.clone(),
            wiring: args.wiring.clone(),
            parameters: detach(args.parameters),
            fixed_tau_raw: args.fixed_tau_raw.map(<[f32]>::to_vec),
            input: match args.input {
                Input::Tokens(ids) => HeldInput::Tokens(ids.to_vec()),
                Input::Events(events) => HeldInput::Events((*events).clone()),
                Input::Dense(x) => HeldInput::Dense(detach(x)),
            },
            input_factor: args.input_factor,
            state: detach(args.state),
            rows: args.rows,
            steps: args.steps,
            dropout: args.dropout.clone(),
            want: args.want,
        }
    }

    /// The arguments as a scan takes them; `input` is usually
    /// [`HeldInput::as_input`] of their own.
    pub fn as_args<'a>(&'a self, input: &'a Input<'a, B>) -> ScanArgs<'a, B> {
        ScanArgs {
            layer: &self.layer,
            wiring: &self.wiring,
            parameters: &self.parameters,
            fixed_tau_raw: self.fixed_tau_raw.as_deref(),
            input,
            input_factor: self.input_factor,
            state: &self.state,
            rows: self.rows,
            steps: self.steps,
            dropout: &self.dropout,
            want: self.want,
        }
    }
}

impl<B: Backend> HeldInput<B> {
    /// The input as a scan takes it.
    pub fn as_input(&self) -> Input<'_, B> {
        match self {
            HeldInput::Tokens(ids) => Input::Tokens(ids),
            HeldInput::Events(events) => Input::Events(events),
            HeldInput::Dense(x) => Input::Dense(x.clone()),
        }
    }

    /// The input of some of the steps.
    ///
    /// # Errors
    /// When the backend refuses to cut a tensor.
    pub(super) fn part(&self, backend: &B, steps: Range<usize>, rows: usize) -> Result<HeldInput<B>> {
        Ok(match self {
            HeldInput::Tokens(ids) => HeldInput::Tokens(ids[steps.start * rows..steps.end * rows].to_vec()),
            HeldInput::Events(events) => HeldInput::Events(events.part(steps)),
            HeldInput::Dense(x) => HeldInput::Dense(backend.narrow(x, 0, steps.start, steps.len())?),
        })
    }
}

impl Events {
    /// The events of some of the steps.
    fn part(&self, steps: Range<usize>) -> Events {
        let (first, last) = (self.starts[steps.start], self.starts[steps.end]);
        let starts = self.starts[steps.start..=steps.end].iter().map(|start| start - first).collect();
        let entries: Vec<Event> = self.entries[first as usize..last as usize].to_vec();
        Events { starts, entries }
    }
}
