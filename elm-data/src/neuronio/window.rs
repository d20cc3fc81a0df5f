//! A part of some simulations as a batch.

use super::simulation::{Simulation, soma_target};
use crate::batch::{Batch, Event, Events, Input, Place, Target};

/// The batch of steps `start..start + steps` of each simulation; later ones
/// than the last are without spikes. Excitatory spikes count +1, inhibitory
/// ones -1.
pub(super) fn batch(
    rows: &[(&Simulation, usize)],
    steps: usize,
    segments: usize,
    burn_in: usize,
    place: Option<Place>,
) -> Batch {
    let (mut spike, mut soma) = (vec![0.0; steps * rows.len()], vec![0.0; steps * rows.len()]);
    for (row, &(simulation, start)) in rows.iter().enumerate() {
        for &step in simulation.spikes_within(start, start + steps) {
            spike[(usize::from(step) - start) * rows.len() + row] = 1.0;
        }
        for (step, &voltage) in simulation.voltage.iter().skip(start).take(steps).enumerate() {
            soma[step * rows.len() + row] = soma_target(voltage);
        }
    }
    let input = Input::Events(events(rows, steps, segments));
    Batch { rows: rows.len(), steps, input, target: Target::SpikeAndSoma { spike, soma, burn_in, place } }
}

/// The input spikes, by step, row and channel.
fn events(rows: &[(&Simulation, usize)], steps: usize, segments: usize) -> Events {
    let mut left: Vec<_> =
        rows.iter().map(|&(simulation, start)| simulation.inputs_within(start, start + steps)).collect();
    let mut entries = Vec::with_capacity(left.iter().map(|spikes| spikes.len()).sum());
    let mut starts = Vec::with_capacity(steps + 1);
    for step in 0..steps {
        starts.push(entries.len() as u32);
        for (row, (left, &(_, start))) in left.iter_mut().zip(rows).enumerate() {
            let here = left.iter().take_while(|spike| usize::from(spike.step) == start + step).count();
            let (now, later) = left.split_at(here);
            *left = later;
            entries.extend(now.iter().map(|spike| Event {
                row: row as u32,
                channel: spike.channel.into(),
                count: if usize::from(spike.channel) < segments { 1.0 } else { -1.0 },
            }));
        }
    }
    starts.push(entries.len() as u32);
    Events { channels: 2 * segments, starts, entries }
}
