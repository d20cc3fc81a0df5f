//! A recommended network as a configuration that can be trained.

use super::costs::Readout;
use super::published::Task;
use super::recommend::Recommendation;
use crate::run::folder::write_atomically;
use anyhow::Result;
use std::path::Path;

/// Symbols that are reckoned with in a text read byte by byte.
const BYTES: usize = 256;

impl Task {
    /// Outputs of the network of a recommended configuration.
    pub(super) fn outputs(self) -> usize {
        match self {
            Task::Text => BYTES,
            Task::Spikes => 19,
        }
    }
}

/// Writes `recommended.toml` and names it in the recommendation.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(task: Task, recommendation: &mut Recommendation, folder: &Path) -> Result<()> {
    let path = folder.join("recommended.toml");
    write_atomically(&path, document(task, recommendation).as_bytes())?;
    recommendation.config = Some(path.display().to_string());
    Ok(())
}

fn document(task: Task, recommendation: &Recommendation) -> String {
    let (head, experiment) = match task {
        Task::Text => (TEXT, TEXT_TRAINING),
        Task::Spikes => (SPIKES, SPIKES_TRAINING),
    };
    let mut text = format!(
        "# A network of {} trainable parameters, recommended by `elm law` for a budget of\n# {:.0}:\n",
        recommendation.trainable_parameters, recommendation.budget
    );
    for reason in &recommendation.reasons {
        text += &format!("# - {reason}.\n");
    }
    let readout =
        recommendation.readout.unwrap_or(Readout { branches: 10, synapses_per_branch: 5, head: true });
    text += "#\n";
    text += head;
    text += &format!(
        "\n[model]\nnum_hidden = {}\nhead = \"{}\"\n",
        recommendation.num_neurons,
        if readout.head { "linear" } else { "none" }
    );
    if task == Task::Text {
        text += "embedding = \"one_hot\"\nembedding_scale = 3.0\n";
    }
    text += &format!("\n[model.neuron]\nnum_memory = {}\n", recommendation.num_memory);
    for (key, value) in [
        ("num_branch", recommendation.num_branch),
        ("num_synapse_per_branch", recommendation.num_synapse_per_branch),
    ] {
        if let Some(value) = value {
            text += &format!("{key} = {value}\n");
        }
    }
    text += &format!("mlp_hidden_units = {}\n", recommendation.mlp_hidden_units);
    text += experiment;
    text + &format!(
        "\n[model.last_layer.neuron]\nnum_memory = 3\nmlp_hidden_layers = 0\nnum_branch = {}\nnum_synapse_per_branch = {}\n",
        readout.branches, readout.synapses_per_branch
    )
}

const TEXT: &str = r#"# Name a text and train:  ELM_TEXT=/path/to/some/text elm train recommended.toml
# It is read byte by byte; of 256 symbols, those that it lacks save parameters.

[data]
kind = "text"
path = "${ELM_TEXT}"
tokens = "bytes"
"#;

const TEXT_TRAINING: &str = r#"memory_tau_min = 0.1
memory_tau_max = 100.0
high_pass_tau = 2.0
input_scale = 10.0

[model.wiring]
recurrent_connect = 0.8

# As published, for 300 000 updates; num_turns = 10 shows whether it learns.
[training]
batch_size = 8
seq_length = 100
steps_per_turn = 400
num_turns = 750
optimizer = "adam"
learning_rate = 5e-4
warmup_steps = 100
clip_norm = 1.0
label_smoothing = 1e-4
state_dropout = 0.01
state_dropout_warmup = 40000
valid_batches = 200

[regularizer]
mlp_magnitude = { layers = [0], strength = 0.01 }
population_activity = { layers = [0], strength = 1.0 }
"#;

const SPIKES: &str = r#"# Made digits, which need no files; for the published task
#   elm train recommended.toml --set data.kind=shd_adding --set data.path=/folder/of/shd

[data]
kind = "digits_adding"
channels = 700
bin_ms = 2.0
"#;

const SPIKES_TRAINING: &str = r#"memory_tau_min = 1.0
memory_tau_max = 500.0
high_pass_tau = 5.0
input_scale = 10.0
delta_t = 1.0

[model.wiring]
recurrent_connect = 0.25

[model.dropout]
input = 0.2
recurrent = 0.2

# As published; num_epochs = 5 shows whether it learns.
[training]
batch_size = 8
batches_per_epoch = 2000
num_epochs = 70
optimizer = "adamax"
learning_rate = 5e-3
warmup_steps = 400
clip_norm = 1.0
label_smoothing = 1e-2
valid_batches = 500
test_batches = 2000

[regularizer]
mlp_magnitude = { layers = [0], strength = 0.002 }
population_activity = { layers = [0], strength = 0.2 }
"#;
