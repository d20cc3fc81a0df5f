//! One update after the other.

use super::batch::Batch;
use super::learned::{Forward, Learned, read};
use super::loss::batch_loss;
use super::parts::Part;
use super::regularizer::Regularizer;
use super::report::{LayerReport, StepReport, StepTimes};
use super::snapshot::{Position, Snapshot};
use super::spec::TrainingSpec;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::model::{Model, ModelSpec, Pass, PerStep, StoredTensors};
use crate::ops;
use crate::optimizer::decay::decaying;
use crate::optimizer::{Moments, Update, WeightDecay, squares};
use crate::scan::{Clock, ScanPath};
use crate::spec::DropoutMasks;
use std::ops::Range;
use std::time::Instant;

/// A model in training.
pub struct Trainer<'b, B: Backend> {
    backend: &'b B,
    spec: TrainingSpec,
    model: Box<dyn Model<B> + 'b>,
    variables: Vec<B::Tensor>,
    moments: Vec<Moments<B>>,
    /// What weight decay acts on in each variable.
    decaying: Vec<Vec<Range<usize>>>,
    masks: Vec<DropoutMasks>,
    state: Option<Vec<B::Tensor>>,
    position: Position,
    gradients_checked: bool,
}

impl<'b, B: Backend> Trainer<'b, B> {
    /// Starts training a model from update 0.
    ///
    /// # Errors
    /// When the backend refuses a tensor.
    pub fn new(backend: &'b B, model: impl Into<Box<dyn Model<B> + 'b>>, spec: TrainingSpec) -> Result<Self> {
        let model = model.into();
        let variables = model.variables();
        let zero_moments = |variable: &B::Tensor| {
            let zeros = ops::zeros(backend, &backend.shape(variable))?;
            Ok(Moments { second: ops::zeros(backend, &backend.shape(variable))?, first: zeros })
        };
        Ok(Trainer {
            backend,
            spec,
            moments: variables.iter().map(zero_moments).collect::<Result<_>>()?,
            decaying: model.layouts().iter().map(|(_, layout)| decaying(layout)).collect(),
            variables,
            model,
            masks: Vec::new(),
            state: None,
            position: Position { step: 0, state_began: 0, state_rows: None },
            gradients_checked: false,
        })
    }

    /// Continues from a snapshot, with the bits of an uninterrupted run.
    ///
    /// # Errors
    /// [`Error::Stored`] when the snapshot belongs to another model.
    pub fn restore<S: ModelSpec>(
        backend: &'b B,
        model: &S,
        spec: TrainingSpec,
        snapshot: &Snapshot,
    ) -> Result<Self>
    where
        B: 'static,
    {
        let mut trainer = Self::new(backend, model.build(backend, &snapshot.weights)?, spec)?;
        for (v, (variable, moments)) in trainer.variables.iter().zip(&mut trainer.moments).enumerate() {
            let shape = backend.shape(variable);
            let stored = |part: &str| {
                backend.tensor(snapshot.state_values(&format!("moments.{v}.{part}"), &shape)?, &shape)
            };
            *moments = Moments { first: stored("first")?, second: stored("second")? };
        }
        trainer.position = snapshot.position;
        if let Some(rows) = snapshot.position.state_rows {
            let mut state = Vec::new();
            for (l, length) in trainer.model.state_rows().into_iter().enumerate() {
                let shape = [length, rows];
                let values = snapshot.state_values(&format!("state.{l}"), &shape)?;
                state.push(backend.tensor(values, &shape)?);
            }
            trainer.state = Some(state);
            trainer.masks = trainer.model.draw_masks(trainer.spec.seed, snapshot.position.state_began, rows);
        }
        Ok(trainer)
    }

