//! What a layer sees.

use crate::error::{Error, Result};
use serde::Serialize;
use std::ops::Range;
use std::sync::Arc;

/// A token that stands for no input at all: its row of the table is zero.
pub const NO_TOKEN: u32 = u32::MAX;

/// The input of a layer over `T` steps of `B` sequences; `X` is how real
/// numbers are held: a vector or slice on the host, or a backend's tensor.
#[derive(Debug, Clone, PartialEq)]
pub enum Input<X> {
    /// Token ids `[T, B]`, each below `C` or [`NO_TOKEN`]; one-hot channels.
    Tokens(Arc<[u32]>),
    /// Sparse spike counts.
    Events(Arc<Events>),
    /// Numbers `[T, C, B]`, which may receive a gradient.
    Dense(X),
}

/// In which form a layer gets its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// Token ids.
    Tokens,
    /// Lists of spikes.
    Events,
    /// A number for every channel and step.
    Dense,
}

impl std::fmt::Display for InputKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            InputKind::Tokens => "tokens",
            InputKind::Events => "events",
            InputKind::Dense => "dense",
        })
    }
}

/// Spike counts of a batch as lists sorted by time step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Events {
    /// The events of step `t` are `entries[starts[t]..starts[t + 1]]`; length `T + 1`.
    pub starts: Vec<u32>,
    /// All events; a pair of row and channel occurs at most once in a step.
    pub entries: Vec<Event>,
}

/// `count` spikes of one channel of one sequence in one time step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Row of the batch.
    pub row: u32,
    /// Input channel.
    pub channel: u32,
    /// Number of spikes.
    pub count: f32,
}

impl<X> Input<X> {
    /// In which form it is.
    pub fn kind(&self) -> InputKind {
        match self {
            Input::Tokens(_) => InputKind::Tokens,
            Input::Events(_) => InputKind::Events,
            Input::Dense(_) => InputKind::Dense,
        }
    }

    /// The numbers of a dense input.
    pub fn dense(&self) -> Option<&X> {
        match self {
            Input::Dense(x) => Some(x),
            Input::Tokens(_) | Input::Events(_) => None,
        }
    }

    /// The same input with its numbers held in another way.
    ///
    /// # Errors
    /// Whatever `change` fails with.
    pub fn try_map<'a, Y, F>(&'a self, change: impl FnOnce(&'a X) -> Result<Y, F>) -> Result<Input<Y>, F> {
        Ok(match self {
            Input::Tokens(ids) => Input::Tokens(ids.clone()),
            Input::Events(events) => Input::Events(events.clone()),
            Input::Dense(x) => Input::Dense(change(x)?),
        })
    }

    /// Calls `visit(step, channel, row, count)` for every token or event; a
    /// dense input has none.
    pub fn for_each_entry(&self, rows: usize, mut visit: impl FnMut(usize, usize, usize, f32)) {
        match self {
            Input::Tokens(ids) => {
                for (place, &id) in ids.iter().enumerate().filter(|&(_, &id)| id != NO_TOKEN) {
                    visit(place / rows, id as usize, place % rows, 1.0);
                }
            }
            Input::Events(events) => {
                for (step, range) in events.starts.windows(2).enumerate() {
                    for event in &events.entries[range[0] as usize..range[1] as usize] {
                        visit(step, event.channel as usize, event.row as usize, event.count);
                    }
                }
            }
            Input::Dense(_) => {}
        }
    }

    /// Checks lengths and indices; `fits` says whether numbers have a shape.
    pub(crate) fn check(
        &self,
        [steps, channels, rows]: [usize; 3],
        fits: impl FnOnce(&str, &X, &[usize]) -> Result<()>,
    ) -> Result<()> {
        match self {
            Input::Dense(x) => fits("input of a layer", x, &[steps, channels, rows]),
            Input::Tokens(ids) => {
                if Some(ids.len()) != steps.checked_mul(rows) {
                    return Err(Error::shape("tokens", &[ids.len()], format!("[{steps}, {rows}]")));
                }
                let mut given = ids.iter().filter(|&&id| id != NO_TOKEN);
                given.try_for_each(|&id| below("token", id, channels))
            }
            Input::Events(events) => events.check([steps, channels, rows]),
        }
    }
}

impl Events {
    /// The events of some of the steps.
    pub(crate) fn part(&self, steps: Range<usize>) -> Events {
        let (first, last) = (self.starts[steps.start], self.starts[steps.end]);
        let starts = self.starts[steps.start..=steps.end].iter().map(|start| start - first).collect();
        Events { starts, entries: self.entries[first as usize..last as usize].to_vec() }
    }

    fn check(&self, [steps, channels, rows]: [usize; 3]) -> Result<()> {
        if self.starts.len() != steps + 1 {
            return Err(Error::shape("starts of the events", &[self.starts.len()], format!("[{steps} + 1]")));
        }
        let inside = self.starts.last().is_some_and(|&end| end as usize <= self.entries.len());
        if !inside || self.starts.windows(2).any(|pair| pair[0] > pair[1]) {
            let reason = format!("must rise from step to step and stay within {} events", self.entries.len());
            return Err(Error::stored("starts of the events", reason));
        }
        self.entries.iter().try_for_each(|event| {
            below("channel of an event", event.channel, channels)?;
            below("row of an event", event.row, rows)
        })
    }
}

fn below(what: &str, index: u32, len: usize) -> Result<()> {
    let index = index as usize;
    if index < len { Ok(()) } else { Err(Error::Index { what: what.into(), index, len }) }
}
