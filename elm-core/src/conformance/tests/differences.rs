//! The reference backend's gradients against central differences in f64.

use crate::backend::Backend;
use crate::conformance::call::{Call, Operand, loss_weights, weighted_sum};
use crate::conformance::primitives::{self as calls, Called};
use crate::conformance::scan::{Leaves, ScanCase, ScanData, TRAINING, drawn_case, loss, run_with, scan};
use crate::ops;
use crate::random::{Draws, Purpose};
use crate::reference::{Reference, Tensor};
use crate::spec::{Activation, MlpActivation, Role};
use proptest::prelude::*;
use std::ops::Range;

/// Differences over several distances: one may step over a kink, another
/// drown in rounding, and a wrong gradient is wrong at all of them.
const DISTANCES: [f64; 4] = [1e-4, 1e-5, 1e-6, 1e-7];

/// Is the directional derivative of `value` what `gradient` says?
fn agrees(
    x: &[f64],
    gradient: &[f64],
    places: Range<usize>,
    value: impl Fn(&[f64]) -> f64,
) -> Result<(), String> {
    let mut draws = Draws::new(3, Purpose::MadeUp, [places.start as u64, places.end as u64]);
    let direction: Vec<f64> = (0..x.len())
        .map(|place| if places.contains(&place) { f64::from(draws.symmetric(1.0)) } else { 0.0 })
        .collect();
    let slope: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
    let size: f64 = gradient[places].iter().map(|g| g.abs()).fold(1e-3, f64::max);
    let moved = |distance: f64| x.iter().zip(&direction).map(|(x, d)| x + distance * d).collect::<Vec<_>>();
    let difference = |h: f64| (value(&moved(h)) - value(&moved(-h))) / (2.0 * h);
    let seen = DISTANCES.map(difference);
    if seen.iter().any(|seen| (seen - slope).abs() <= 1e-6 * size) {
        return Ok(());
    }
    Err(format!("slope {slope:e}, differences {seen:?} over {DISTANCES:?}"))
}

fn weighted(call: &Call, x: &[Tensor]) -> Tensor {
    let answer = call.apply(&Reference, x).unwrap();
    let count = Reference.shape(&answer).iter().product();
    weighted_sum(&Reference, &answer, &loss_weights(count)).unwrap()
}

fn check_call((call, operands): &Called) -> Result<(), String> {
    let wide = |operand: &Operand| operand.values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let leaf = |values: &[f64], operand: &Operand| Reference.variable64(values, &operand.shape).unwrap();
    for which in 0..operands.len() {
        let place = |values: &[f64]| -> Vec<Tensor> {
            let values = |other: usize| if other == which { values.to_vec() } else { wide(&operands[other]) };
            operands.iter().enumerate().map(|(other, operand)| leaf(&values(other), operand)).collect()
        };
        let x = wide(&operands[which]);
        let leaves = place(&x);
        let gradients = Reference.backward(&weighted(call, &leaves)).unwrap();
        let gradient = Reference.gradient(&gradients, &leaves[which]);
        let gradient = gradient.map_or(vec![0.0; x.len()], |gradient| Reference.values64(&gradient));
        agrees(&x, &gradient, 0..x.len(), |x| Reference.values64(&weighted(call, &place(x)))[0])
            .map_err(|fault| format!("argument {which} of {call:?}: {fault}"))?;
    }
    Ok(())
}

#[test]
fn gradients_of_primitives_are_central_differences() {
    let lists = [
        calls::unary_calls(),
        calls::binary_calls(&calls::BROADCAST),
        calls::affine_calls(),
        calls::sum_calls(),
        calls::product_calls(),
        calls::layout_calls(),
        calls::joining_calls(),
        calls::unstacking_calls(),
        calls::select_calls(),
        calls::composed_calls(),
    ];
    for called in lists.iter().flatten() {
        check_call(called).unwrap();
    }
}

/// The leaves of a case in f64, and what is differentiated.
struct Wide<'a> {
    case: &'a ScanCase,
    data: &'a ScanData,
}

