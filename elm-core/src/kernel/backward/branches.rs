//! From the branches back to what their synapses read.

use crate::kernel::activation::constant;
use crate::kernel::adjoint::Adjoint;
use crate::kernel::simd::{Element, Vector, starts};
use crate::kernel::span::SpanMut;
use std::ops::Range;

impl<E: Element> Adjoint<'_, '_, E> {
    /// Back through `Recurrence::branches`: from branches over traces to the
    /// sums of synapses.
    ///
    /// # Shapes
    /// `branches`, their gradients, traces and `delta`: `[K + F, width]`.
    ///
    /// # Safety
    /// As [`Adjoint::neuron`].
    #[inline(always)]
    pub(super) unsafe fn branches<V: Vector<E = E>>(
        &self,
        branches: SpanMut<'_, E>,
        carried: SpanMut<'_, E>,
        delta: SpanMut<'_, E>,
    ) {
        let shape = &self.call.shape;
        let width = shape.width;
        // SAFETY: as the caller's.
        unsafe {
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
        }
    }

    /// Back through `Recurrence::gather`: from the branches of neurons that
    /// are taken together to what their synapses read.
    ///
    /// # Equation
    /// forward: `sum = sum over synapses of weight * table`   so: `scatter`
    ///
    /// # Safety
    /// As [`Adjoint::neuron`], after which the gradients of their branches are
    /// left.
    #[inline(always)]
    pub(super) unsafe fn scatter<V: Vector<E = E>>(&mut self, t: usize, group: Range<usize>) {
        let width = self.call.shape.width;
        for local in group {
            // SAFETY: as the caller's; the list was made for this table.
            unsafe {
                let (table, branches) =
                    (self.backward.scattered(width, self.thread, t), self.of_inputs(local));
                self.weights.synapses.scatter::<V>(local, width, branches.into(), table);
            }
        }
    }
}
