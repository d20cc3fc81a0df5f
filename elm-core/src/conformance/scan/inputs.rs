//! What a scan is asked for and fed with.

use super::case::{ScanCase, Seen};
use super::compare::{CALCULATED, compare};
use super::run::{TRAINING, run, run_with};
use crate::backend::Backend;
use crate::conformance::tolerance::Result;
use crate::model::Trace;
use crate::reference::Reference;
use crate::scan::{ScanPath, Want};

/// Tokens (some absent), spike events (some steps silent) and dense values.
pub fn scan_of_every_input<B: Backend>(b: &B) -> Result<()> {
    for seen in [Seen::Dense, Seen::Tokens, Seen::Events] {
        for input_factor in [1.0, 3.0] {
            super::compare::check(
                b,
                &ScanCase::variation(format!("{seen:?} times {input_factor}"), |case| {
                    case.seen = seen;
                    case.input_factor = input_factor;
                }),
            )?;
        }
    }
    Ok(())
}

/// Without a gradient the values are the same, with or without magnitude.
pub fn scan_without_gradient<B: Backend>(b: &B) -> Result<()> {
    for magnitude in [false, true] {
        for seen in [Seen::Dense, Seen::Tokens, Seen::Events] {
            let case = ScanCase::variation(format!("no gradient, {seen:?}"), |case| {
                case.seen = seen;
                case.layer.neuron.trace = Trace::Synapse(5.0);
            });
            let want = Want { gradient: false, magnitude, monitors: false };
            compare(&case, &run(b, &case, want)?, &run(&Reference, &case, want)?, CALCULATED)?;
        }
    }
    Ok(())
}

/// Monitors hold every intermediate, with and without a gradient.
pub fn scan_with_monitors<B: Backend>(b: &B) -> Result<()> {
    for (gradient, trace) in [(false, Trace::None), (true, Trace::Branch(5.0)), (true, Trace::Synapse(5.0))] {
        let case = ScanCase::variation(format!("monitors, {trace:?}"), |case| {
            case.layer.neuron.trace = trace;
            case.masked = [true; 3];
        });
        let want = Want { gradient, magnitude: true, monitors: true };
        compare(&case, &run(b, &case, want)?, &run(&Reference, &case, want)?, CALCULATED)?;
    }
    Ok(())
}

/// A loss of the activity alone, of the end state alone, of the magnitude alone.
pub fn scan_with_a_loss_of_one_answer<B: Backend>(b: &B) -> Result<()> {
    for kept in 0..3 {
        let name = ["activity", "end state", "magnitude"][kept];
        let case = ScanCase::variation(format!("loss of the {name} alone"), |case| {
            case.layer.neuron.tau_learnable = true;
            case.masked = [false, false, true];
        });
        let mut data = case.data();
        let weights = [&mut data.activity_weights, &mut data.state_weights, &mut data.magnitude_weights];
        for (place, weights) in weights.into_iter().enumerate() {
            if place != kept {
                weights.fill(0.0);
            }
        }
        let wanted = run_with(&Reference, &case, &data, TRAINING)?;
        compare(&case, &run_with(b, &case, &data, TRAINING)?, &wanted, CALCULATED)?;
    }
    Ok(())
}

/// 16 384 steps where the scan is fused, forward, backward and freed on an
/// ordinary thread; 400 where it is composed, as graphs may recurse.
pub fn scan_of_a_long_sequence<B: Backend>(b: &B) -> Result<()> {
    let path = run(b, &ScanCase::base("a first run"), TRAINING)?.path;
    let case = ScanCase::variation("long", |case| {
        case.steps = if path == ScanPath::Fused { 16_384 } else { 400 };
        case.layer.neurons = 2;
        case.rows = 2;
        case.layer.neuron.tau_learnable = true;
    });
    super::compare::check(b, &case)
}
