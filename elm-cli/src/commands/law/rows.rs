//! From tables to observations.

use super::metric::Metric;
use super::published::Task;
use super::settings;
use super::table::Table;
use crate::config::names::Named;
use crate::config::place::ConfigError;
use elm_core::analysis::Observation;

/// A finished run of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Memory units of a neuron, where the table tells.
    pub(super) num_memory: Option<f64>,
    /// Neurons of the hidden layer.
    pub(super) num_neurons: f64,
    /// Trainable parameters.
    pub(super) trainable_parameters: f64,
    /// Learned numbers of a neuron without its synapses, k_e.
    pub(super) complexity_per_neuron: f64,
    /// Synapses of a neuron, k_c.
    pub(super) synapses_per_neuron: f64,
    /// Operations for one time step of one sample.
    pub(super) flops: Option<f64>,
    /// The metric.
    pub(super) value: f64,
    /// The metric on the split by which allocations are compared.
    pub(super) choice: f64,
    /// Its other settings that the table has, in one text.
    pub(super) settings: String,
}

impl Row {
    /// What runs of one allocation have in common.
    pub(super) fn sizes(&self) -> String {
        format!(
            "{:?} {} {} {} {}",
            self.num_memory,
            self.num_neurons,
            self.trainable_parameters,
            self.complexity_per_neuron,
            self.synapses_per_neuron
        )
    }

    pub(super) fn observation(&self, metric: &Metric) -> Observation {
        Observation {
            parameters: self.trainable_parameters,
            neurons: self.num_neurons,
            // Where it is not told it is the same everywhere.
            memory: self.num_memory.unwrap_or(1.0),
            complexity: self.complexity_per_neuron,
            synapses: self.synapses_per_neuron,
            flops: self.flops,
            choice: metric.loss(self.choice),
            loss: metric.loss(self.value),
        }
    }
}

/// Columns of a table by what they mean.
struct Columns {
    memory: Option<usize>,
    neurons: Option<usize>,
    parameters: usize,
    complexity: Option<usize>,
    synapses: Option<usize>,
    flops: Option<usize>,
    choice: usize,
    report: usize,
    state: Option<usize>,
    settings: Vec<usize>,
}

impl Columns {
    fn of(table: &Table, metric: &Metric) -> Result<Columns, ConfigError> {
        let first = |names: &[&str]| names.iter().find_map(|name| table.column(name));
        let required =
            |name: &str, wanted: &str| table.column(name).ok_or_else(|| table.missing(name, wanted));
        let neurons = first(&["num_neurons", "model.num_hidden"]);
        if neurons.is_none()
            && table.columns.iter().any(|column| strsim::jaro_winkler(column, "num_neurons") > 0.9)
        {
            return Err(table.missing("num_neurons", "the size of the hidden layer"));
        }
        Ok(Columns {
            memory: first(&["num_memory", "model.neuron.num_memory"]),
            neurons,
            parameters: required("trainable_parameters", "the size that a law is about")?,
            complexity: table.column("complexity_per_neuron"),
            synapses: table.column("synapses_per_neuron"),
            flops: first(&["flops_per_step_forward", "flops_per_token_forward"]),
            choice: required(&metric.choice, "which another table has")?,
            report: required(&metric.report, "which another table has")?,
            state: table.column("state"),
            settings: settings::columns(table),
        })
    }
}

