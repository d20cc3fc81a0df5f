//! The gradients that are summed up in place, handed over at the end: readout,
//! biases, timescales, feedback; and what the tiles left to do for synapses.

use super::adjoint::Adjoint;
use super::simd::Element;
use super::timescale::{self, Timescale};
use super::weights::Places;
use crate::spec::Trace;

impl<E: Element> Adjoint<'_, '_, E> {
    /// Clears the gradients that tiles of steps add to: those of this thread's
    /// synapses.
    pub(super) fn clear_synapses(&self, places: &Places) {
        let range = places.synapses.of_all(self.neurons.clone());
        // SAFETY: each thread writes the gradients of its neurons only.
        unsafe { self.backward.gradients.parameters.part(range.start, range.len()).slice() }
            .fill(E::default());
    }

    /// Completes the gradients of this thread's parameters. `source_trace` are
    /// the traces of sources at the end, `[C + N + 1, width]`.
    pub(super) fn finish_parameters(&self, places: &Places, source_trace: Option<&[E]>) {
        let (call, shape) = (self.call, &self.call.shape);
        for (local, n) in self.neurons.clone().enumerate() {
            for (place, first) in [(places.readout, self.sum.readout), (places.bias, self.sum.bias)] {
                let range = place.of(n);
                // SAFETY: each thread writes the gradients of its neurons only.
                let to = unsafe { self.backward.gradients.parameters.part(range.start, range.len()).slice() };
                for (row, to) in to.iter_mut().enumerate() {
                    *to = E::from_f64(self.row_sum(local, first + row));
                }
            }
            if let Some(first) = self.sum.timescale {
                let range = places.tau_raw.of(n);
                // SAFETY: as above.
                let to = unsafe { self.backward.gradients.parameters.part(range.start, range.len()).slice() };
                let learnable = &call.arguments.parameters[range];
                for (i, to) in to.iter_mut().enumerate() {
                    let raw = timescale::raw(call.arguments.fixed_tau_raw.as_deref(), learnable, i);
                    let unit = Timescale::new(&call.arguments.layer.neuron, raw);
                    let (kept, written) =
                        (self.row_sum(local, first + i), self.row_sum(local, first + shape.memory + i));
                    *to = E::from_f64(unit.gradient(kept, written));
                }
            }
            self.finish_feedback(places, local);
            self.finish_maps(places, local);
            self.finish_synapses(places, n, source_trace);
        }
    }

    /// A row of the sums over time, summed over the batch.
    pub(super) fn row_sum(&self, local: usize, row: usize) -> f64 {
        let width = self.call.shape.width;
        let at = (local * self.sum.rows + row) * width;
        self.sums[at..at + width].iter().map(|x| x.to_f64()).sum()
    }

    /// The sums of the linear maps, transposed back.
    fn finish_maps(&self, places: &Places, local: usize) {
        let (shape, sum) = (&self.call.shape, &self.map_sum);
        let sums = &self.map_sums[local * sum.len..(local + 1) * sum.len];
        for (j, &(inputs, outputs)) in shape.maps.iter().enumerate() {
            let (weight, bias) = places.maps[j];
            let (weight, bias) = (weight.of(self.neurons.start + local), bias.of(self.neurons.start + local));
            let parameters = &self.backward.gradients.parameters;
            // SAFETY: each thread writes the gradients of its neurons only.
            let weight = unsafe { parameters.part(weight.start, weight.len()).slice() };
            // SAFETY: as above.
            let bias = unsafe { parameters.part(bias.start, bias.len()).slice() };
            let rows = &sums[sum.maps[j]..][..(inputs + 1) * sum.strides[j]];
            for (k, row) in rows.chunks_exact(sum.strides[j]).enumerate() {
                for (r, &value) in row[..outputs].iter().enumerate() {
                    if k < inputs { weight[r * inputs + k] = value } else { bias[r] = value }
                }
            }
        }
    }

    /// Scale, rectification and the end state's traces.
    fn finish_synapses(&self, places: &Places, n: usize, source_trace: Option<&[E]>) {
        let (shape, arguments) = (&self.call.shape, self.call.arguments);
        let neuron = &arguments.layer.neuron;
        let range = places.synapses.of(n);
        // SAFETY: each thread writes the gradients of its neurons only.
        let to = unsafe { self.backward.gradients.parameters.part(range.start, range.len()).slice() };
        let end = self.backward.cotangents.state.filter(|_| matches!(neuron.trace, Trace::Synapse(_)));
        let first = arguments.layer.state_layout().trace.start;
        for (to, synapse) in to.iter_mut().zip(range) {
            let mut gradient = to.to_f64() * neuron.input_scale;
            if let (Some(end), Some(traces)) = (end, source_trace) {
                let end = &end[(first + shape.trace_of(synapse)) * shape.rows..][..shape.rows];
                let trace =
                    &traces[arguments.connectome.sources()[synapse] as usize * shape.width..][..shape.rows];
                gradient += end.iter().zip(trace).map(|(c, x)| c.to_f64() * x.to_f64()).sum::<f64>();
            }
            if neuron.rectified && arguments.parameters[synapse].to_f64() <= 0.0 {
                gradient = 0.0;
            }
            *to = E::from_f64(gradient);
        }
    }
}
