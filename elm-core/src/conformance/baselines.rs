//! The baselines against records of PyTorch, and against themselves in parts.
//! `elm-core/tests/baselines/make.py` made the records.

use super::tolerance::{Failure, Result, Tolerance};
use crate::Error;
use crate::backend::Backend;
use crate::baseline::{
    BaselineSpec, Gru, Lif, LifReadout, LinearHead, Lstm, Pooling, Positions, Recurrent, Transformer,
};
use crate::model::logits::logits_of_last_step;
use crate::model::{
    DropoutSpec, HostInput, InputDropoutMode, Model, ModelSpec, Pass, Sequences, StoredTensors, StoredValues,
};
use crate::ops;
use crate::train::{Batch, Target, Trainer, TrainingSpec};

const STEPS: usize = 9;
const ROWS: usize = 3;
const INPUTS: usize = 5;
const LOGITS: usize = 4;

const NO_DROPOUT: DropoutSpec =
    DropoutSpec { input: 0.0, recurrent: 0.0, memory: 0.0, input_mode: InputDropoutMode::Variational };

/// A record with the model that it belongs to.
struct Record {
    name: &'static str,
    spec: BaselineSpec,
    stored: StoredTensors,
}

impl Record {
    fn read(name: &'static str, spec: BaselineSpec, bytes: &[u8]) -> Result<Self> {
        Ok(Record { name, spec, stored: StoredTensors::from_bytes(name, bytes)? })
    }

    fn floats(&self, tensor: &str) -> Result<&[f32]> {
        match &self.stored.get(tensor)?.values {
            StoredValues::F32(values) => Ok(values),
            StoredValues::U32(_) => Err(Error::stored(tensor, "holds integers").into()),
        }
    }

    fn batch(&self) -> Result<Batch> {
        let whole = |tensor: &str| self.stored.integers(tensor, &[ROWS]).map(<[u32]>::to_vec);
        let lengths = self.stored.tensors.contains_key("lengths").then(|| whole("lengths")).transpose()?;
        let input = HostInput::Dense(self.floats("input")?.to_vec());
        let target = Target::LastStep { labels: whole("labels")?, lengths };
        Ok(Batch { rows: ROWS, steps: STEPS, input, target })
    }
}

fn recurrent<C: crate::baseline::Cell>(cell: C, features: usize) -> Recurrent<C> {
    let head = LinearHead { features, logits: LOGITS, pairs: false };
    Recurrent { cell, input_scale: 1.0, dropout: NO_DROPOUT, head }
}

fn lif(hidden: usize, recurrent: bool, readout: LifReadout) -> Lif {
    let (tau_min, tau_max, readout_tau, delta_t) = (3.0, 40.0, 10.0, 2.0);
    Lif {
        inputs: INPUTS,
        hidden,
        recurrent,
        inhibitory: 0.2,
        tau_min,
        tau_max,
        readout,
        readout_tau,
        delta_t,
    }
}

fn transformer(positions: Positions, pooling: Pooling) -> BaselineSpec {
    BaselineSpec::Transformer(Transformer {
        inputs: INPUTS,
        width: 8,
        heads: 2,
        depth: 2,
        feed_forward: 12,
        positions,
        max_steps: (positions == Positions::Learned).then_some(STEPS + 2),
        pooling,
        input_scale: 1.0,
        dropout: 0.0,
        attention_dropout: 0.0,
        head: LinearHead { features: 8, logits: LOGITS, pairs: false },
    })
}

fn records() -> Result<[Record; 7]> {
    let lstm = Lstm { inputs: INPUTS, hidden: 6, layers: 2, chrono: None };
    let gru = Gru { inputs: INPUTS, hidden: 6, layers: 2 };
    let network = recurrent(lif(10, true, LifReadout::Spikes), 10);
    let neuron = recurrent(lif(1, false, LifReadout::Membrane), 1);
    Ok([
        Record::read(
            "lstm",
            BaselineSpec::Lstm(recurrent(lstm, 6)),
            include_bytes!("../../tests/baselines/lstm.safetensors"),
        )?,
        Record::read(
            "gru",
            BaselineSpec::Gru(recurrent(gru, 6)),
            include_bytes!("../../tests/baselines/gru.safetensors"),
        )?,
        Record::read(
            "lif",
            BaselineSpec::Lif(network),
            include_bytes!("../../tests/baselines/lif.safetensors"),
        )?,
        Record::read(
            "one lif unit",
            BaselineSpec::Lif(neuron),
            include_bytes!("../../tests/baselines/lif_membrane.safetensors"),
        )?,
        Record::read(
            "transformer",
            transformer(Positions::Sinusoidal, Pooling::Mean),
            include_bytes!("../../tests/baselines/transformer.safetensors"),
        )?,
        Record::read(
            "transformer read at the last step",
            transformer(Positions::Sinusoidal, Pooling::Last),
            include_bytes!("../../tests/baselines/transformer_last.safetensors"),
        )?,
        Record::read(
            "transformer with learned positions",
            transformer(Positions::Learned, Pooling::Mean),
            include_bytes!("../../tests/baselines/transformer_learned.safetensors"),
        )?,
    ])
}

