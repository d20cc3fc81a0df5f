//! Neurons that read their own output.

use super::case::ScanCase;
use super::compare::check;
use crate::backend::Backend;
use crate::conformance::tolerance::Result;
use crate::spec::{Activation, MlpActivation, Routing, Trace};

/// Neurons that read their own outputs, with every trace; with synapses that
/// are rectified, that are fixed, and with others that read the layer's activity.
pub fn scan_with_feedback<B: Backend>(b: &B) -> Result<()> {
    for trace in [Trace::None, Trace::Branch(4.0), Trace::Synapse(2.0)] {
        for (neurons, outputs, share) in [(1, 2, 0.0), (2, 3, 0.0), (3, 1, 0.5)] {
            for (rectified, fixed) in [(false, None), (true, None), (true, Some(0.5))] {
                let name = format!("feedback of {neurons} x {outputs}, {trace:?}, {rectified}, {fixed:?}");
                let case = ScanCase::variation(name, |case| {
                    (case.layer.neurons, case.layer.outputs) = (neurons, outputs);
                    case.layer.routing = Routing::Random { recurrent_connect: share };
                    let neuron = &mut case.layer.neuron;
                    (neuron.feedback, neuron.trace, neuron.input_scale) = (outputs, trace, 0.5);
                    (neuron.rectified, neuron.fixed_synapse_weight) = (rectified, fixed);
                    // Outputs that are not cut off, so that gradients do not shrink to their rounding.
                    (neuron.activation, neuron.mlp_activation) = (Activation::Identity, MlpActivation::Silu);
                    neuron.high_pass_tau = (outputs == 1).then_some(3.0);
                });
                check(b, &case)?;
            }
        }
    }
    Ok(())
}
