//! From the activity back to the MLP's answer: activation, high-pass, readout
//! and the write into memory.

use crate::kernel::activation::{self, constant};
use crate::kernel::adjoint::Adjoint;
use crate::kernel::simd::{Element, MOST_LANES, Vector, starts};
use crate::kernel::span::{Span, SpanMut};
use crate::spec::neuron::WRITE_SLOPE;

impl<E: Element> Adjoint<'_, '_, E> {
    /// Back through `Recurrence::read_out`: from activity over activation,
    /// bias and high-pass to the readout.
    ///
    /// # Shapes
    /// Activity and readout: `[O, width]`; the readout average, in `carried`:
    /// `[O, width]`.
    ///
    /// # Safety
    /// As [`Adjoint::neuron`].
    #[inline(always)]
    pub(super) unsafe fn output<V: Vector<E = E>>(
        &mut self,
        t: usize,
        local: usize,
        record: Span<'_, E>,
        carried: SpanMut<'_, E>,
        sums: SpanMut<'_, E>,
    ) {
        let (call, shape) = (self.call, &self.call.shape);
        let (rows, width, outputs) = (shape.rows, shape.width, shape.outputs);
        let n = self.neurons.start + local;
        let neuron = &call.arguments.layer.neuron;
        let average_decay = neuron.high_pass_tau.map_or(0.0, |tau| neuron.decay(tau));
        let cotangents = &self.backward.cotangents;
        // SAFETY: as the caller's.
        unsafe {
            let readout = self.readout.detached();
            let (decay, take): (V, V) = (constant(average_decay), constant(1.0 - average_decay));
            let each = outputs * width;
            let at = ((t + 1) * shape.neurons + n) * each;
            let activity = Span::from(self.backward.activity).part(at, each);
            for o in 0..outputs {
                for column in starts::<V>(width) {
                    let at = o * width + column;
                    // forward: answer[t] = activity; end state = activity, after the last step;
                    //          table[t + 1] = mask * activity; the next step's feedback reads it
                    // so: d activity = d answer[t] + d end state + mask * d table[t + 1] + d feedback
                    let mut gradient = V::splat(E::default());
                    if let Some(given) = cotangents.activity {
                        let row = ((t * shape.neurons + n) * outputs + o) * rows;
                        gradient = import(Span::from(given), row, column, rows);
                    }
                    if t + 1 == shape.steps {
                        if let Some(state) = cotangents.state {
                            let row = (n * outputs + o) * rows;
                            gradient = gradient.add(import(Span::from(state), row, column, rows));
                        }
                    } else if shape.recurrent {
                        gradient = gradient.add(self.activity_gradient(t + 1, local, column));
                    }
                    if shape.feedback > 0 {
                        gradient = gradient.add(Span::from(&self.fed[..]).vector(local * each + at));
                    }
                    // forward: activity = output(drive), drive = v + bias
                    // so: d v = d drive = output'(drive) * d activity, d bias += d drive
                    let seen = if shape.spikes {
                        record.vector(shape.drive_row() * width + at)
                    } else {
                        activity.vector(at)
                    };
                    gradient = activation::output_gradient(neuron.activation, seen, gradient);
                    let place = self.sum.bias * width + at;
                    sums.put(place, gradient.add(sums.vector(place)));
                    // forward: average = decay * average' + (1 - decay) * y, v = y - average
                    // so: d average -= d v, d y = d v + (1 - decay) * d average,
                    //     d average' = decay * d average
                    if shape.high_pass {
                        let place = shape.average_row() * width + at;
                        let average = carried.vector::<V>(place).sub(gradient);
                        gradient = take.mul_add(average, gradient);
                        carried.put(place, decay.mul(average));
                    }
                    readout.put(at, gradient);
                }
            }
        }
    }