/// Logits, loss and the gradient of every weight are PyTorch's.
pub fn baselines_answer_as_pytorch<B: Backend + 'static>(b: &B) -> Result<()> {
    for record in records()? {
        let batch = record.batch()?;
        let model = record.spec.build(b, &record.stored)?;
        let logits = logits(b, &*model, &batch)?;
        let what = |part: &str| format!("{}: {part}", record.name);
        Tolerance::Scan.compare(&what("logits"), &[LOGITS, ROWS], &logits, record.floats("logits")?)?;
        let mut trainer = Trainer::new(b, model, TrainingSpec::new(1))?;
        let (loss, _, gradients) = trainer.measure(&batch)?;
        Tolerance::Scan.compare(&what("loss"), &[1], &[loss as f32], record.floats("loss")?)?;
        for ((prefix, layout), gradient) in record.spec.layouts().iter().zip(&gradients) {
            for tensor in &layout.tensors {
                let name = format!("gradient.{prefix}.{}", tensor.name);
                let wanted = record.floats(&name)?;
                let got = &gradient[tensor.range.clone()];
                Tolerance::ScanGradient.compare(&what(&name), &tensor.shape, got, wanted)?;
            }
        }
    }
    Ok(())
}

fn logits<B: Backend>(b: &B, model: &dyn Model<B>, batch: &Batch) -> Result<Vec<f32>> {
    let state = model.start_state(b, batch.rows)?;
    let answers = model.forward(b, &batch.sequences(), &Pass::plain(&state))?;
    let last = answers.last().ok_or_else(|| Failure::broken("a baseline", "answers nothing"))?;
    let logits = logits_of_last_step(b, model, &last.activity, batch.target.lengths())?;
    Ok(b.values(&logits)?)
}

/// Half a sequence, and from its end state the other half, are the whole one.
pub fn baselines_in_parts_are_the_whole<B: Backend + 'static>(b: &B) -> Result<()> {
    for record in records()?.iter().filter(|record| !record.name.starts_with("transformer")) {
        let model = record.spec.build(b, &record.stored)?;
        let input = record.floats("input")?;
        let run = |state: &[B::Tensor], range: std::ops::Range<usize>| -> Result<_> {
            let each = INPUTS * ROWS;
            let input = HostInput::Dense(input[range.start * each..range.end * each].to_vec());
            let sequences = Sequences { rows: ROWS, steps: range.len(), input: &input, lengths: None };
            let mut answers = model.forward(b, &sequences, &Pass::plain(state))?;
            answers.pop().ok_or_else(|| Failure::broken(record.name, "answers nothing"))
        };
        let start = model.start_state(b, ROWS)?;
        let whole = run(&start, 0..STEPS)?;
        let first = run(&start, 0..4)?;
        let second = run(&[first.state], 4..STEPS)?;
        let shape = b.shape(&whole.state);
        let [got, wanted] = [b.values(&second.state)?, b.values(&whole.state)?];
        Tolerance::Scan.compare(&format!("{}: state in parts", record.name), &shape, &got, &wanted)?;
        let activity = b.cat(&[first.activity, second.activity], 0)?;
        let shape = b.shape(&whole.activity);
        let [got, wanted] = [b.values(&activity)?, b.values(&whole.activity)?];
        Tolerance::Scan.compare(&format!("{}: activity in parts", record.name), &shape, &got, &wanted)?;
    }
    Ok(())
}

/// A recurrence is differentiated by its start state, in segments or not.
pub fn baselines_give_their_start_state_a_gradient<B: Backend + 'static>(b: &B) -> Result<()> {
    for record in records()?.iter().filter(|record| !record.name.starts_with("transformer")) {
        let batch = record.batch()?;
        let model = record.spec.build(b, &record.stored)?;
        let mut state = Vec::new();
        for rows in model.state_rows() {
            state.push(b.variable(&vec![0.1; rows * ROWS], &[rows, ROWS])?);
        }
        let pass = Pass { gradient: true, ..Pass::plain(&state) };
        let answers = model.forward(b, &batch.sequences(), &pass)?;
        let mut sums = Vec::new();
        for answer in &answers {
            sums.push(ops::sum_all(b, &answer.activity)?);
            sums.push(ops::sum_all(b, &answer.state)?);
        }
        let gradients = b.backward(&b.sum(&b.stack(&sums)?, 0)?)?;
        for state in &state {
            let gradient = b.gradient(&gradients, state).map(|gradient| b.values(&gradient)).transpose()?;
            let reached = gradient.is_some_and(|values| values.iter().any(|&value| value != 0.0));
            if !reached {
                return Err(Failure::broken(record.name, "the start state gets no gradient"));
            }
        }
    }
    Ok(())
}
