//! What stays the same over a run and lies on the host: masks, timescales, and
//! tokens or events as entries of the input.

use super::arguments::Arguments;
use super::driver::Slice;
use super::plan::Plan;
use crate::spec::LayerRun;

/// Lists of numbers or places, one after the other, and where each begins.
#[derive(Default)]
pub(super) struct Constants {
    /// All of them, as 32-bit words.
    pub words: Vec<u32>,
    tau_raw: Option<usize>,
    input_mask: Option<usize>,
    activity_mask: Option<usize>,
    memory_mask: Option<usize>,
    /// Step, place and value of entries, and how many there are.
    events: ([usize; 3], usize),
}

impl Constants {
    pub(super) fn new(run: &LayerRun<Slice>, plan: &Plan) -> Self {
        let mut constants = Constants::default();
        let masks = &run.dropout;
        constants.tau_raw = constants.append(run.fixed_tau_raw.as_deref());
        constants.input_mask = constants.append(masks.input.as_deref());
        constants.activity_mask = constants.append(masks.recurrent.as_deref());
        constants.memory_mask = constants.append(masks.memory.as_deref());
        let (mut steps, mut places, mut values) = (Vec::new(), Vec::new(), Vec::new());
        run.input.for_each_entry(run.rows, |step, channel, row, count| {
            let mask = masks.input.as_ref().map_or(1.0, |mask| f64::from(mask[channel * run.rows + row]));
            steps.push(step as u32);
            places.push((channel * plan.row() + row) as u32);
            values.push(((f64::from(count) * f64::from(run.input_factor) * mask) as f32).to_bits());
        });
        let count = steps.len();
        let mut list = |words: Vec<u32>| {
            let start = constants.words.len();
            constants.words.extend(words);
            start
        };
        constants.events = ([list(steps), list(places), list(values)], count);
        constants
    }

    fn append(&mut self, values: Option<&[f32]>) -> Option<usize> {
        let start = self.words.len();
        self.words.extend(values?.iter().map(|value| value.to_bits()));
        Some(start)
    }

    /// Where they are to be found, all of them lying at `at`.
    pub(super) fn place(&self, at: u64, arguments: &mut Arguments) {
        let address = |place: Option<usize>| place.map_or(0, |place| at + 4 * place as u64);
        arguments.tau_raw = address(self.tau_raw);
        arguments.input_mask = address(self.input_mask);
        arguments.activity_mask = address(self.activity_mask);
        arguments.memory_mask = address(self.memory_mask);
        let ([steps, places, values], count) = self.events;
        arguments.event_step = address(Some(steps));
        arguments.event_place = address(Some(places));
        arguments.event_value = address(Some(values));
        arguments.events = count as i32;
    }
}
