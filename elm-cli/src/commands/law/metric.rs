//! Which figure of merit a law is about.

use super::table::Table;
use crate::config::place::ConfigError;

/// A figure of merit and the columns that have it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Metric {
    /// Its name, `bpc`, or that of the one column, `test_bpc`.
    pub(super) name: String,
    /// The column by which allocations are compared.
    pub(super) choice: String,
    /// The column that is reported.
    pub(super) report: String,
    /// Of a figure of which more is better, its best value; the law is about
    /// what is missing to that.
    pub(super) best: Option<f64>,
}

/// Figures in the order in which they are taken, those published first.
const KNOWN: [&str; 9] =
    ["bpc", "accuracy", "soma_rmse", "rmse", "spike_auc", "auc", "mae", "loss", "explained_variance"];

/// What figures of which more is better have in their names.
const MORE_IS_BETTER: [&str; 4] = ["accuracy", "auc", "explained_variance", "tpr"];

const SPLITS: [&str; 2] = ["valid_", "test_"];

impl Metric {
    /// The metric of that name, or the best known of a table: the optimum is
    /// looked for on validation and reported on test, where both are there.
    ///
    /// # Errors
    /// [`ConfigError`] if no column has it.
    pub(super) fn of(table: &Table, wanted: Option<&str>) -> Result<Metric, ConfigError> {
        let columns = |name: &str| {
            SPLITS.map(|split| format!("{split}{name}")).map(|column| table.column(&column).map(|_| column))
        };
        let found = |name: &str| match columns(name) {
            [None, None] => None,
            [valid, test] => {
                let (choice, report) = (valid.clone().or(test.clone())?, test.or(valid)?);
                Some(Metric { name: name.to_string(), choice, report, best: None })
            }
        };
        let metric = match wanted {
            None => KNOWN.iter().find_map(|name| found(name)).ok_or_else(|| {
                table.missing("test_loss", "nor another figure of merit such as test_bpc or valid_accuracy")
            })?,
            Some(name) if table.column(name).is_some() => {
                let [name, choice, report] = [name; 3].map(String::from);
                Metric { name, choice, report, best: None }
            }
            Some(name) => found(name)
                .ok_or_else(|| table.missing(&format!("test_{name}"), "nor one of the validation split"))?,
        };
        let more = MORE_IS_BETTER.iter().any(|part| metric.name.contains(part));
        let percent = more && metric.exceeds_one(table)?;
        Ok(Metric { best: more.then_some(if percent { 100.0 } else { 1.0 }), ..metric })
    }

    fn exceeds_one(&self, table: &Table) -> Result<bool, ConfigError> {
        let Some(column) = table.column(&self.report) else { return Ok(false) };
        for row in 0..table.rows.len() {
            if table.number(row, column)?.is_some_and(|value| value > 1.0) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The loss of a value: what is missing to the best, or the value itself.
    pub(super) fn loss(&self, value: f64) -> f64 {
        self.best.map_or(value, |best| best - value)
    }

    /// The value of a loss.
    pub(super) fn value(&self, loss: f64) -> f64 {
        self.loss(loss)
    }

    /// Both ends of an interval of losses, as values in their order.
    pub(super) fn values(&self, [low, high]: [f64; 2]) -> [f64; 2] {
        let [a, b] = [self.value(low), self.value(high)];
        [a.min(b), a.max(b)]
    }

    /// What a law is about: `test_bpc`, or `1 - test_accuracy`.
    pub(super) fn loss_name(&self) -> String {
        self.best.map_or(self.report.clone(), |best| format!("{best} - {}", self.report))
    }

    /// Its name and unit on an axis.
    pub(super) fn label(&self, column: &str) -> String {
        let split =
            SPLITS.iter().find_map(|split| Some((split.trim_end_matches('_'), column.strip_prefix(split)?)));
        let (split, name) = split.unwrap_or(("", column));
        let (name, unit) = match name {
            "bpc" => ("loss", " (bits per character)"),
            "loss" => ("loss", " (nats)"),
            "soma_rmse" => ("error of the voltage", " (mV)"),
            "spike_auc" => ("AUC of the spikes", ""),
            other => (other, ""),
        };
        format!("{split} {name}{unit}").trim().replace('_', " ")
    }
}
