//! Scans after scans: in time (the state is carried) and in depth (a layer
//! reads another one).

use super::case::ScanCase;
use super::run::{Leaves, arguments};
use crate::backend::Backend;
use crate::conformance::call::{numbers, weighted_sum};
use crate::conformance::tolerance::{Failure, Result, Tolerance};
use crate::ops;
use crate::reference::Reference;
use crate::scan::{ScanArgs, ScanOutput};
use crate::spec::{Input, Routing, Trace, Want};

/// A layer on a backend, ready to be scanned.
struct Layer<B: Backend> {
    args: ScanArgs<B>,
    dense: B::Tensor,
}

impl<B: Backend> Layer<B> {
    fn new(b: &B, case: &ScanCase) -> crate::Result<Self> {
        let data = case.data();
        let dense = b.variable(&data.dense, &[case.steps, case.layer.inputs, case.rows])?;
        let leaves = Leaves {
            parameters: b.variable(&data.parameters, &[data.parameters.len()])?,
            state: b.variable(&data.state, &[case.layer.state_layout().rows(), case.rows])?,
            dense: dense.clone(),
        };
        let want = Want { gradient: true, magnitude: false, monitors: false };
        Ok(Layer { args: arguments(b, case, &data, &leaves, want)?, dense })
    }

    fn scan(&self, b: &B, dense: B::Tensor, state: &B::Tensor) -> crate::Result<ScanOutput<B>> {
        let steps = b.shape(&dense)[0];
        let input = Input::Dense(dense);
        b.elm_scan(&ScanArgs::<B> { steps, input, state: state.clone(), ..self.args.clone() })
    }
}

/// Values first, then gradients; each with a name and a shape.
type Named = Vec<(String, Vec<usize>, Vec<f32>)>;

/// The answers, and the gradients of their weighted sum for the leaves.
fn differentiated<B: Backend>(
    b: &B,
    answers: &[(&str, &B::Tensor)],
    leaves: &[(&str, &B::Tensor)],
) -> Result<(Named, Named)> {
    let named =
        |name: &str, x: &B::Tensor| -> crate::Result<_> { Ok((name.to_string(), b.shape(x), b.values(x)?)) };
    let mut loss = ops::zeros(b, &[])?;
    let (mut values, mut slopes) = (Vec::new(), Vec::new());
    for (place, (name, answer)) in answers.iter().enumerate() {
        let weights = numbers(900 + place as u64, b.shape(answer).iter().product(), 1.0);
        loss = ops::add(b, &loss, &weighted_sum(b, answer, &weights)?)?;
        values.push(named(name, answer)?);
    }
    let gradients = b.backward(&loss)?;
    for (name, leaf) in leaves {
        let gradient =
            b.gradient(&gradients, leaf).ok_or_else(|| Failure::broken(*name, "got no gradient"))?;
        slopes.push(named(&format!("gradient of {name}"), &gradient)?);
    }
    Ok((values, slopes))
}

fn compare(got: (Named, Named), wanted: (Named, Named)) -> Result<()> {
    let classes = [(Tolerance::Scan, got.0, wanted.0), (Tolerance::ScanGradient, got.1, wanted.1)];
    for (tolerance, got, wanted) in classes {
        for ((name, _, got), (_, shape, wanted)) in got.iter().zip(&wanted) {
            tolerance.compare(name, shape, got, wanted)?;
        }
    }
    Ok(())
}

/// A sequence scanned in two parts, the state carried with its gradient, is
/// the sequence scanned at once.
pub fn scan_in_parts_is_the_whole_scan<B: Backend>(b: &B) -> Result<()> {
    for (trace, feedback) in [
        (Trace::None, 0),
        (Trace::Branch(5.0), 0),
        (Trace::Synapse(5.0), 0),
        (Trace::Branch(5.0), 1),
        (Trace::Synapse(5.0), 1),
    ] {
        let layer = Layer::new(
            b,
            &ScanCase::variation(format!("in parts, {trace:?}, feedback {feedback}"), |case| {
                case.layer.neuron.trace = trace;
                case.layer.neuron.feedback = feedback;
                case.layer.neuron.tau_learnable = true;
                case.masked = [true; 3];
                case.steps = 9;
            }),
        )?;
        let leaves =
            [("parameters", &layer.args.parameters), ("state", &layer.args.state), ("input", &layer.dense)];
        let whole = layer.scan(b, layer.dense.clone(), &layer.args.state)?;
        let wanted = differentiated(b, &[("activity", &whole.activity), ("state", &whole.state)], &leaves)?;
        for border in [1, 4, 8] {
            let first = layer.scan(b, b.narrow(&layer.dense, 0, 0, border)?, &layer.args.state)?;
            let rest = b.narrow(&layer.dense, 0, border, 9 - border)?;
            let second = layer.scan(b, rest, &first.state)?;
            let activity = b.cat(&[first.activity, second.activity], 0)?;
            let answers = [("activity", &activity), ("state", &second.state)];
            compare(differentiated(b, &answers, &leaves)?, wanted.clone())?;
        }
    }
    Ok(())
}

/// A layer that reads another one: gradients reach the lower layer.
pub fn scan_of_a_scan<B: Backend>(b: &B) -> Result<()> {
    compare(two_layers(b)?, two_layers(&Reference)?)
}

fn two_layers<B: Backend>(b: &B) -> Result<(Named, Named)> {
    let lower = Layer::new(b, &ScanCase::base("lower layer"))?;
    let upper = Layer::new(
        b,
        &ScanCase::variation("upper layer", |case| {
            case.stream = 2;
            case.layer.inputs = 3;
            case.layer.neurons = 2;
            case.layer.neuron.hidden_layers = 0;
            case.layer.routing = Routing::Random { recurrent_connect: 0.0 };
        }),
    )?;
    let first = lower.scan(b, lower.dense.clone(), &lower.args.state)?;
    let second = upper.scan(b, first.activity, &upper.args.state)?;
    let leaves = [
        ("lower parameters", &lower.args.parameters),
        ("upper parameters", &upper.args.parameters),
        ("input of the lower layer", &lower.dense),
        ("state of the lower layer", &lower.args.state),
    ];
    differentiated(b, &[("activity", &second.activity), ("state", &second.state)], &leaves)
}
