//! A place on the basilar membrane: a gammatone filter.

use std::f64::consts::TAU;

/// Order of the filter.
const ORDER: usize = 4;

/// A fourth-order gammatone filter as four complex poles in a row (Hohmann
/// 2002), with the bandwidth of an ear (Glasberg and Moore 1990:
/// `24.7 (4.37 f / 1000 + 1)` Hz).
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The pole.
    pole: [f64; 2],
    /// Gain that passes the characteristic frequency as it is.
    gain: f64,
    state: [[f64; 2]; ORDER],
}

impl Place {
    pub(super) fn new(frequency: f64, sample_rate: f64) -> Self {
        let bandwidth = 1.019 * 24.7 * (4.37 * frequency / 1000.0 + 1.0);
        let radius = (-TAU * bandwidth / sample_rate).exp();
        let angle = TAU * frequency / sample_rate;
        Place {
            pole: [radius * angle.cos(), radius * angle.sin()],
            gain: 2.0 * (1.0 - radius).powi(ORDER as i32),
            state: [[0.0; 2]; ORDER],
        }
    }

    /// Movement of the membrane for the next sample of sound.
    #[inline]
    pub(super) fn step(&mut self, sound: f64) -> f64 {
        let mut input = [sound * self.gain, 0.0];
        for state in &mut self.state {
            let [re, im] = *state;
            *state = [
                input[0] + self.pole[0] * re - self.pole[1] * im,
                input[1] + self.pole[0] * im + self.pole[1] * re,
            ];
            input = *state;
        }
        input[0]
    }
}
