//! Runs of a model against the clock.

use super::made_up::{Shape, random_batch};
use super::record::{Record, ms};
use crate::config::Predicts;
use crate::memory;
use anyhow::{Context, Result};
use elm_core::Backend;
use elm_core::kernel::LiveInput;
use elm_core::model::logits::{logits_of_all_steps, logits_of_last_step, logits_of_pairs};
use elm_core::model::{LiveNetwork, Model, ModelSpec, Pass};
use elm_core::train::{HostInput, Trainer};
use std::time::Instant;

/// Steps run before the clock counts.
const WARM_UP: usize = 2;
/// Time steps streamed before the clock counts, and while it does.
const STREAMED_WARM_UP: usize = 50;
const STREAMED: usize = 500;

/// Training steps.
pub(super) fn train<B: Backend>(
    backend: &B,
    spec: &impl ModelSpec,
    trainer: &mut Trainer<'_, B>,
    shape: Shape,
    count: usize,
) -> Result<Record> {
    let mut record = Record::default();
    let mut settled = None;
    for step in 0..WARM_UP + count {
        if step == WARM_UP {
            settled = memory::page_faults();
        }
        let began = Instant::now();
        let batch = random_batch(spec, shape, step as u64);
        let data = ms(began);
        let began = Instant::now();
        let report = trainer.step(&batch)?;
        backend.synchronize()?;
        if step >= WARM_UP {
            record.push(data, ms(began), report);
        }
    }
    let faults = memory::page_faults().zip(settled).map(|(now, settled)| now.saturating_sub(settled));
    record.page_faults_per_step = faults.map(|faults| faults as f64 / count as f64);
    Ok(record)
}

/// Times of forward passes in ms.
pub(super) fn infer<B: Backend>(
    backend: &B,
    spec: &impl ModelSpec,
    model: &dyn Model<B>,
    shape: Shape,
    count: usize,
) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(count);
    for step in 0..WARM_UP + count {
        let batch = random_batch(spec, shape, step as u64);
        let state = model.start_state(backend, batch.rows)?;
        let began = Instant::now();
        let answers = model.forward(backend, &batch.sequences(), &Pass::plain(&state))?;
        let last = answers.last().context("a model has at least one layer")?;
        let logits = match shape.predicts {
            Predicts::EveryStep
            | Predicts::ClassEveryStep
            | Predicts::ValuesEveryStep
            | Predicts::SpikeAndSoma => logits_of_all_steps(backend, model, &last.activity)?,
            Predicts::Pairs => logits_of_pairs(backend, model, &last.activity, None)?,
            Predicts::LastStep | Predicts::Values => {
                logits_of_last_step(backend, model, &last.activity, None)?
            }
        };
        backend.values(&logits)?;
        if step >= WARM_UP {
            times.push(ms(began));
        }
    }
    Ok(times)
}

/// Times in ms of single time steps of one sample.
pub(super) fn stream(spec: &impl ModelSpec, mut live: LiveNetwork, shape: Shape) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for step in 0..STREAMED_WARM_UP + STREAMED {
        let batch = random_batch(spec, Shape { rows: 1, steps: 1, ..shape }, step as u64);
        let began = Instant::now();
        match &batch.input {
            HostInput::Tokens(ids) => live.step(LiveInput::Token(ids[0]))?,
            HostInput::Events(events) => {
                let spikes: Vec<_> =
                    events.entries.iter().map(|event| (event.channel, event.count)).collect();
                live.step(LiveInput::Events(&spikes))?
            }
            HostInput::Dense(values) => live.step(LiveInput::Dense(values))?,
        };
        if step >= STREAMED_WARM_UP {
            times.push(ms(began));
        }
    }
    Ok(times)
}
