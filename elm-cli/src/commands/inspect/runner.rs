//! The network on one example.

use super::examples::Example;
use anyhow::{Context, Result};
use elm_core::Backend;
use elm_core::analysis::activity::Recording;
use elm_core::model::logits::logits_of_all_steps;
use elm_core::model::{LayerAnswer, Model, ModelSpec, NetworkSpec, Pass, StoredTensors};
use elm_core::ops;
use elm_core::scan::ScanPath;
use elm_core::spec::Monitors;
use elm_core::train::loss::{BatchLoss, batch_loss};

/// What the network did with an example.
pub(super) struct Ran {
    /// Mean loss of its predictions, nats.
    pub(super) loss: f64,
    /// Number of predictions.
    pub(super) predictions: usize,
    /// What was answered, `[O, predictions]`.
    pub(super) outputs: Vec<f32>,
    /// What would be answered at every step, `[O, T]`; `None` where sequences
    /// are compared at their ends.
    pub(super) every_step: Option<Vec<f32>>,
    /// Activity of the layer, of each sequence.
    pub(super) activity: Vec<Recording>,
    /// How it was computed.
    pub(super) path: ScanPath,
}

/// A network that goes from example to example; through a text with its state.
pub(super) struct Runner<'a, B: Backend> {
    backend: &'a B,
    model: Box<dyn Model<B>>,
    carries: bool,
    state: Option<Vec<B::Tensor>>,
}

impl<'a, B: Backend + 'static> Runner<'a, B> {
    /// A network before the first example.
    ///
    /// # Errors
    /// When the weights are of another network.
    pub(super) fn new(
        backend: &'a B,
        network: &NetworkSpec,
        weights: &StoredTensors,
        carries: bool,
    ) -> Result<Self> {
        Ok(Runner { backend, model: ModelSpec::build(network, backend, weights)?, carries, state: None })
    }

    /// Back before the first example.
    pub(super) fn rewind(&mut self) {
        self.state = None;
    }

    /// Runs over the next example and tells the activity of a layer.
    ///
    /// # Errors
    /// When the example does not fit the network.
    pub(super) fn run(&mut self, example: &Example, layer: usize) -> Result<Ran> {
        let (answers, loss) = self.forward(example, false)?;
        let (backend, rows) = (self.backend, example.batch.rows);
        let last = answers.last().context("a network has at least one layer")?;
        let every_step = match self.model.compares_pairs() {
            true => None,
            false => Some(backend.values(&logits_of_all_steps(backend, &*self.model, &last.activity)?)?),
        };
        let activity = answers.get(layer).context("there is no such layer")?;
        let units = backend.shape(&activity.activity)[1];
        let values = backend.values(&activity.activity)?;
        let of_row = |row| recording(&values, [units, rows], row, 0..units, example.length(row));
        Ok(Ran {
            loss: ops::scalar(backend, &loss.task)?,
            predictions: loss.predictions,
            outputs: backend.values(&loss.outputs)?,
            every_step,
            activity: (0..rows).map(of_row).collect::<Result<_>>()?,
            path: ScanPath::of_all(answers.iter().map(|answer| answer.path)).unwrap_or(last.path),
        })
    }

    /// Runs over the next example and tells its loss and number of predictions.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub(super) fn loss(&mut self, example: &Example) -> Result<(f64, usize)> {
        let (_, loss) = self.forward(example, false)?;
        Ok((ops::scalar(self.backend, &loss.task)?, loss.predictions))
    }

    /// Runs over the next example and tells every intermediate of a layer.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub(super) fn monitors(&mut self, example: &Example, layer: usize) -> Result<Monitors> {
        let (answers, _) = self.forward(example, true)?;
        let monitors = answers.into_iter().nth(layer).and_then(|answer| answer.monitors);
        monitors.context("this backend tells no intermediates of a layer")
    }

    fn forward(&mut self, example: &Example, monitors: bool) -> Result<(Vec<LayerAnswer<B>>, BatchLoss<B>)> {
        let (backend, batch) = (self.backend, &example.batch);
        let start = match self.state.take() {
            Some(state) => state,
            None => self.model.start_state(backend, batch.rows)?,
        };
        let pass = Pass { monitors, ..Pass::plain(&start) };
        let answers = self.model.forward(backend, &batch.sequences(), &pass)?;
        let last = answers.last().context("a network has at least one layer")?;
        let loss = batch_loss(backend, &*self.model, &last.activity, batch, 0.0)?;
        if self.carries {
            self.state = Some(answers.iter().map(|answer| backend.detach(&answer.state)).collect());
        }
        Ok((answers, loss))
    }
}

/// Some units of one row of `[T, U, B]` over its first steps.
///
/// # Errors
/// When the values do not have this shape.
pub(super) fn recording(
    values: &[f32],
    [units, rows]: [usize; 2],
    row: usize,
    chosen: std::ops::Range<usize>,
    steps: usize,
) -> Result<Recording> {
    let of_step = |step: &[f32]| -> Vec<f32> {
        chosen.clone().filter_map(|unit| step.get(unit * rows + row).copied()).collect()
    };
    let values = values.chunks_exact((units * rows).max(1)).take(steps).flat_map(of_step).collect();
    Ok(Recording::new(chosen.len(), values)?)
}
