//! Batches of `elm-data` as batches of `elm-core`.

use elm_core::spec::{Event, Events};
use elm_core::train::{Batch, BatchSource, HostInput, Place, Target};
use elm_core::{Error, Result};
use elm_data::BatchStream;

/// A stream of `elm-data` as a source of `elm-core`.
pub struct Adapted(pub Box<dyn BatchStream>);

impl BatchSource for Adapted {
    fn next(&mut self) -> Result<Option<Batch>> {
        self.0.next().map_err(failed)?.map(adapt).transpose()
    }

    fn cursor(&self) -> [u64; 2] {
        self.0.cursor()
    }

    fn seek(&mut self, cursor: [u64; 2]) -> Result<()> {
        self.0.seek(cursor).map_err(failed)
    }
}

fn failed(error: elm_data::DataError) -> Error {
    Error::Data(Box::new(error))
}

fn adapt(batch: elm_data::Batch) -> Result<Batch> {
    let input = match batch.input {
        elm_data::Input::Tokens(ids) => HostInput::Tokens(ids.into()),
        elm_data::Input::Dense { values, .. } => HostInput::Dense(values),
        elm_data::Input::Events(events) => {
            let event = |e: elm_data::Event| Event { row: e.row, channel: e.channel, count: e.count };
            let entries = events.entries.into_iter().map(event).collect();
            HostInput::Events(Events { starts: events.starts, entries }.into())
        }
    };
    let target = match batch.target {
        elm_data::Target::EveryStep(labels) => Target::EveryStep { labels, lengths: None },
        elm_data::Target::ClassEveryStep { labels, lengths } => Target::EveryStep { labels, lengths },
        elm_data::Target::Values { values, lengths } => Target::ValuesLastStep { values, lengths },
        elm_data::Target::ValuesEveryStep { values, outputs, lengths } => {
            Target::ValuesEveryStep { values, outputs, lengths }
        }
        elm_data::Target::LastStep { labels, lengths } => Target::LastStep { labels, lengths },
        elm_data::Target::Pairs { labels, lengths } => Target::Pairs { labels, lengths },
        elm_data::Target::SpikeAndSoma { spike, soma, burn_in, place } => {
            let place = place.map(|at| Place {
                file: at.file as usize,
                first: at.first as usize,
                start: at.start as usize,
                ends_file: at.ends_file,
            });
            Target::SpikeAndSoma { spike, soma, burn_in, place }
        }
    };
    Ok(Batch { rows: batch.rows, steps: batch.steps, input, target })
}