/// Reads the finished runs of a table; what was left out is noted.
///
/// # Errors
/// [`ConfigError`] with file and line, if a column is missing or a field no
/// number, or no run is left.
pub(super) fn rows(
    table: &Table,
    metric: &Metric,
    task: Option<Task>,
    notes: &mut Vec<String>,
) -> Result<Vec<Row>, ConfigError> {
    let columns = Columns::of(table, metric)?;
    let mut left_out = std::collections::BTreeMap::<String, usize>::new();
    let mut rows = Vec::new();
    for row in 0..table.rows.len() {
        let (line, fields) = &table.rows[row];
        if let Some(state) =
            columns.state.map(|column| fields[column].as_str()).filter(|state| *state != "finished")
        {
            *left_out.entry(state.to_string()).or_default() += 1;
            continue;
        }
        let place = format!("{}:{line}", table.name);
        let values = [columns.choice, columns.report].map(|column| table.number(row, column));
        let [choice, value] = [values[0].clone()?, values[1].clone()?];
        let (Some(choice), Some(value)) = (finite(choice), finite(value)) else {
            let column = if finite(choice).is_none() { &metric.choice } else { &metric.report };
            notes.push(format!("{place}: {column} is no finite number; the run is left out"));
            continue;
        };
        rows.push(read(table, row, &columns, task, [choice, value])?);
    }
    if !left_out.is_empty() {
        let told: Vec<String> = left_out.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let count: usize = left_out.values().sum();
        notes.push(format!("{}: left out {count} unfinished runs ({})", table.name, told.join(", ")));
    }
    if rows.is_empty() {
        return Err(ConfigError::of(&table.name, "no finished run has a finite figure of merit"));
    }
    notes.extend(assumptions(table, &columns, task));
    Ok(rows)
}

/// What is taken for granted because the table does not tell it.
fn assumptions(table: &Table, columns: &Columns, task: Option<Task>) -> Vec<String> {
    let mut told = Vec::new();
    if columns.neurons.is_none() {
        told.push(format!(
            "{}: without a column num_neurons, every run is taken for a single neuron",
            table.name
        ));
    }
    if columns.memory.is_none() {
        told.push(format!(
            "{}: without a column num_memory, it is taken to be the same in every run",
            table.name
        ));
    }
    if (columns.complexity, columns.synapses) == (None, None) && columns.neurons.is_some() {
        told.push(match task {
            Some(task) => {
                format!("{}: k_e and k_c are those of the published networks for {}", table.name, task.name())
            }
            None => format!(
                "{}: without complexity_per_neuron and synapses_per_neuron (or --task), k_e is all \
                that a neuron learns",
                table.name
            ),
        });
    }
    told
}

/// The published task whose networks have just the sizes of this table.
pub(super) fn recognised(table: &Table) -> Option<Task> {
    let [memory, neurons, parameters] =
        ["num_memory", "num_neurons", "trainable_parameters"].map(|name| table.column(name));
    let fits = |task: &Task| {
        let published = task.published();
        (0..table.rows.len()).all(|row| {
            let size = |column: Option<usize>| {
                column.and_then(|column| table.size(row, column).ok()).unwrap_or(f64::NAN)
            };
            let of_neuron = published.complexity(size(memory)) + published.synapses();
            (size(parameters) - size(neurons) * of_neuron - published.rest).abs() < 0.5
        })
    };
    Task::ALL.iter().copied().find(fits)
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

fn read(
    table: &Table,
    row: usize,
    columns: &Columns,
    task: Option<Task>,
    [choice, value]: [f64; 2],
) -> Result<Row, ConfigError> {
    let size = |column: Option<usize>| column.map(|column| table.size(row, column)).transpose();
    let num_memory = size(columns.memory)?;
    let num_neurons = size(columns.neurons)?.unwrap_or(1.0);
    let trainable_parameters = table.size(row, columns.parameters)?;
    let published = task.filter(|_| columns.neurons.is_some()).map(Task::published).zip(num_memory);
    let each = trainable_parameters / num_neurons;
    let (complexity_per_neuron, synapses_per_neuron) =
        match (size(columns.complexity)?, size(columns.synapses)?) {
            (Some(complexity), synapses) => (complexity, synapses.unwrap_or(0.0)),
            (None, Some(synapses)) => ((each - synapses).max(1.0), synapses),
            (None, None) => match published {
                Some((published, memory)) => (published.complexity(memory), published.synapses()),
                None => (each, 0.0),
            },
        };
    Ok(Row {
        num_memory,
        num_neurons,
        trainable_parameters,
        complexity_per_neuron,
        synapses_per_neuron,
        flops: columns
            .flops
            .map(|column| table.number(row, column))
            .transpose()?
            .flatten()
            .filter(|flops| *flops > 0.0),
        value,
        choice,
        settings: columns
            .settings
            .iter()
            .map(|&column| format!("{}\u{1f}", table.rows[row].1[column]))
            .collect(),
    })
}
