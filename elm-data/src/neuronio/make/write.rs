//! Files as Python 2 and NumPy wrote the published ones: pickles of protocol
//! 2, with single numbers of NumPy for segments and times.

use super::anatomy::{Anatomy, TREES};
use crate::neuronio::Simulation;
use half::f16;

/// Memories of what comes again and again.
const ARRAY: u8 = 0;
const CLASS: u8 = 1;
const HALF: u8 = 2;
const SCALAR: u8 = 3;
const LONG: u8 = 4;
/// Output spikes are maxima between two steps; published times round so.
const AFTER_STEP: f32 = 1.0;

/// The bytes of a file.
pub(super) fn pickle(seed: u64, steps: usize, anatomy: &Anatomy, simulations: &[Simulation]) -> Vec<u8> {
    let mut writer = Writer(b"\x80\x02".to_vec());
    writer.put(b"}(");
    writer.text("Params");
    writer.parameters(seed, steps, anatomy, simulations);
    writer.text("Results");
    writer.put(b"}");
    writer.text("listOfSingleSimulationDicts");
    writer.put(b"](");
    for (index, simulation) in simulations.iter().enumerate() {
        writer.simulation(simulation, anatomy.lengths.len(), index == 0);
    }
    writer.put(b"esu.");
    writer.0
}

struct Writer(Vec<u8>);

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A string of Python 2.
    fn text(&mut self, text: &str) {
        self.put(&[b'U', text.len() as u8]);
        self.put(text.as_bytes());
    }

    fn integer(&mut self, number: i32) {
        self.put(b"J");
        self.put(&number.to_le_bytes());
    }

    fn float(&mut self, number: f64) {
        self.put(b"G");
        self.put(&number.to_be_bytes());
    }

    fn parameters(&mut self, seed: u64, steps: usize, anatomy: &Anatomy, simulations: &[Simulation]) {
        let spikes: usize = simulations.iter().map(|one| one.spikes.len()).sum();
        let seconds = (steps * simulations.len()) as f64 / 1000.0;
        self.put(b"}(");
        self.text("randomSeed");
        self.put(&[0x8a, 8]);
        self.put(&seed.to_le_bytes());
        self.text("numSimulations");
        self.integer(simulations.len() as i32);
        self.text("totalSimDurationInSec");
        match steps % 1000 {
            0 => self.integer((steps / 1000) as i32),
            _ => self.float(steps as f64 / 1000.0),
        }
        self.text("collectAndSaveDVTs");
        self.put(b"\x89");
        self.text("allSegmentsType");
        self.put(b"](");
        for (tree, name) in TREES.into_iter().zip(["basal", "apical"]) {
            tree.for_each(|_| self.text(name));
        }
        self.put(b"e");
        self.text("allSegmentsLength");
        self.put(b"](");
        anatomy.lengths.iter().for_each(|&length| self.float(length));
        self.put(b"e");
        self.text("totalNumOutputSpikes");
        self.integer(spikes as i32);
        self.text("averageOutputFrequency");
        self.float(spikes as f64 / seconds);
        self.text("neuronModel");
        self.text("made by elm: saturating branches, not the published neuron");
        self.put(b"u");
    }

    fn simulation(&mut self, simulation: &Simulation, segments: usize, first: bool) {
        let times: Vec<f32> = simulation.spikes.iter().map(|&step| f32::from(step) + AFTER_STEP).collect();
        self.put(b"}(");
        self.text("recordingTimeLowRes");
        self.array(&(0..simulation.steps()).map(|step| step as f32).collect::<Vec<_>>(), first);
        self.text("somaVoltageLowRes");
        self.array(&simulation.voltage, false);
        self.text("outputSpikeTimes");
        self.array(&times, false);
        for (key, from) in [("exInputSpikeTimes", 0), ("inhInputSpikeTimes", segments)] {
            self.text(key);
            let mut times = vec![Vec::new(); segments];
            for spike in &simulation.inputs {
                let channel = usize::from(spike.channel);
                if (from..from + segments).contains(&channel) {
                    times[channel - from].push(spike.step);
                }
            }
            self.times(&times, first && from == 0);
        }
        self.put(b"u");
    }

    /// Half-precision numbers as an array of NumPy.
    fn array(&mut self, values: &[f32], first: bool) {
        if first {
            self.put(b"cnumpy.core.multiarray\n_reconstruct\nq");
            self.put(&[ARRAY]);
            self.put(b"cnumpy\nndarray\nq");
            self.put(&[CLASS]);
        } else {
            self.put(&[b'h', ARRAY, b'h', CLASS]);
        }
        self.put(b"K\x00\x85U\x01b\x87R(K\x01");
        self.integer(values.len() as i32);
        self.put(b"\x85");
        self.element(b"f2", HALF, first);
        self.put(b"\x89T");
        self.put(&(2 * values.len() as u32).to_le_bytes());
        for &value in values {
            self.put(&f16::from_f32(value).to_le_bytes());
        }
        self.put(b"tb");
    }

    /// A type of numbers, with its definition the first time.
    fn element(&mut self, name: &[u8; 2], memory: u8, first: bool) {
        if first {
            self.put(b"cnumpy\ndtype\nU\x02");
            self.put(name);
            self.put(b"K\x00K\x01\x87Rq");
            self.put(&[memory]);
            self.put(b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb");
        } else {
            self.put(&[b'h', memory]);
        }
    }

    /// Times of each segment that has any.
    fn times(&mut self, times: &[Vec<u16>], mut first: bool) {
        self.put(b"}(");
        for (segment, times) in times.iter().enumerate().filter(|(_, times)| !times.is_empty()) {
            self.scalar(segment as u16, &mut first);
            self.put(b"](");
            times.iter().for_each(|&time| self.scalar(time, &mut first));
            self.put(b"e");
        }
        self.put(b"u");
    }

    /// A whole number of eight bytes, as NumPy has single ones.
    fn scalar(&mut self, number: u16, first: &mut bool) {
        if *first {
            self.put(b"cnumpy.core.multiarray\nscalar\nq");
            self.put(&[SCALAR]);
        } else {
            self.put(&[b'h', SCALAR]);
        }
        self.element(b"i8", LONG, *first);
        *first = false;
        self.put(b"U\x08");
        self.put(&i64::from(number).to_le_bytes());
        self.put(b"\x86R");
    }
}
