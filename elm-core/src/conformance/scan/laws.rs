//! What holds for every recurrence, whatever it is compared with.

use super::case::{ScanCase, ScanData};
use super::compare::{REPEATED, compare};
use super::run::{ScanGradients, TRAINING, run, run_with};
use crate::backend::Backend;
use crate::conformance::tolerance::{Failure, Result, Tolerance};
use crate::spec::{Activation, MlpActivation, Role, Routing, Trace};

/// Twice the same gives twice the same bits, gradients included.
pub fn scan_is_deterministic<B: Backend>(b: &B) -> Result<()> {
    let case = ScanCase::variation("twice", |case| {
        case.layer.neurons = 19;
        case.rows = 8;
        case.layer.neuron.tau_learnable = true;
        case.masked = [true; 3];
    });
    let first = run(b, &case, TRAINING)?;
    (0..3).try_for_each(|_| compare(&case, &run(b, &case, TRAINING)?, &first, REPEATED))
}

/// What is seen from step 4 on changes no bit of the activity before, and
/// the activity before has no gradient for it.
pub fn scan_is_causal<B: Backend>(b: &B) -> Result<()> {
    let border = 4;
    let case = ScanCase::variation("causality", |case| case.layer.neuron.trace = Trace::Branch(5.0));
    let layer = &case.layer;
    let (seen, shown) = (border * layer.inputs * case.rows, border * layer.neurons * case.rows);
    let mut data = case.data();
    only_activity(&mut data, |element| element < shown);
    let plain = run_with(b, &case, &data, TRAINING)?;
    let mut changed = data.clone();
    changed.dense[seen..].iter_mut().for_each(|value| *value = 3.0 - *value);
    let other = run_with(b, &case, &changed, TRAINING)?;
    let shape = [border, layer.neurons, case.rows];
    let what = "activity before the input changed";
    Tolerance::Exact.compare(what, &shape, &other.activity[..shown], &plain.activity[..shown])?;
    if other.activity[shown..] == plain.activity[shown..] {
        return Err(Failure::broken("activity after the input changed", "has not changed"));
    }
    let gradient = dense_gradient(plain.gradients)?;
    let shape = [case.steps - border, layer.inputs, case.rows];
    let zeros = vec![0.0; shape.iter().product()];
    Tolerance::Elementwise.compare("gradient of later inputs", &shape, &gradient[seen..], &zeros)
}

/// With an MLP of zeros memory decays: `m_t = decay^t m_0`, `y = W_y m_t + b`.
pub fn scan_with_a_silent_mlp_only_decays<B: Backend>(b: &B) -> Result<()> {
    let case = ScanCase::variation("silent MLP", |case| {
        case.layer.neuron.activation = Activation::Identity;
        case.layer.neuron.high_pass_tau = None;
        case.steps = 12;
    });
    let (layer, rows) = (&case.layer, case.rows);
    let mut data = case.data();
    let layout = layer.parameter_layout();
    for tensor in
        layout.tensors.iter().filter(|tensor| matches!(tensor.name, Role::MlpWeight(_) | Role::MlpBias(_)))
    {
        data.parameters[tensor.range.clone()].fill(0.0);
    }
    let parameter = |role: Role, place: usize| {
        layout.get(&role).map_or(f64::NAN, |tensor| f64::from(data.parameters[tensor.range.start + place]))
    };
    let neuron = &layer.neuron;
    let decay = |unit: usize| {
        let raw = data.fixed_tau_raw.as_ref().map_or(f64::NAN, |raw| f64::from(raw[unit]));
        neuron.decay(neuron.tau_low + (neuron.tau_high - neuron.tau_low) / (1.0 + (-raw).exp()))
    };
    let first_memory = layer.state_layout().memory.start;
    let mut wanted = Vec::new();
    for step in 0..case.steps {
        for n in 0..layer.neurons {
            for row in 0..rows {
                let units = n * neuron.memory..(n + 1) * neuron.memory;
                let readout = units.map(|unit| {
                    let start = f64::from(data.state[(first_memory + unit) * rows + row]);
                    parameter(Role::ReadoutWeight, unit) * decay(unit).powi(step as i32 + 1) * start
                });
                wanted.push((readout.sum::<f64>() + parameter(Role::ReadoutBias, n)) as f32);
            }
        }
    }
    let got = run_with(b, &case, &data, TRAINING)?;
    let shape = [case.steps, layer.neurons, rows];
    Tolerance::Scan.compare("activity with a silent MLP", &shape, &got.activity, &wanted)?;
    let magnitude = got.magnitude.unwrap_or_default();
    let zeros = vec![0.0; layer.neurons * rows];
    Tolerance::Exact.compare("magnitude of a silent MLP", &[layer.neurons, rows], &magnitude, &zeros)
}

/// Where nothing is cut off by a relu or left unconnected, every single
/// parameter has a finite gradient other than 0.
pub fn scan_gives_every_parameter_a_gradient<B: Backend>(b: &B) -> Result<()> {
    for depth in 0..3 {
        let case = ScanCase::variation(format!("gradients at depth {depth}"), |case| {
            let neuron = &mut case.layer.neuron;
            neuron.hidden_layers = depth;
            neuron.activation = Activation::Identity;
            neuron.mlp_activation = MlpActivation::Silu;
            neuron.tau_learnable = true;
            case.layer.routing = Routing::Random { recurrent_connect: 0.5 };
        });
        let gradients = run(b, &case, TRAINING)?.gradients.and_then(|gradients| gradients.parameters);
        let Some(gradients) = gradients else {
            return Err(Failure::broken("parameters of a layer", "no gradient"));
        };
        for tensor in &case.layer.parameter_layout().tensors {
            let cut = gradients[tensor.range.clone()].iter().position(|g| !g.is_finite() || *g == 0.0);
            if let Some(place) = cut {
                let value = gradients[tensor.range.start + place];
                let fault = format!("element {place} of shape {:?} is {value}", tensor.shape);
                return Err(Failure::broken(format!("gradient of {} in {}", tensor.name, case.name), fault));
            }
        }
    }
    Ok(())
}

/// Leaves only the chosen elements of the activity in the loss.
pub(super) fn only_activity(data: &mut ScanData, keep: impl Fn(usize) -> bool) {
    data.state_weights.fill(0.0);
    data.magnitude_weights.fill(0.0);
    for (element, weight) in data.activity_weights.iter_mut().enumerate() {
        if !keep(element) {
            *weight = 0.0;
        }
    }
}

/// The gradient of a dense input.
pub(super) fn dense_gradient(gradients: Option<ScanGradients>) -> Result<Vec<f32>> {
    let missing = || Failure::broken("gradient of a dense input", "missing");
    gradients.and_then(|gradients| gradients.dense).ok_or_else(missing)
}
