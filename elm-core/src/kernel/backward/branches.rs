//! From the branches back to what their synapses read.

use crate::kernel::activation::constant;
use crate::kernel::adjoint::Adjoint;
use crate::kernel::ahead::Ahead;
use crate::kernel::offsets::Offsets;
use crate::kernel::simd::{Element, Vector, starts};
use crate::kernel::span::{Span, SpanMut};
use crate::kernel::synapse;
use crate::kernel::synapse_list::OfNeuron;

impl<E: Element> Adjoint<'_, '_, E> {
    /// Back through `Recurrence::branches`: from branches over traces to
    /// sources.
    ///
    /// # Shapes
    /// Branches, traces and `delta`: `[K + F, width]`.
    ///
    /// # Safety
    /// As [`Adjoint::neuron`].
    #[inline(always)]
    pub(super) unsafe fn branches<V: Vector<E = E>>(
        &mut self,
        t: usize,
        local: usize,
        carried: SpanMut<'_, E>,
        delta: SpanMut<'_, E>,
        ahead: &mut Ahead,
    ) {
        let shape = &self.call.shape;
        let (width, list) = (shape.width, &self.weights.synapses);
        // SAFETY: as the caller's; offsets were made from checked sources.
        unsafe {
            let branches = self.inputs.detached().part(0, shape.branches * width);
            let decay: V = constant(shape.trace_decay.unwrap_or(0.0));
            // forward: trace = decay * trace' + sum, branch = trace
            // so: d trace += d branch, d sum = d trace, d trace' = decay * d trace;
            // without traces branch = sum. The gradients of synapses need d sum later.
            for at in starts::<V>(shape.branches * width) {
                let mut gradient: V = branches.vector(at);
                if shape.trace_decay.is_some() {
                    let place = shape.trace_row() * width + at;
                    gradient = gradient.add(carried.vector(place));
                    carried.put(place, decay.mul(gradient));
                    branches.put(at, gradient);
                }
                delta.stream(at, gradient);
            }
            // forward: sum = sum over synapses of weight * table   so: `scatter`
            let OfNeuron { order, counts, synapses } = list.of(local);
            if synapses.is_empty() {
                return;
            }
            let weights = Span::from(&list.weights[synapses.clone()]);
            let branches = Span::from(branches);
            let table = self.backward.scattered(width, self.thread, t);
            let parts = synapse::Parts { order, counts, width };
            match &list.offsets {
                Offsets::Short(offsets) => {
                    let offsets = Span::from(&offsets[synapses]);
                    synapse::scatter::<V, _>(parts, offsets, weights, branches, table, ahead);
                }
                Offsets::Long(offsets) => {
                    let offsets = Span::from(&offsets[synapses]);
                    synapse::scatter::<V, _>(parts, offsets, weights, branches, table, ahead);
                }
            }
        }
    }
}
