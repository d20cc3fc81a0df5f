//! Names that settings have in other programs, for people who come from there.

/// A name and the key that it means here.
const ALIASES: &[(&str, &str)] = &[
    ("lr", "training.learning_rate"),
    ("base_lr", "training.learning_rate"),
    ("max_lr", "training.learning_rate"),
    ("step_size", "training.learning_rate"),
    ("warmup", "training.warmup_steps"),
    ("num_warmup_steps", "training.warmup_steps"),
    ("batch", "training.batch_size"),
    ("bs", "training.batch_size"),
    ("bsz", "training.batch_size"),
    ("train_batch_size", "training.batch_size"),
    ("eval_batch_size", "training.test_batch_size"),
    ("seq_len", "training.seq_length"),
    ("sequence_length", "training.seq_length"),
    ("block_size", "training.seq_length"),
    ("context_length", "training.seq_length"),
    ("bptt", "training.seq_length"),
    ("epochs", "training.num_epochs"),
    ("n_epochs", "training.num_epochs"),
    ("max_epochs", "training.num_epochs"),
    ("turns", "training.num_turns"),
    ("steps", "training.steps_per_turn"),
    ("steps_per_epoch", "training.batches_per_epoch"),
    ("optim", "training.optimizer"),
    ("wd", "training.weight_decay"),
    ("scheduler", "training.schedule"),
    ("lr_scheduler", "training.schedule"),
    ("lr_schedule", "training.schedule"),
    ("gamma", "training.step_factor"),
    ("pct_start", "training.cycle_rise"),
    ("accumulation_steps", "training.accumulate"),
    ("gradient_accumulation_steps", "training.accumulate"),
    ("accumulate_grad_batches", "training.accumulate"),
    ("early_stopping", "training.patience"),
    ("early_stopping_patience", "training.patience"),
    ("clip", "training.clip_norm"),
    ("grad_clip", "training.clip_norm"),
    ("gradient_clip", "training.clip_norm"),
    ("gradient_clip_val", "training.clip_norm"),
    ("max_grad_norm", "training.clip_norm"),
    ("smoothing", "training.label_smoothing"),
    ("random_seed", "training.seed"),
    ("manual_seed", "training.seed"),
    ("hidden", "model.num_hidden"),
    ("hidden_size", "model.num_hidden"),
    ("hidden_dim", "model.num_hidden"),
    ("d_model", "model.num_hidden"),
    ("num_neurons", "model.num_hidden"),
    ("neurons", "model.num_hidden"),
    ("layers", "model.num_layers"),
    ("n_layers", "model.num_layers"),
    ("n_layer", "model.num_layers"),
    ("depth", "model.num_layers"),
    ("input_size", "model.num_input"),
    ("input_dim", "model.num_input"),
    ("output_size", "model.num_output"),
    ("output_dim", "model.num_output"),
    ("num_classes", "model.num_output"),
    ("d_m", "model.neuron.num_memory"),
    ("memory_units", "model.neuron.num_memory"),
    ("branches", "model.neuron.num_branch"),
    ("synapses", "model.neuron.num_synapse_per_branch"),
    ("mlp_num_layers", "model.neuron.mlp_hidden_layers"),
    ("mlp_hidden_size", "model.neuron.mlp_hidden_units"),
    ("tau_min", "model.neuron.memory_tau_min"),
    ("tau_max", "model.neuron.memory_tau_max"),
    ("dt", "model.neuron.delta_t"),
    ("lambda_value", "model.neuron.lambda"),
    ("learn_memory_tau", "model.neuron.memory_tau_learnable"),
    ("dropout", "model.dropout.input"),
    ("drop_rate", "model.dropout.input"),
    ("task", "data.kind"),
    ("dataset", "data.kind"),
    ("data_dir", "data.path"),
    ("data_path", "data.path"),
    ("dataroot", "data.path"),
    ("root", "data.path"),
    ("dir", "data.path"),
    ("vocab", "data.vocabulary"),
    ("vocab_size", "data.vocabulary"),
    ("bin_size", "data.bin_ms"),
    ("gpu", "backend.device"),
    ("accelerator", "backend.device"),
    ("num_threads", "backend.threads"),
    ("cores", "backend.threads"),
    ("save_every", "checkpoint.every_steps"),
    ("save_steps", "checkpoint.every_steps"),
    ("save_total_limit", "checkpoint.keep"),
    ("log_every", "logging.every_steps"),
    ("log_interval", "logging.every_steps"),
    ("logging_steps", "logging.every_steps"),
];

/// The key that is meant by a path that is none, where its last part has that
/// meaning elsewhere.
pub(super) fn meant_by(path: &str) -> Option<&'static str> {
    let last = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase().replace('-', "_");
    ALIASES.iter().find(|(name, _)| *name == last).map(|(_, key)| *key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_alias_means_a_key_that_there_is_and_stands_once() {
        let keys = crate::config::keys::all();
        let mut names = BTreeSet::new();
        for (name, meant) in ALIASES {
            assert!(keys.iter().any(|key| key.path == *meant), "{meant}");
            assert!(names.insert(name), "{name} stands twice");
        }
        assert_eq!(meant_by("training.lr"), Some("training.learning_rate"));
        assert_eq!(meant_by("Hidden-Size"), Some("model.num_hidden"));
        assert_eq!(meant_by("training.batch_sise"), None);
    }
}
