//! The table that synapses read: inputs, the layer's previous activity, a row
//! of zeros. Tokens and events are written entry by entry and erased the same
//! way, so a mostly empty table costs nothing.

use super::shape::Arguments;
use super::simd::Element;
use super::span::SpanMut;
use crate::spec::{Input, NO_TOKEN};
use std::ops::Range;

/// Writes the input of a step, embedded and masked, into tables.
#[derive(Clone, Copy)]
pub(super) struct InputWriter<'a, E> {
    arguments: &'a Arguments<'a, E>,
}

/// Where the input rows of one step lie: row `c` starts at `c * stride`.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, E> {
    pub span: SpanMut<'a, E>,
    pub stride: usize,
}

impl<'a, E: Element> InputWriter<'a, E> {
    pub(super) fn new(arguments: &'a Arguments<'a, E>) -> Self {
        InputWriter { arguments }
    }

    /// Writes the inputs of `step` on `channels` into rows that are zero or
    /// hold another step's dense inputs.
    ///
    /// # Safety
    /// The rows of `channels` lie inside of `rows` and no other thread
    /// accesses them.
    pub(super) unsafe fn write(&self, step: usize, channels: Range<usize>, rows: Rows<'_, E>) {
        let batch = self.arguments.rows;
        if let Input::Dense(values) = &self.arguments.input {
            let inputs = self.arguments.layer.inputs;
            for channel in channels {
                let from = (step * inputs + channel) * batch;
                // SAFETY: the caller vouches for the channel's row.
                let row = unsafe { rows.span.part(channel * rows.stride, batch).slice() };
                for (b, (to, value)) in row.iter_mut().zip(&values[from..from + batch]).enumerate() {
                    *to = self.embedded(channel, b, value.to_f64());
                }
            }
            return;
        }
        self.for_each_entry(step, channels, |channel, b, count| {
            // SAFETY: the caller vouches for the channel's row.
            let entry = unsafe { &mut rows.span.part(channel * rows.stride + b, 1).slice()[0] };
            *entry = E::from_f64(entry.to_f64() + self.embedded(channel, b, count).to_f64());
        });
    }

    /// Sets what [`InputWriter::write`] wrote for `step` back to zero; dense
    /// inputs are left for the next to overwrite.
    ///
    /// # Safety
    /// As [`InputWriter::write`].
    pub(super) unsafe fn erase(&self, step: usize, channels: Range<usize>, rows: Rows<'_, E>) {
        self.for_each_entry(step, channels, |channel, b, _| {
            // SAFETY: the caller vouches for the channel's row.
            unsafe { rows.span.part(channel * rows.stride + b, 1).slice()[0] = E::default() };
        });
    }

    /// What the embedding and the dropout mask put on an input; its derivative
    /// is [`InputWriter::factor`].
    fn embedded(&self, channel: usize, row: usize, value: f64) -> E {
        E::from_f64(value * self.factor(channel, row))
    }

    /// The factor on an input.
    pub(super) fn factor(&self, channel: usize, row: usize) -> f64 {
        let mask = self.arguments.dropout.input.as_ref();
        let mask = mask.map_or(1.0, |mask| mask[channel * self.arguments.rows + row]);
        f64::from(self.arguments.input_factor) * f64::from(mask)
    }

    /// Calls `visit(channel, row, count)` for the tokens or events of a step.
    fn for_each_entry(&self, step: usize, channels: Range<usize>, mut visit: impl FnMut(usize, usize, f64)) {
        let batch = self.arguments.rows;
        match &self.arguments.input {
            Input::Tokens(ids) => {
                for (row, &id) in ids[step * batch..(step + 1) * batch].iter().enumerate() {
                    if id != NO_TOKEN && channels.contains(&(id as usize)) {
                        visit(id as usize, row, 1.0);
                    }
                }
            }
            Input::Events(events) => {
                let here = events.starts[step] as usize..events.starts[step + 1] as usize;
                for event in &events.entries[here] {
                    if channels.contains(&(event.channel as usize)) {
                        visit(event.channel as usize, event.row as usize, f64::from(event.count));
                    }
                }
            }
            Input::Dense(_) => {}
        }
    }
}