    /// Back through the readout's sums and `Recurrence::write_memory`: from
    /// the readout over memory to the MLP's answer.
    ///
    /// # Shapes
    /// Readout: `[O, width]`; memory `m`, its parts and the answer `o`:
    /// `[M, width]`; readout weights `W`: `[O, M]`.
    ///
    /// # Safety
    /// As [`Adjoint::neuron`].
    #[inline(always)]
    pub(super) unsafe fn memory<V: Vector<E = E>>(
        &mut self,
        local: usize,
        block: Span<'_, E>,
        record: Span<'_, E>,
        carried: SpanMut<'_, E>,
        sums: SpanMut<'_, E>,
    ) {
        let (shape, layout) = (&self.call.shape, &self.weights.layout);
        let width = shape.width;
        let last = self.map_sum.rows[shape.maps.len() - 1];
        // SAFETY: as the caller's.
        unsafe {
            let (readout, memory) = (Span::from(&self.readout[..]), self.memory.detached());
            let outputs = self.map_outputs.detached();
            let (one, zero, slope): (V, V, V) = (constant(1.0), constant(0.0), constant(WRITE_SLOPE));
            for i in 0..shape.memory {
                let write: V = block.splat(layout.write + i);
                for column in starts::<V>(width) {
                    let at = i * width + column;
                    // forward: bounded = tanh(2/3 o), m = kept + write * bounded
                    // The record has bounded and kept; m is computed once more.
                    let bounded: V = record.vector(shape.bounded_row() * width + at);
                    let now = write.mul_add(bounded, record.vector(shape.branches * width + at));
                    // forward: y = W m   so: d m += W^T d y, d W += d y m^T
                    let mut gradient: V = carried.vector(at);
                    for o in 0..shape.outputs {
                        let of_readout: V = readout.vector(o * width + column);
                        let weight: V = block.splat(layout.readout + o * shape.memory + i);
                        gradient = weight.mul_add(of_readout, gradient);
                        let place = (self.sum.readout + o * shape.memory + i) * width + column;
                        sums.put(place, of_readout.mul_add(now, sums.vector(place)));
                    }
                    // forward: m = kept + write * bounded
                    // so: d kept = d m, d write += d m * bounded,
                    //     d o = d m * write * 2/3 (1 - bounded^2)
                    memory.put(at, gradient);
                    if let Some(row) = self.sum.timescale {
                        let place = (row + shape.memory) * width + at;
                        sums.put(place, gradient.mul_add(bounded, sums.vector(place)));
                    }
                    let inner = zero.sub(bounded).mul_add(bounded, one);
                    let mut answer = gradient.mul(write).mul(slope).mul(inner);
                    // forward: magnitude = mean over time and memory of |o|
                    // so: d o += sign(o) * d magnitude / (T M); bounded has the sign of o
                    if let Some(magnitude) = &self.magnitude {
                        let scale: V = Span::from(&magnitude[..]).vector(local * width + column);
                        let sign = one.where_positive(bounded).sub(one.where_positive(zero.sub(bounded)));
                        answer = scale.mul_add(sign, answer);
                    }
                    // forward: o = mask * answer   so: d answer = mask * d o
                    if let Some(mask) = &self.call.memory_mask {
                        let row = (self.neurons.start + local) * shape.memory;
                        answer = answer.mul(Span::from(&mask[..]).vector(row * width + at));
                    }
                    outputs.put(last * width + at, answer);
                }
            }
        }
    }
}

/// A vector of an unpadded row, zero beyond its end.
///
/// # Safety
/// The row `[row, row + rows)` lies inside of `from`, and the processor has
/// `V`'s instructions.
#[inline(always)]
unsafe fn import<V: Vector>(from: Span<'_, V::E>, row: usize, column: usize, rows: usize) -> V {
    // SAFETY: inside, as the caller says; the array has room for a vector.
    unsafe {
        if column + V::LANES <= rows {
            return from.vector(row + column);
        }
        let mut lanes = [V::E::default(); MOST_LANES];
        for b in column..rows {
            lanes[b - column] = from.get(row + b);
        }
        Span::from(&lanes[..]).vector(0)
    }
}
