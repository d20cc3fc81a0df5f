//! The input process of the published data: spikes whose rates change every
//! few ms, are smoothed in time, and differ from segment to segment.

use super::anatomy::{Anatomy, TREES};
use crate::draws::Draws;
use crate::neuronio::InputSpike;

/// How long rates stay, in ms, one of these for each simulation.
const HOLDS: [u32; 18] = [25, 30, 35, 40, 45, 55, 60, 65, 70, 75, 80, 85, 90, 100, 150, 200, 300, 450];
/// Widths of the smoothing, in ms, likewise.
const WIDTHS: [u32; 14] = [25, 30, 35, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600];
/// Added to both, at most, either way.
const JITTER: u32 = 20;
/// Excitatory spikes per 100 ms of a tree, at most.
const MOST_EXCITATORY: f64 = 800.0;
/// Inhibitory ones are between these more, but never fewer than none.
const MORE_INHIBITORY: [f64; 2] = [-600.0, 200.0];

/// All input spikes of a simulation of `steps` ms, sorted.
pub(super) fn inputs(anatomy: &Anatomy, steps: usize, draws: &mut Draws) -> Vec<InputSpike> {
    let hold = jittered(&HOLDS, draws);
    let width = jittered(&WIDTHS, draws);
    let smoothing = Smoothing::new(steps, hold, width);
    let levels = levels(anatomy, steps.div_ceil(hold), draws);
    let mut spikes = Vec::new();
    for (channel, levels) in levels.iter().enumerate() {
        for (step, rate) in smoothing.of(levels).enumerate() {
            // The chance of a spike is drawn from an exponential distribution
            // with this rate as its mean, and cut at 1: so often, on average.
            let drawn = draws.unit();
            if drawn < rate && drawn < rate * (1.0 - (-1.0 / rate).exp()) {
                spikes.push(InputSpike { step: step as u16, channel: channel as u16 });
            }
        }
    }
    spikes.sort_unstable();
    spikes
}

/// One of some times, give or take, in ms.
fn jittered(of: &[u32], draws: &mut Draws) -> usize {
    let about = of[draws.below(of.len() as u32) as usize];
    (about + draws.below(2 * JITTER + 1)).saturating_sub(JITTER).max(1) as usize
}

/// The rate of each channel in each interval, in spikes per ms, before
/// smoothing.
fn levels(anatomy: &Anatomy, intervals: usize, draws: &mut Draws) -> Vec<Vec<f64>> {
    let segments = anatomy.lengths.len();
    let mut levels = vec![vec![0.0; intervals]; 2 * segments];
    for interval in 0..intervals {
        for tree in TREES {
            let excitatory = draws.within(0.0, MOST_EXCITATORY);
            let [fewer, more] = MORE_INHIBITORY.map(|difference| (excitatory + difference).max(0.0));
            let inhibitory = draws.within(fewer, more);
            for (first, spikes) in [(0, excitatory), (segments, inhibitory)] {
                for segment in tree.clone() {
                    let share = anatomy.share(segment, &tree) * draws.within(0.5, 1.5);
                    levels[first + segment][interval] = spikes / 100.0 * share;
                }
            }
        }
    }
    levels
}

/// A Gaussian of a width, over rates that stay for a while: the part that each
/// interval has in each step, the same for all channels.
struct Smoothing {
    /// Of each step, its first interval and where its parts end.
    steps: Vec<(usize, usize)>,
    parts: Vec<f64>,
}

impl Smoothing {
    fn new(steps: usize, hold: usize, width: usize) -> Self {
        let sums = running_sums(width);
        let taps = sums.len() - 1;
        let before = (taps - 1) / 2;
        let mut smoothing = Smoothing { steps: Vec::with_capacity(steps), parts: Vec::new() };
        for step in 0..steps {
            // Tap k of this step lies on step + k - before; nothing comes
            // before the first step and after the last.
            let mut from = step.saturating_sub(before);
            let end = (step + taps - before).min(steps);
            let first = from / hold;
            while from < end {
                let to = ((from / hold + 1) * hold).min(end);
                smoothing.parts.push(sums[to + before - step] - sums[from + before - step]);
                from = to;
            }
            smoothing.steps.push((first, smoothing.parts.len()));
        }
        smoothing
    }

    /// The smoothed rate of each step.
    fn of<'a>(&'a self, levels: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let mut start = 0;
        self.steps.iter().map(move |&(first, end)| {
            let parts = &self.parts[start..end];
            start = end;
            levels[first..].iter().zip(parts).map(|(level, part)| level * part).sum()
        })
    }
}

/// Sums of the first 0, 1, ... taps of a Gaussian that sums to 1.
fn running_sums(width: usize) -> Vec<f64> {
    let taps = 1 + 7 * width;
    let middle = (taps - 1) as f64 / 2.0;
    let tap = |place: usize| (-0.5 * ((place as f64 - middle) / width as f64).powi(2)).exp();
    let mut sums = vec![0.0];
    for place in 0..taps {
        sums.push(sums[place] + tap(place));
    }
    let all = sums[taps];
    sums.iter_mut().for_each(|sum| *sum /= all);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_is_a_convolution_with_a_normalised_gaussian() {
        let (steps, hold, width) = (100, 7, 3);
        let smoothing = Smoothing::new(steps, hold, width);
        let levels: Vec<f64> = (0..15).map(|i| f64::from(i * i % 7)).collect();
        let all: f64 = (0..22).map(|k| (-0.5 * ((f64::from(k) - 10.5) / 3.0).powi(2)).exp()).sum();
        for (step, rate) in smoothing.of(&levels).enumerate() {
            let wanted: f64 = (0..22_i64)
                .map(|k| {
                    let at = step as i64 + k - 10;
                    let level = if (0..100).contains(&at) { levels[at as usize / hold] } else { 0.0 };
                    level * (-0.5 * ((k as f64 - 10.5) / 3.0).powi(2)).exp() / all
                })
                .sum();
            assert!((rate - wanted).abs() < 1e-12, "step {step}: {rate} instead of {wanted}");
        }
    }

    #[test]
    fn spikes_come_about_as_often_as_they_should() {
        let anatomy = Anatomy::new();
        let mut per_step = [0.0; 2];
        for index in 0..8 {
            let mut draws = Draws::new(b"nio test", 3, 0, index);
            for spike in inputs(&anatomy, 2000, &mut draws) {
                per_step[usize::from(usize::from(spike.channel) >= anatomy.lengths.len())] += 1.0 / 16_000.0;
            }
        }
        // 400 per 100 ms and tree; the smoothing takes some at both ends.
        assert!((5.0..9.0).contains(&per_step[0]), "{per_step:?}");
        assert!((2.5..8.0).contains(&per_step[1]), "{per_step:?}");
    }
}
