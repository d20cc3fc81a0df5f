//! What is lost without a neuron or a branch.

use super::super::report::{InspectReport, NeuronReport};
use crate::chart::{Axis, Chart};

/// Columns in a picture.
const MOST_COLUMNS: usize = 64;

/// The charts of the ablation.
pub(super) fn charts(report: &InspectReport) -> Vec<(String, Chart)> {
    let mut charts = Vec::new();
    if let Some(ablation) = report.ablation.as_ref().filter(|ablation| !ablation.neurons.is_empty()) {
        let losses = ablation.neurons.iter().map(|neuron| (neuron.neuron, neuron.loss_increase)).collect();
        let title = format!("What is lost without a neuron of layer {}", report.layer.layer);
        charts.push(("ablation".to_string(), columns(&title, "neuron", losses)));
    }
    for neuron in &report.neurons {
        if let Some(losses) = of_branches(neuron) {
            let title = format!("What is lost without a branch of neuron {}", neuron.neuron);
            charts.push((format!("branches-{}", neuron.neuron), columns(&title, "branch", losses)));
        }
    }
    charts
}

/// Branches that were taken away.
fn of_branches(neuron: &NeuronReport) -> Option<Vec<(usize, f64)>> {
    let losses = neuron.branches.iter().filter_map(|branch| Some((branch.branch, branch.loss_increase?)));
    let losses: Vec<(usize, f64)> = losses.collect();
    (!losses.is_empty()).then_some(losses)
}

/// A column for each part, at its number.
fn columns(title: &str, part: &str, mut losses: Vec<(usize, f64)>) -> Chart {
    losses.truncate(MOST_COLUMNS);
    losses.sort_by_key(|&(number, _)| number);
    let place = |(number, loss): (usize, f64)| ([number as f64 - 0.4, number as f64 + 0.4], loss);
    Chart::new(title, Axis::whole(part), Axis::linear("more loss without it"))
        .with_columns("", losses.into_iter().map(place))
}
