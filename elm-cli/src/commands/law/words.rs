//! What `elm law` answers, for people.

use super::Recommendation;
use super::report::{LawReport, TheoryReport};
use std::fmt::Write;

/// A power law as `floor + (P / size)^-exponent`: `a` alone has too many digits
/// to be read.
pub(super) fn law(l_inf: f64, a: f64, alpha: f64) -> String {
    let size = a.powf(1.0 / alpha);
    let digits = if size >= 100.0 { 0 } else { 4 };
    format!("{l_inf:.4} + (P / {size:.digits$})^-{alpha:.3}")
}

impl LawReport {
    /// The report for people.
    pub fn text(&self) -> String {
        let mut text = format!("{}: {}", self.metric, self.tables.join(", "));
        if self.chosen_on == self.reported_on {
            let _ = writeln!(text, " (chosen and reported on {})", self.chosen_on);
        } else {
            let _ = writeln!(text, " (chosen on {}, reported on {})", self.chosen_on, self.reported_on);
        }
        self.say_optima(&mut text);
        match (&self.recipe, &self.recipe_reason) {
            (Some(recipe), _) => {
                let [low, high] = recipe.interval;
                let _ = writeln!(
                    text,
                    "recipe: d_m ~ N^{:.2} ({low:.2} to {high:.2}); published: N^0.5",
                    recipe.exponent
                );
            }
            (None, Some(reason)) => _ = writeln!(text, "recipe: {reason}"),
            (None, None) => {}
        }
        match (&self.power_law, &self.reason) {
            (Some(law), _) => {
                let ([l0, l1], [e0, e1]) = (law.intervals.l_inf, law.intervals.alpha);
                let _ = writeln!(
                    text,
                    "power law: {} = {}, off by {:.4} (floor {l0:.4} to {l1:.4}, exponent {e0:.3} to {e1:.3})",
                    law.of,
                    self::law(law.l_inf, law.a, law.alpha),
                    law.rms_error
                );
            }
            (None, Some(reason)) => _ = writeln!(text, "power law: {reason}"),
            (None, None) => {}
        }
        match (&self.theory, &self.theory_reason) {
            (Some(theory), _) => theory.say(&mut text),
            (None, Some(reason)) => _ = writeln!(text, "theory: {reason}"),
            (None, None) => {}
        }
        self.say_front(&mut text);
        if let Some(recommendation) = &self.recommendation {
            recommendation.say(&self.metric, &mut text);
        }
        if !self.files.is_empty() {
            let _ = writeln!(text, "written: {}", self.files.join(", "));
        }
        text
    }

    fn say_optima(&self, text: &mut String) {
        if self.optimum.is_empty() {
            let _ = writeln!(text, "optimum: no budget has three different numbers of neurons");
        }
        for best in &self.optimum {
            let [low, high] = best.neurons_interval;
            let _ = write!(
                text,
                "budget {:.0}: best at N {:.0} ({low:.0} to {high:.0})",
                best.budget, best.num_neurons
            );
            if let (Some(memory), Some([low, high])) = (best.num_memory, best.interval) {
                let _ = write!(text, ", d_m {memory:.1} ({low:.1} to {high:.1})");
            }
            let _ = write!(text, "; best on validation: N {:.0}", best.measured.num_neurons);
            if let Some(memory) = best.measured.num_memory {
                let _ = write!(text, ", d_m {memory}");
            }
            let _ = writeln!(text, ", {} {:.4}", self.metric, best.value);
        }
    }

    fn say_front(&self, text: &mut String) {
        let _ = writeln!(text, "front (nothing smaller is better):");
        for point in &self.front {
            let memory = point.num_memory.map_or(String::new(), |memory| format!(", d_m {memory}"));
            let _ = writeln!(
                text,
                "  {:>10.0} parameters: N {}{memory}, {} {:.4}",
                point.trainable_parameters, point.num_neurons, self.metric, point.value
            );
        }
    }
}

impl TheoryReport {
    fn say(&self, text: &mut String) {
        let _ = writeln!(text, "theory (a reading of this project's own): off by {:.4}", self.rms_error);
        for best in &self.optimum {
            let _ = write!(text, "  budget {:.0}: best at N {:.0}", best.budget, best.num_neurons);
            if let (Some(memory), Some([low, high])) = (best.num_memory, best.interval) {
                let _ = write!(text, ", d_m {memory:.1} ({low:.1} to {high:.1})");
            }
            let [low, high] = best.predicted_interval;
            let _ = writeln!(text, ", {:.4} expected ({low:.4} to {high:.4})", best.predicted);
        }
        let _ = writeln!(
            text,
            "  {:>8} {:>6} {:>9} {:>9} {:>9} {:>10}  held back by",
            "N", "d_m", "measured", "theory", "SNR", "redundancy"
        );
        for point in &self.points {
            let memory = point.measured.num_memory.map_or("-".to_string(), |memory| memory.to_string());
            let _ = writeln!(
                text,
                "  {:>8} {memory:>6} {:>9.4} {:>9.4} {:>9.3} {:>10.3}  {}",
                point.measured.num_neurons,
                point.measured.value,
                point.predicted,
                point.snr,
                point.redundancy,
                crate::config::names::Named::name(point.limit)
            );
        }
    }
}

impl Recommendation {
    fn say(&self, metric: &str, text: &mut String) {
        let _ = write!(
            text,
            "for {:.0} parameters: N {}, d_m {}",
            self.budget, self.num_neurons, self.num_memory
        );
        let [low, high] = self.interval;
        let _ = write!(text, " ({low:.0} to {high:.0}), d_h {}", self.mlp_hidden_units);
        if let (Some(branches), Some(synapses)) = (self.num_branch, self.num_synapse_per_branch) {
            let _ = write!(text, ", {branches} branches of {synapses} synapses");
        }
        let _ = writeln!(text, ": {} parameters", self.trainable_parameters);
        for reason in &self.reasons {
            let _ = writeln!(text, "  - {reason}");
        }
        if let Some(best) = &self.theory
            && let (Some(memory), Some([low, high])) = (best.num_memory, best.interval)
        {
            let _ = writeln!(
                text,
                "  the theory alone would take N {:.0}, d_m {memory:.1} ({low:.1} to {high:.1})",
                best.num_neurons
            );
        }
        for near in &self.nearest {
            let memory = near.num_memory.map_or(String::new(), |memory| format!(", d_m {memory}"));
            let _ = writeln!(
                text,
                "  nearest measured: N {}{memory}, {:.0} parameters, {metric} {:.4}",
                near.num_neurons, near.trainable_parameters, near.value
            );
        }
        if let Some(config) = &self.config {
            let _ = writeln!(text, "  configuration: {config}");
        }
    }
}
