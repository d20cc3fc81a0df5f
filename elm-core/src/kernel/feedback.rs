//! A neuron's own outputs as further branches: forward, backward, and the
//! gradients of their weights.
//!
//! They concern no other neuron, so neither table nor barrier is involved; the
//! activity before each step is at hand both ways.

use super::adjoint::Adjoint;
use super::forward::Recurrence;
use super::simd::{Element, Vector, starts};
use super::span::{Span, SpanMut};
use super::weights::Places;

impl<E: Element> Recurrence<'_, '_, E> {
    /// Outputs of the step before as branches: `f = w a'`.
    ///
    /// # Shapes
    /// `out`, which is `f`, and the activity `a'`: `[O, width]`.
    ///
    /// # Safety
    /// As [`Recurrence::neuron`], of a neuron with feedback.
    #[inline(always)]
    pub(super) unsafe fn feed_back<V: Vector<E = E>>(
        &self,
        t: usize,
        local: usize,
        block: Span<'_, E>,
        out: SpanMut<'_, E>,
    ) {
        let (width, n) = (self.call.shape.width, self.neurons.start + local);
        // SAFETY: as the caller's; this thread alone writes its neurons' activity.
        unsafe {
            let activity = Span::from(self.tables.activity(t, n..n + 1));
            for o in 0..self.call.shape.feedback {
                let weight: V = block.splat(self.weights.layout.feedback + o);
                for column in starts::<V>(width) {
                    let at = o * width + column;
                    out.put(at, weight.mul(activity.vector(at)));
                }
            }
        }
    }
}

impl<E: Element> Adjoint<'_, '_, E> {
    /// Back through [`Recurrence::feed_back`], the gradients of the branches
    /// being complete.
    ///
    /// # Shapes
    /// `branches`, their gradients: `[K + O, width]`; what the
    /// outputs of the step before receive, in `fed`: `[O, width]`.
    ///
    /// # Equation
    /// forward: `f = w a'`   so: `d a' = w d f`, `d w += d f a'`
    ///
    /// # Safety
    /// As [`Adjoint::neuron`], of a neuron with feedback.
    #[inline(always)]
    pub(super) unsafe fn feed_back<V: Vector<E = E>>(
        &mut self,
        t: usize,
        local: usize,
        block: Span<'_, E>,
        branches: Span<'_, E>,
        sums: SpanMut<'_, E>,
    ) {
        let shape = &self.call.shape;
        let (width, each) = (shape.width, shape.feedback * shape.width);
        let n = self.neurons.start + local;
        // SAFETY: as the caller's; activity was complete before the backward pass began.
        unsafe {
            let before = Span::from(self.backward.activity).part((t * shape.neurons + n) * each, each);
            let gradients = branches.part(shape.wired * width, each);
            let fed = self.fed.detached().part(local * each, each);
            for o in 0..shape.feedback {
                let weight: V = block.splat(self.weights.layout.feedback + o);
                for column in starts::<V>(width) {
                    let at = o * width + column;
                    let gradient: V = gradients.vector(at);
                    fed.put(at, weight.mul(gradient));
                    let place = self.sum.feedback * width + at;
                    sums.put(place, gradient.mul_add(before.vector(at), sums.vector(place)));
                }
            }
        }
    }

    /// Hands over the gradients of the weights of neuron `local`; without
    /// feedback, or with fixed weights, there are none.
    pub(super) fn finish_feedback(&self, places: &Places, local: usize) {
        let arguments = self.call.arguments;
        let range = places.feedback.of(self.neurons.start + local);
        // SAFETY: each thread writes the gradients of its neurons only.
        let to = unsafe { self.backward.gradients.parameters.part(range.start, range.len()).slice() };
        for ((o, to), weight) in to.iter_mut().enumerate().zip(&arguments.parameters[range]) {
            let cut = arguments.layer.neuron.rectified && weight.to_f64() <= 0.0;
            *to = if cut { E::default() } else { E::from_f64(self.row_sum(local, self.sum.feedback + o)) };
        }
    }
}
