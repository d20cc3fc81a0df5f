//! The recurrence in plain f64 loops, written from the equations alone: slow,
//! without any of the kernels' ideas.

use super::cases::Case;
use crate::spec::{Activation, LambdaMode, MlpActivation, NO_TOKEN, Role, Trace};

/// Everything that a forward pass answers.
#[derive(Default)]
pub(super) struct Answer {
    pub activity: Vec<f64>,
    pub state: Vec<f64>,
    pub magnitude: Vec<f64>,
    pub branch: Vec<f64>,
    pub mlp: Vec<f64>,
    pub memory: Vec<f64>,
    pub readout: Vec<f64>,
    pub preactivation: Vec<f64>,
}

impl Answer {
    /// The scalar that gradients are taken of.
    pub(super) fn loss(&self, case: &Case) -> f64 {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        dot(&self.activity, &case.activity_gradient)
            + dot(&self.state, &case.state_gradient)
            + dot(&self.magnitude, &case.magnitude_gradient)
    }
}

/// Runs a case with these parameters, dense input and start state.
pub(super) fn run(case: &Case, parameters: &[f64], dense: &[f64], state: &[f64]) -> Answer {
    let mut answer = Answer { magnitude: vec![0.0; case.layer.neurons * case.rows], ..Answer::default() };
    let layout = case.layer.state_layout();
    answer.state = state.to_vec();
    let outputs = case.layer.neurons * case.layer.outputs;
    for t in 0..case.steps {
        let before = answer.state.clone();
        let mut rows = StepRows::new(case);
        for b in 0..case.rows {
            for n in 0..case.layer.neurons {
                neuron(case, parameters, dense, &before, t, n, b, &mut answer, &mut rows);
            }
        }
        answer.activity.extend(&answer.state[layout.activity.start * case.rows..][..outputs * case.rows]);
        answer.branch.extend(rows.branch);
        answer.mlp.extend(rows.mlp);
        answer.memory.extend(&answer.state[layout.memory.start * case.rows..layout.memory.end * case.rows]);
        answer.readout.extend(rows.readout);
        answer.preactivation.extend(rows.preactivation);
    }
    let entries = (case.steps * case.layer.neuron.memory) as f64;
    answer.magnitude.iter_mut().for_each(|sum| *sum /= entries);
    answer
}

/// The intermediates of one step.
struct StepRows {
    branch: Vec<f64>,
    mlp: Vec<f64>,
    readout: Vec<f64>,
    preactivation: Vec<f64>,
}

impl StepRows {
    fn new(case: &Case) -> Self {
        let n = case.layer.neurons * case.rows;
        StepRows {
            branch: vec![0.0; n * case.layer.neuron.all_branches()],
            mlp: vec![0.0; n * case.layer.neuron.memory],
            readout: vec![0.0; n * case.layer.outputs],
            preactivation: vec![0.0; n * case.layer.outputs],
        }
    }
}

/// What a synapse wired to `source` sees.
fn seen(case: &Case, dense: &[f64], before: &[f64], t: usize, source: usize, b: usize) -> f64 {
    let (channels, rows) = (case.layer.inputs, case.rows);
    if source < channels {
        let mut x = dense.get((t * channels + source) * rows + b).copied().unwrap_or(0.0);
        if let Some(tokens) = &case.tokens {
            x = f64::from(u8::from(
                tokens[t * rows + b] != NO_TOKEN && tokens[t * rows + b] as usize == source,
            ));
        }
        if let Some(events) = &case.events {
            for event in &events.entries[events.starts[t] as usize..events.starts[t + 1] as usize] {
                if event.channel as usize == source && event.row as usize == b {
                    x += f64::from(event.count);
                }
            }
        }
        let mask = case.masks.input.as_ref().map_or(1.0, |mask| mask[source * rows + b]);
        return x * f64::from(case.input_factor) * f64::from(mask);
    }
    let n = source - channels;
    if n == case.layer.neurons || !case.layer.is_recurrent() {
        return 0.0;
    }
    let mask = case.masks.recurrent.as_ref().map_or(1.0, |mask| mask[n * rows + b]);
    before[n * rows + b] * f64::from(mask)
}

