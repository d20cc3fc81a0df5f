//! Spikes from recorded sound, by a model ear of the kind that made SHD
//! (Cramer, Stradmann, Schemmel, Zenke 2020, arXiv 1910.07407): a membrane of
//! 700 places that each follow a band of frequencies, hair cells that release
//! transmitter, and bushy cells that fire when many releases coincide.
//!
//! It is not their model: they solve the fluid dynamics of the membrane, here
//! every place is a gammatone filter; where constants are ours,
//! [`CochleaSettings`] says so. Unit 0 is the lowest frequency.

mod folder;
mod hair_cell;
mod membrane;
mod settings;
mod wav;

pub use folder::{AudioFolder, Word};
pub use settings::CochleaSettings;
pub use wav::Sound;

use crate::draws::Draws;
use crate::spikes::Recording;
use hair_cell::HairCell;
use membrane::Place;

/// Seconds between two looks at a bushy cell.
const STEP: f64 = 1e-4;
/// Level in dB at which a movement of 1 is the unit of the hair cell's
/// constants.
const UNIT_DB: f64 = 30.0;

/// A model ear.
#[derive(Debug, Clone)]
pub struct Cochlea {
    settings: CochleaSettings,
    frequencies: Vec<f64>,
}

impl Cochlea {
    /// An ear with these parameters.
    pub fn new(settings: CochleaSettings) -> Self {
        Cochlea { frequencies: settings.characteristic_frequencies(), settings }
    }

    /// The characteristic frequency of each unit in Hz.
    pub fn frequencies(&self) -> &[f64] {
        &self.frequencies
    }

    /// What the ear answers to a sound, sorted by time. It is a pure function
    /// of the settings, the sound and `index`, which tells the random releases
    /// of one recording from those of another.
    pub fn listen(&self, sound: &Sound, index: u64) -> Recording {
        let mut spikes: Vec<(f32, u16)> = Vec::new();
        for (unit, &frequency) in self.frequencies.iter().enumerate() {
            if frequency < 0.45 * f64::from(sound.rate) {
                self.unit(sound, frequency, index << 16 | unit as u64, &mut |time| {
                    spikes.push((time as f32, unit as u16));
                });
            }
        }
        spikes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (times, units) = spikes.into_iter().unzip();
        Recording { times, units, label: 0, speaker: 0 }
    }

    /// One unit through the whole sound.
    fn unit(&self, sound: &Sound, frequency: f64, index: u64, fire: &mut dyn FnMut(f64)) {
        let settings = &self.settings;
        let rate = f64::from(sound.rate);
        let scale = 2_f64.sqrt() * 10_f64.powf((settings.full_scale_db - UNIT_DB) / 20.0);
        let (mut place, mut cell) = (Place::new(frequency, rate), HairCell::in_silence());
        let mut draws = Draws::new(b"cochlea\0", settings.seed, 0, index);
        let kept = (-STEP / settings.bushy_tau).exp();
        let (mut charge, mut silent_until, mut expected, mut looks) = (0.0, 0.0, 0.0, 1_u64);
        for (at, &sample) in sound.samples.iter().enumerate() {
            let movement = place.step(f64::from(sample) * scale);
            expected += settings.hair_cells * cell.step(movement, 1.0 / rate) / rate;
            let now = (at + 1) as f64 / rate;
            if now < looks as f64 * STEP {
                continue;
            }
            looks += 1;
            charge = charge * kept + f64::from(poisson(expected, draws.unit()));
            expected = 0.0;
            if now < silent_until {
                charge = 0.0;
            } else if charge >= settings.bushy_threshold {
                fire(now);
                charge = 0.0;
                silent_until = now + settings.refractory;
            }
        }
    }
}

/// A number from the Poisson distribution of this mean, by inversion.
fn poisson(mean: f64, uniform: f64) -> u32 {
    let (mut count, mut chance) = (0, (-mean).exp());
    let mut sum = chance;
    while uniform > sum && count < 1000 {
        count += 1;
        chance *= mean / f64::from(count);
        sum += chance;
    }
    count
}
