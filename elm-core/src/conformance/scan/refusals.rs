//! Arguments that do not fit a layer must be an error.

use super::case::{ScanCase, ScanData, Seen};
use super::run::{TRAINING, attempt};
use crate::backend::Backend;
use crate::conformance::refusals::refused;
use crate::conformance::tolerance::Result;
use crate::spec::Routing;

type Edit = fn(&mut ScanCase, &mut ScanData);

/// Shapes, indices and options that contradict the layer.
pub fn impossible_scans_are_refused<B: Backend>(b: &B) -> Result<()> {
    let edits: [(&str, Seen, Edit); 17] = [
        ("too few parameters", Seen::Dense, |_, data| data.parameters.truncate(9)),
        ("a missing source", Seen::Dense, |_, data| data.sources.truncate(5)),
        ("a source that does not exist", Seen::Dense, |_, data| data.sources[3] = 9),
        ("no fixed timescales", Seen::Dense, |_, data| data.fixed_tau_raw = None),
        ("too few fixed timescales", Seen::Dense, |_, data| data.fixed_tau_raw = Some(vec![0.0; 3])),
        ("timescales both fixed and learnable", Seen::Dense, |case, data| {
            case.layer.neuron.tau_learnable = true;
            let fixed = data.fixed_tau_raw.take();
            *data = case.data();
            data.fixed_tau_raw = fixed;
        }),
        ("a short input mask", Seen::Dense, |_, data| data.masks.input = Some([1.0; 5].into())),
        ("a short input mask", Seen::Tokens, |_, data| data.masks.input = Some([1.0; 5].into())),
        ("a short recurrent mask", Seen::Dense, |_, data| data.masks.recurrent = Some([1.0; 3].into())),
        ("a long memory mask", Seen::Dense, |_, data| data.masks.memory = Some([1.0; 37].into())),
        ("too few tokens", Seen::Tokens, |_, data| data.tokens.truncate(20)),
        ("a token that does not exist", Seen::Tokens, |_, data| data.tokens[7] = 5),
        ("too few starts", Seen::Events, |_, data| data.events.starts.truncate(7)),
        ("starts beyond the events", Seen::Events, |_, data| data.events.starts[7] += 1),
        ("starts that fall", Seen::Events, |_, data| data.events.starts[2] = 0),
        ("a channel that does not exist", Seen::Events, |_, data| data.events.entries[0].channel = 5),
        ("a row that does not exist", Seen::Events, |_, data| data.events.entries[0].row = 3),
    ];
    for (name, seen, edit) in edits {
        let mut case = ScanCase::variation(name, |case| case.seen = seen);
        let mut data = case.data();
        edit(&mut case, &mut data);
        refused(&format!("a scan of {seen:?} with {name}"), attempt(b, &case, &data, TRAINING))?;
    }
    Ok(())
}

/// Sequences without steps or rows, and neurons that would have to read
/// several outputs of each other, or more of their own than there are.
pub fn impossible_layers_are_refused<B: Backend>(b: &B) -> Result<()> {
    let changes: [(&str, fn(&mut ScanCase)); 4] = [
        ("no steps", |case| case.steps = 0),
        ("no rows", |case| case.rows = 0),
        ("more outputs fed back than there are", |case| case.layer.neuron.feedback = 2),
        ("several outputs and recurrence", |case| {
            case.layer.outputs = 2;
            case.layer.routing = Routing::Random { recurrent_connect: 0.5 };
        }),
    ];
    for (name, change) in changes {
        let case = ScanCase::variation(name, change);
        refused(&format!("a scan with {name}"), attempt(b, &case, &case.data(), TRAINING))?;
    }
    Ok(())
}