fn neuron(
    case: &Case,
    parameters: &[f64],
    dense: &[f64],
    before: &[f64],
    t: usize,
    n: usize,
    b: usize,
    answer: &mut Answer,
    out: &mut StepRows,
) {
    let (layer, spec, rows) = (&case.layer, &case.layer.neuron, case.rows);
    let parameter_layout = layer.parameter_layout();
    let layout = layer.state_layout();
    let part = |role: Role| {
        let range = parameter_layout.get(&role).unwrap().range.clone();
        let each = range.len() / layer.neurons;
        &parameters[range.start + n * each..range.start + (n + 1) * each]
    };
    let weight = |role: Role, place: usize| {
        let weight = spec.fixed_synapse_weight.unwrap_or_else(|| part(role)[place]);
        if spec.rectified { weight.max(0.0) } else { weight }
    };
    // Synapses, traces, branches.
    let mut z = Vec::new();
    for k in 0..spec.branches {
        let mut sum = 0.0;
        for j in k * spec.synapses_per_branch..(k + 1) * spec.synapses_per_branch {
            let w = weight(Role::SynapseWeight, j);
            let source = case.sources[n * spec.synapses() + j] as usize;
            let mut u = w * seen(case, dense, before, t, source, b);
            if let Trace::Synapse(tau) = spec.trace {
                let place = (layout.trace.start + n * spec.traces() + j) * rows + b;
                u += (-spec.delta_t / tau).exp() * before[place];
                answer.state[place] = u;
            }
            sum += u;
        }
        let mut branch = spec.input_scale * sum;
        if let Trace::Branch(tau) = spec.trace {
            let place = (layout.trace.start + n * spec.traces() + k) * rows + b;
            branch += (-spec.delta_t / tau).exp() * before[place];
            answer.state[place] = branch;
        }
        out.branch[(n * spec.all_branches() + k) * rows + b] = branch;
        z.push(branch);
    }
    // Its own outputs of the step before.
    for o in 0..spec.feedback {
        let mut fed = weight(Role::FeedbackWeight, o) * before[(n * layer.outputs + o) * rows + b];
        if let Trace::Branch(tau) | Trace::Synapse(tau) = spec.trace {
            let place = (layout.trace.start + (n + 1) * spec.traces() - spec.feedback + o) * rows + b;
            fed += (-spec.delta_t / tau).exp() * before[place];
            answer.state[place] = fed;
        }
        out.branch[(n * spec.all_branches() + spec.branches + o) * rows + b] = fed;
        z.push(fed);
    }
    // Timescales and decayed memory.
    let mut kept = Vec::new();
    let mut write = Vec::new();
    for i in 0..spec.memory {
        let raw = match &case.fixed_tau_raw {
            Some(fixed) => f64::from(fixed[n * spec.memory + i]),
            None => part(Role::TauRaw)[i],
        };
        let tau = spec.tau_low + (spec.tau_high - spec.tau_low) / (1.0 + (-raw).exp());
        let decay = (-spec.delta_t / tau.max(1e-6)).exp();
        kept.push(decay * before[(layout.memory.start + n * spec.memory + i) * rows + b]);
        write.push(match spec.lambda_mode {
            LambdaMode::TimescaleRatio => 1.0 - (-spec.delta_t * spec.lambda / tau.max(1e-6)).exp(),
            LambdaMode::Scale => spec.lambda * (1.0 - decay),
        });
    }
    z.extend(&kept);
    // MLP.
    let shapes = spec.mlp_shapes();
    for (j, &(inputs, outputs)) in shapes.iter().enumerate() {
        let (weight, bias) = (part(Role::MlpWeight(j)), part(Role::MlpBias(j)));
        let linear = |h: usize| bias[h] + (0..inputs).map(|k| weight[h * inputs + k] * z[k]).sum::<f64>();
        z = (0..outputs).map(linear).collect();
        if j + 1 < shapes.len() {
            z.iter_mut().for_each(|x| {
                *x = match spec.mlp_activation {
                    MlpActivation::Relu => x.max(0.0),
                    MlpActivation::ReluSquared => x.max(0.0).powi(2),
                    MlpActivation::Silu => *x / (1.0 + (-*x).exp()),
                }
            });
        }
    }
    // Memory.
    let mut memory = Vec::new();
    for i in 0..spec.memory {
        let place = (n * spec.memory + i) * rows + b;
        let o = z[i] * case.masks.memory.as_ref().map_or(1.0, |mask| f64::from(mask[place]));
        out.mlp[place] = o;
        answer.magnitude[n * rows + b] += o.abs();
        memory.push(kept[i] + write[i] * 1.7159 * (2.0 / 3.0 * o).tanh());
        answer.state[layout.memory.start * rows + place] = memory[i];
    }
    // Readout.
    for o in 0..layer.outputs {
        let weight = &part(Role::ReadoutWeight)[o * spec.memory..(o + 1) * spec.memory];
        let y: f64 = weight.iter().zip(&memory).map(|(w, m)| w * m).sum();
        let place = (n * layer.outputs + o) * rows + b;
        out.readout[place] = y;
        let mut v = y;
        if let Some(tau) = spec.high_pass_tau {
            let decay = (-spec.delta_t / tau).exp();
            let at = layout.readout_average.start * rows + place;
            answer.state[at] = decay * before[at] + (1.0 - decay) * y;
            v -= answer.state[at];
        }
        out.preactivation[place] = v;
        let v = v + part(Role::ReadoutBias)[o];
        answer.state[place] = match spec.activation {
            Activation::Identity => v,
            Activation::Relu => v.max(0.0),
            Activation::Spike => f64::from(u8::from(v > 0.0)),
        };
    }
}