impl Wide<'_> {
    /// Parameters, start state and dense input, one after the other.
    fn values(&self) -> Vec<f64> {
        let parts = [&self.data.parameters, &self.data.state, &self.data.dense];
        parts.into_iter().flatten().map(|&x| f64::from(x)).collect()
    }

    fn leaves(&self, values: &[f64]) -> Leaves<Reference> {
        let (parameters, rest) = values.split_at(self.data.parameters.len());
        let (state, dense) = rest.split_at(self.data.state.len());
        let (layer, rows) = (&self.case.layer, self.case.rows);
        let leaf = |values: &[f64], shape: &[usize]| Reference.variable64(values, shape).unwrap();
        Leaves {
            parameters: leaf(parameters, &[parameters.len()]),
            state: leaf(state, &[layer.state_layout().rows(), rows]),
            dense: leaf(dense, &[self.case.steps, layer.inputs, rows]),
        }
    }

    fn loss(&self, leaves: &Leaves<Reference>) -> Tensor {
        let answer = scan(&Reference, self.case, self.data, leaves, TRAINING).unwrap();
        loss(&Reference, self.data, &answer).unwrap()
    }

    /// Checks every named parameter, the state and the input on its own.
    fn check(&self) -> Result<(), String> {
        let x = self.values();
        let leaves = self.leaves(&x);
        let gradients = Reference.backward(&self.loss(&leaves)).unwrap();
        let mut gradient = Vec::new();
        for leaf in [&leaves.parameters, &leaves.state, &leaves.dense] {
            let elements = Reference.shape(leaf).iter().product();
            let own = Reference.gradient(&gradients, leaf);
            gradient.extend(own.map_or(vec![0.0; elements], |own| Reference.values64(&own)));
        }
        let (parameters, state) = (self.data.parameters.len(), self.data.state.len());
        let mut parts: Vec<(String, Range<usize>)> = Vec::new();
        for tensor in self.case.layer.parameter_layout().tensors {
            parts.push((tensor.name.to_string(), tensor.range));
        }
        parts.push(("start state".into(), parameters..parameters + state));
        parts.push(("input".into(), parameters + state..x.len()));
        for (name, places) in parts {
            let value = |x: &[f64]| Reference.values64(&self.loss(&self.leaves(x)))[0];
            agrees(&x, &gradient, places, value).map_err(|fault| format!("{name}: {fault}"))?;
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gradients_of_composed_scans_are_central_differences(picks in prop::collection::vec(0usize..1000, 42)) {
        let mut picks = picks.into_iter();
        let case = drawn_case("drawn by proptest", |count| picks.next().unwrap_or(0) % count);
        let data = case.data();
        let checked = Wide { case: &case, data: &data }.check();
        prop_assert!(checked.is_ok(), "{}: {case:?}", checked.unwrap_err());
    }
}

/// The surrogate has no difference quotient: its formula is checked instead.
#[test]
fn a_spike_has_its_surrogate_gradient() {
    let values = [-2.0, -0.01, 0.0, 0.004, 1.5];
    let v = Reference.variable64(&values, &[5]).unwrap();
    let spikes = ops::activation(&Reference, Activation::Spike, &v).unwrap();
    assert_eq!(Reference.values64(&spikes), [0.0, 0.0, 0.0, 1.0, 1.0]);
    let gradients = Reference.backward(&ops::sum_all(&Reference, &spikes).unwrap()).unwrap();
    let gradient = Reference.values64(&Reference.gradient(&gradients, &v).unwrap());
    for (v, gradient) in values.iter().zip(gradient) {
        let wanted = 1.0 / (100.0 * v.abs() + 1.0).powi(2);
        assert!((gradient - wanted).abs() < 1e-12, "at {v}: {gradient} instead of {wanted}");
    }
}

/// A rounding difference must not decide whether a neuron spikes.
#[test]
fn spiking_cases_keep_their_distance_from_the_threshold() {
    for hidden in [MlpActivation::Relu, MlpActivation::Silu, MlpActivation::ReluSquared] {
        let case = ScanCase::variation("spiking", |case| {
            case.layer.neuron.activation = Activation::Spike;
            case.layer.neuron.mlp_activation = hidden;
        });
        let data = case.data();
        let want = crate::spec::Want { monitors: true, ..TRAINING };
        let result = run_with(&Reference, &case, &data, want).unwrap();
        let layout = case.layer.parameter_layout();
        let bias = &data.parameters[layout.get(&Role::ReadoutBias).unwrap().range.clone()];
        for (place, value) in result.monitors.unwrap().preactivation.iter().enumerate() {
            let v = value + bias[place / case.rows % case.layer.neurons];
            assert!(v.abs() > 1e-3, "{hidden:?}: {v} at element {place}");
        }
        let spikes = result.activity.iter().filter(|&&a| a == 1.0).count();
        assert!(spikes > 5 && spikes + 5 < result.activity.len(), "{spikes} of {}", result.activity.len());
    }
}

/// Forward, backward and freeing of a long graph on a test thread's stack.
#[test]
fn a_composed_scan_of_5000_steps_needs_no_stack() {
    let case = ScanCase::variation("long", |case| {
        case.steps = 5000;
        case.rows = 1;
        case.layer.neurons = 2;
    });
    let result = run_with(&Reference, &case, &case.data(), TRAINING).unwrap();
    let gradient = result.gradients.and_then(|gradients| gradients.parameters).unwrap();
    assert!(gradient.iter().all(|g| g.is_finite()) && gradient.iter().any(|g| *g != 0.0));
}