    /// Everything needed to continue from here.
    ///
    /// # Errors
    /// When a tensor cannot be copied to the host.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let mut state = StoredTensors::default();
        let mut keep = |name: String, tensor: &B::Tensor| -> Result<()> {
            state.insert(name, &self.backend.shape(tensor), self.backend.values(tensor)?);
            Ok(())
        };
        for (v, moments) in self.moments.iter().enumerate() {
            keep(format!("moments.{v}.first"), &moments.first)?;
            keep(format!("moments.{v}.second"), &moments.second)?;
        }
        for (l, tensor) in self.state.iter().flatten().enumerate() {
            keep(format!("state.{l}"), tensor)?;
        }
        Ok(Snapshot { weights: self.model.to_stored(self.backend)?, state, position: self.position })
    }

    /// The model as trained so far.
    pub fn model(&self) -> &dyn Model<B> {
        &*self.model
    }

    /// Updates done.
    pub fn steps_done(&self) -> u64 {
        self.position.step
    }

    /// One update on one batch.
    ///
    /// # Errors
    /// [`Error::NonFinite`] when objective or gradient is not finite,
    /// [`Error::NoGradient`] when a parameter gets none, [`Error::Shape`] when
    /// the rows cannot be divided into [`TrainingSpec::accumulate`] parts;
    /// nothing is changed then.
    pub fn step(&mut self, batch: &Batch) -> Result<StepReport> {
        let began = self.begin(batch.rows)?;
        let learned = if self.spec.accumulate == 1 {
            self.learn(batch, &began, 0)?
        } else {
            self.learn_in_parts(batch, &began)?
        };
        let learning_rate = self.spec.learning_rate.at(self.position.step);
        let clock = Instant::now();
        let gradient_norm = self.update(&learned.gradients, learned.norm, learning_rate)?;
        let times = StepTimes { optimizer: clock.elapsed().as_secs_f64(), ..learned.times };
        self.position = Position {
            step: self.position.step + 1,
            state_began: began.at,
            state_rows: self.spec.state_reuse.map(|_| batch.rows),
        };
        if self.spec.state_reuse.is_some() {
            self.state = Some(learned.end);
            self.masks = began.masks;
        }
        let Learned { loss, objective, layers, .. } = learned;
        let path = ScanPath::of_all(layers.iter().map(|layer| layer.path)).unwrap_or(ScanPath::Composed);
        Ok(StepReport { loss, objective, gradient_norm, learning_rate, path, times, layers })
    }

    /// Loss and gradients of a batch, or of part number `part` of one.
    fn learn(&mut self, batch: &Batch, began: &Beginning<B>, part: u64) -> Result<Learned<B>> {
        // Every part of every update has a place of its own.
        let place = self.position.step * self.spec.accumulate as u64 + part;
        let per_step = PerStep { seed: self.spec.seed, place };
        let clock = Instant::now();
        let Forward { loss, objective, predictions, end, mut layers, clocks } =
            self.forward(batch, began, Some(per_step))?;
        let forward = clock.elapsed().as_secs_f64();
        let gradients = self.gradients(&objective)?;
        let mut scalars = vec![loss, objective];
        if self.spec.accumulate == 1 {
            scalars.extend(squares(self.backend, &self.variables, &gradients, &self.moments)?);
        }
        let (loss, objective, norm) = read(self.backend, &scalars)?;
        // A card has been waited for by now.
        let backward = clock.elapsed().as_secs_f64() - forward;
        for (layer, clock) in layers.iter_mut().zip(&clocks) {
            layer.backward = clock.as_ref().map(Clock::seconds);
        }
        if !objective.is_finite() {
            let what = "the training objective".to_string();
            return Err(Error::NonFinite { what, step: self.position.step, value: objective });
        }
        let times = StepTimes { forward, backward, optimizer: 0.0 };
        let predictions = predictions as f64;
        Ok(Learned { loss, objective, predictions, gradients, norm, end, layers, times })
    }

    /// The same part by part: means over all predictions of the batch.
    fn learn_in_parts(&mut self, batch: &Batch, began: &Beginning<B>) -> Result<Learned<B>> {
        let mut whole: Option<Learned<B>> = None;
        for part in Part::all(self.spec.accumulate) {
            let own = Beginning {
                state: part.of_state(self.backend, &began.state, batch.rows)?,
                masks: part.of_masks(&began.masks, batch.rows)?,
                at: began.at,
            };
            let learned = self.learn(&part.of_batch(batch)?, &own, part.which as u64)?;
            let predictions = learned.predictions;
            let sums = learned.scaled(self.backend, predictions)?;
            whole = Some(match whole {
                Some(before) => before.joined(self.backend, sums)?,
                None => sums,
            });
        }
        let nothing = || Error::config("training.accumulate", "must be at least 1");
        let sums = whole.ok_or_else(nothing)?;
        let predictions = sums.predictions;
        sums.scaled(self.backend, 1.0 / predictions)
    }

    /// State and masks for the next batch: carried, or fresh after a reset.
    fn begin(&self, rows: usize) -> Result<Beginning<B>> {
        let step = self.position.step;
        if let (Some(reset), Some(state)) = (self.spec.state_reuse, &self.state)
            && self.position.state_rows == Some(rows)
            && !reset.happens(self.spec.seed, step)
        {
            let (state, masks) = (state.clone(), self.masks.clone());
            return Ok(Beginning { state, masks, at: self.position.state_began });
        }
        let masks = self.model.draw_masks(self.spec.seed, step, rows);
        Ok(Beginning { state: self.model.start_state(self.backend, rows)?, masks, at: step })
    }

    fn forward(&self, batch: &Batch, began: &Beginning<B>, per_step: Option<PerStep>) -> Result<Forward<B>> {
        let backend = self.backend;
        let of = |regularizer: &Regularizer| regularizer.magnitudes().to_vec();
        let magnitude: Vec<usize> = self.spec.regularizers.iter().flat_map(of).collect();
        let pass = Pass {
            state: &began.state,
            masks: &began.masks,
            per_step,
            gradient: true,
            magnitude: &magnitude,
            monitors: false,
        };
        let answers = self.model.forward(backend, &batch.sequences(), &pass)?;
        let Some(last) = answers.last() else {
            return Err(Error::config("model.num_layers", "must be at least 1"));
        };
        let loss = batch_loss(backend, &*self.model, &last.activity, batch, self.spec.label_smoothing)?;
        let mut objective = loss.smoothed;
        for regularizer in &self.spec.regularizers {
            if let Some(term) = regularizer.term(backend, &answers)? {
                objective = ops::add(backend, &objective, &term)?;
            }
        }
        let (layers, clocks) =
            answers.iter().map(|answer| (LayerReport::of(answer), answer.backward.clone())).unzip();
        let end = answers.iter().map(|answer| backend.detach(&answer.state)).collect();
        Ok(Forward { loss: loss.task, objective, predictions: loss.predictions, end, layers, clocks })
    }

    /// The gradient of every flat variable; the first time each must exist.
    fn gradients(&mut self, objective: &B::Tensor) -> Result<Vec<B::Tensor>> {
        let all = self.backend.backward(objective)?;
        let mut gradients = Vec::with_capacity(self.variables.len());
        for (variable, (name, _)) in self.variables.iter().zip(self.model.layouts()) {
            let gradient = self.backend.gradient(&all, variable);
            gradients.push(gradient.ok_or(Error::NoGradient { parameter: name })?);
        }
        if !self.gradients_checked {
            self.check_finite(&gradients)?;
            self.gradients_checked = true;
        }
        Ok(gradients)
    }

    fn update(&mut self, gradients: &[B::Tensor], norm: Option<f64>, learning_rate: f64) -> Result<f64> {
        let update = Update {
            kind: self.spec.optimizer,
            step: self.position.step,
            learning_rate,
            clip_norm: self.spec.clip_norm,
            momentum: self.spec.momentum,
            weight_decay: (self.spec.weight_decay != 0.0)
                .then_some(WeightDecay { rate: self.spec.weight_decay, ranges: &self.decaying }),
            norm,
        };
        match self.backend.optimizer_update(&update, &self.variables, gradients, &mut self.moments) {
            Err(error @ Error::NonFinite { .. }) => Err(self.check_finite(gradients).err().unwrap_or(error)),
            other => other,
        }
    }

    /// Names the first tensor whose gradient is not finite.
    fn check_finite(&self, gradients: &[B::Tensor]) -> Result<()> {
        for (gradient, (prefix, layout)) in gradients.iter().zip(self.model.layouts()) {
            let values = self.backend.values(gradient)?;
            for named in &layout.tensors {
                if let Some(bad) = values[named.range.clone()].iter().find(|value| !value.is_finite()) {
                    return Err(Error::NonFinite {
                        what: format!("the gradient of {prefix}.{}", named.name),
                        step: self.position.step,
                        value: f64::from(*bad),
                    });
                }
            }
        }
        Ok(())
    }

    /// Gradients of the objective on a batch from a zero state, by flat
    /// variable, with the task loss and the objective; changes nothing.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn measure(&mut self, batch: &Batch) -> Result<(f64, f64, Vec<Vec<f32>>)> {
        let state = self.model.start_state(self.backend, batch.rows)?;
        let began = Beginning { state, masks: Vec::new(), at: 0 };
        let Forward { loss, objective, .. } = self.forward(batch, &began, None)?;
        let gradients = self.gradients(&objective)?;
        let values = gradients.iter().map(|gradient| self.backend.values(gradient));
        let values = values.collect::<Result<_>>()?;
        Ok((ops::scalar(self.backend, &loss)?, ops::scalar(self.backend, &objective)?, values))
    }
}

/// Where a batch starts from.
struct Beginning<B: Backend> {
    state: Vec<B::Tensor>,
    masks: Vec<DropoutMasks>,
    at: u64,
}
