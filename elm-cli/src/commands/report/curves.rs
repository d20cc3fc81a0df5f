//! Learning curves on a page.

use super::pictures::figure;
use crate::commands::plot::{Against, Measured, Quantity, Style, drawn};
use maud::Markup;

/// Points of training from which on an average is drawn over them, and the
/// share of the training that it spans.
const NOISY: usize = 200;
const SPAN: f64 = 0.01;

/// The loss, what the task measures, and the learning rate, as far as the runs
/// have them.
pub(super) fn figures(runs: &[Measured]) -> Vec<Markup> {
    let is_measured = |quantity: &Quantity| matches!(quantity, Quantity::Measured(_));
    let of_task = Quantity::all().filter(is_measured);
    let shown = [Quantity::LOSS].into_iter().chain(of_task).chain([Quantity::LEARNING_RATE]);
    shown.filter_map(|quantity| of(runs, quantity)).collect()
}

/// The curves of one quantity; `None` where no run has it.
fn of(runs: &[Measured], quantity: Quantity) -> Option<Markup> {
    let longest = runs.iter().map(|run| run.history.of("train").count()).max()?;
    let updates = runs.iter().map(|run| run.history.last_step()).max()?;
    let smooth =
        (longest > NOISY && quantity == Quantity::LOSS).then(|| (SPAN * updates as f64).round().max(1.0));
    let style = Style { quantity, against: Against::Steps, smooth, log_x: false, log_y: false };
    // A run without this quantity is no news on a page of all of them.
    let (_, chart) = drawn(runs, &style, &mut Vec::new()).ok()?;
    let svg = chart.svg().ok()?;
    Some(figure(&quantity.label(None), true, "svg+xml", svg.as_bytes()))
}
