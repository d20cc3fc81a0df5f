//! The report for people.

use super::report::{AblationReport, ExampleReport, InspectReport, LayerReport};
use std::fmt::Write;

/// Examples and neurons that are told one by one.
const TOLD: usize = 5;

impl InspectReport {
    /// The most important numbers, in lines.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} with the {} weights (step {}) on {} of the {} split\n",
            self.run,
            self.checkpoint,
            self.step,
            counted(self.examples.len(), "example"),
            self.split
        );
        let _ = write!(text, "loss {:.4}", self.summary.loss);
        if let Some(bpc) = self.summary.bpc {
            let _ = write!(text, ", {bpc:.4} bpc");
        }
        if let Some(accuracy) = self.summary.accuracy {
            let _ = write!(text, ", {:.2} % right", 100.0 * accuracy);
        }
        text += &format!(" ({})\n", counted(self.summary.predictions, "prediction"));
        text.extend(self.examples.iter().take(TOLD).filter_map(ExampleReport::line));
        text += &self.layer.text();
        if let Some(ablation) = &self.ablation {
            text += &ablation.text();
        }
        text += "files:\n";
        text.extend(self.files.iter().map(|file| format!("  {file}\n")));
        text
    }
}

impl ExampleReport {
    fn line(&self) -> Option<String> {
        let (label, prediction) = (self.label.as_ref()?, self.prediction.as_deref().unwrap_or("nothing"));
        let share = self.probability.map_or("?".to_string(), percent);
        let number = self.example;
        Some(format!("  example {number}: class {label} (probability {share}), answered {prediction}\n"))
    }
}

impl LayerReport {
    fn text(&self) -> String {
        let mut text =
            format!("layer {} of {}: {}", self.layer, self.layers, counted(self.neurons, "neuron"));
        if self.outputs > 1 {
            let _ = write!(text, " with {} outputs", self.outputs);
        }
        text += "\n";
        let mut line = |name: &str, value: String| text += &format!("  {name:<28} {value}\n");
        if let (Some(active), Some(silent), Some(saturated)) =
            (self.fraction_active, &self.silent, &self.saturated)
        {
            line("active at a time", percent(active));
            line("silent, saturated", format!("{}, {}", silent.len(), saturated.len()));
        }
        if let Some(events) = &self.events {
            let figure = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.2}"));
            line(&format!("Fano factor of {}s", events.event), figure(events.fano_factor));
            line("mean interval (steps)", figure(events.mean_interval));
        }
        if let Some(size) = self.likeness.mean_absolute_correlation {
            line("mean size of correlations", format!("{size:.3}"));
        }
        if let Some(rank) = self.likeness.effective_rank {
            line("effective rank", format!("{rank:.1} of {}", self.likeness.units));
        }
        let scales = &self.timescales;
        let how = if scales.learnable { "trained" } else { "fixed" };
        line("timescales (steps)", format!("{:.3} to {:.3}, {how}", scales.low, scales.high));
        text
    }
}

impl AblationReport {
    fn text(&self) -> String {
        let mut text = format!("loss without (on {}):\n", counted(self.examples, "example"));
        for group in &self.groups {
            let name = format!("{} {}", group.synapses, group.group);
            text += &format!("  {name:<28} {:+.4}\n", group.loss_increase);
        }
        for neuron in self.neurons.iter().take(TOLD) {
            let name = format!("neuron {}", neuron.neuron);
            text += &format!("  {name:<28} {:+.4}\n", neuron.loss_increase);
        }
        text
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
