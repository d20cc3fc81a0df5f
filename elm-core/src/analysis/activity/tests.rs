use super::*;
use crate::random::{Draws, Purpose};

/// A recording of signals given one after the other.
fn recorded(signals: &[Vec<f64>]) -> Recording {
    let steps = signals[0].len();
    let values = (0..steps).flat_map(|step| signals.iter().map(move |signal| signal[step] as f32)).collect();
    Recording::new(signals.len(), values).unwrap()
}

fn noise(seed: u64, steps: usize) -> Vec<f64> {
    let mut draws = Draws::new(seed, Purpose::MadeUp, [0, 0]);
    (0..steps).map(|_| draws.normal()).collect()
}

/// Spikes at random with this probability in a step.
fn random_train(seed: u64, probability: f64, steps: usize) -> Vec<f64> {
    let mut draws = Draws::new(seed, Purpose::MadeUp, [1, 0]);
    (0..steps).map(|_| if draws.chance(probability) { 1.0 } else { 0.0 }).collect()
}

fn clock(period: usize, steps: usize) -> Vec<f64> {
    (0..steps).map(|step| if step % period == 0 { 1.0 } else { 0.0 }).collect()
}

#[test]
fn events_at_random_have_a_fano_factor_and_a_variation_of_one() {
    for seed in 0..5 {
        let steps = 200_000;
        let times = event_times(random_train(seed, 0.02, steps).into_iter(), Event::ActiveStep);
        let fano = fano_factor(&counts(&times, steps, 50)).unwrap();
        // Of steps with or without a spike it is 1 - p.
        assert!((fano - 0.98).abs() < 0.06, "{fano}");
        let variation = coefficient_of_variation(&intervals(&times)).unwrap();
        assert!((variation - 0.99).abs() < 0.06, "{variation}");
    }
}

#[test]
fn a_clock_varies_in_nothing() {
    for period in [1, 3, 10, 37] {
        let times = event_times(clock(period, 9990).into_iter(), Event::ActiveStep);
        assert!(intervals(&times).iter().all(|&interval| interval == period));
        assert_eq!(coefficient_of_variation(&intervals(&times)), Some(0.0));
        let fano = fano_factor(&counts(&times, 9990, 111)).unwrap();
        assert!(fano < 0.1, "{fano} for a period of {period}");
    }
}

#[test]
fn bursts_vary_more_than_chance() {
    let bursts: Vec<f64> = (0..4000).map(|step| if step % 400 < 50 { 1.0 } else { 0.0 }).collect();
    let times = event_times(bursts.iter().copied(), Event::ActiveStep);
    assert!(fano_factor(&counts(&times, 4000, 50)).unwrap() > 5.0);
    // Each burst begins once.
    assert_eq!(event_times(bursts.into_iter(), Event::Onset), (0..10).map(|k| 400 * k).collect::<Vec<_>>());
}

#[test]
fn what_a_silent_unit_has_not_is_none() {
    let times = event_times([0.0, -1.0, f64::NAN].into_iter(), Event::ActiveStep);
    assert!(times.is_empty() && intervals(&times).is_empty());
    assert_eq!(fano_factor(&counts(&times, 3, 1)), None);
    assert_eq!((fano_factor(&[4]), coefficient_of_variation(&[7]), counts(&[5], 3, 0)), (None, None, vec![]));
    let silent = [recorded(&[vec![0.0, -1.0, 0.0], vec![1.0, 2.0, 3.0], vec![0.0, 0.0, 5.0]])];
    let levels: Vec<Level> = (0..3).map(|unit| Level::of(&silent, unit).unwrap()).collect();
    assert_eq!(levels.iter().map(Level::is_silent).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(levels.iter().map(Level::is_saturated).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!((levels[1].mean, levels[2].share_active), (2.0, 1.0 / 3.0));
    assert_eq!(Level::of(&[], 0), None);
}

#[test]
fn signals_are_correlated_as_they_were_mixed() {
    let (x, other) = (noise(1, 4000), noise(2, 4000));
    for share in [0.0, 0.3, 0.8, 1.0, -0.6] {
        let mix =
            |(x, other): (&f64, &f64)| 7.0 + 3.0 * (share * x + (1.0f64 - share * share).sqrt() * other);
        let mixed = x.iter().zip(&other).map(mix).collect();
        let constant = vec![2.0; 4000];
        let found = correlations(&[recorded(&[x.clone(), constant, mixed])], &[0, 1, 2]);
        assert_eq!(found.len(), 1, "the constant has none");
        assert!((found[0] - share).abs() < 0.04, "{} for {share}", found[0]);
    }
}

#[test]
fn the_rank_of_k_independent_signals_is_k_however_many_units_carry_them() {
    for k in [1, 2, 5] {
        let signals: Vec<Vec<f64>> = (0..k).map(|seed| noise(seed, 4000)).collect();
        for copies in [1, 3] {
            let units: Vec<Vec<f64>> = (0..copies).flat_map(|_| signals.clone()).collect();
            let all: Vec<usize> = (0..units.len()).collect();
            let rank = effective_rank(&[recorded(&units)], &all).unwrap();
            assert!((rank - k as f64).abs() < 0.05 * k as f64, "{rank} of {k} signals, {copies} times");
        }
    }
    assert_eq!(effective_rank(&[recorded(&[vec![1.0; 9]])], &[0]), None);
}

#[test]
fn the_rank_is_the_same_from_units_and_from_steps() {
    // More units than steps, and as many, of one matrix and of its parts.
    let signals: Vec<Vec<f64>> = (0..12).map(|seed| noise(seed, 10)).collect();
    let wide = effective_rank(&[recorded(&signals)], &(0..12).collect::<Vec<_>>()).unwrap();
    let doubled: Vec<Vec<f64>> = signals.iter().map(|signal| [&signal[..], &signal[..]].concat()).collect();
    let tall = effective_rank(&[recorded(&doubled)], &(0..12).collect::<Vec<_>>()).unwrap();
    assert!((wide - tall).abs() < 1e-9, "{wide} and {tall}");
    assert!(wide > 1.0 && wide < 9.0, "{wide}");
}

#[test]
fn recordings_are_pooled_and_long_ones_thinned() {
    let (x, y) = (noise(3, 30_000), noise(4, 30_000));
    let parts = [
        recorded(&[x[..9000].to_vec(), y[..9000].to_vec()]),
        recorded(&[x[9000..].to_vec(), y[9000..].to_vec()]),
    ];
    let pooled = correlations(&parts, &[0, 1])[0];
    assert!((pooled - correlations(&[recorded(&[x, y])], &[0, 1])[0]).abs() < 1e-12);
    assert!(Recording::new(3, vec![0.0; 4]).is_err() && Recording::new(0, vec![]).is_err());
}

#[test]
fn a_histogram_counts_every_number_once() {
    let values = [-5.0, 0.0, 0.49, 0.5, 1.0, 7.0, f64::NAN];
    assert_eq!(Histogram::even(&values, [0.0, 1.0], 2).counts, [3, 3]);
    let log = Histogram::log(&[1.0, 9.0, 11.0, 99.0, 1000.0], [1.0, 1000.0], 3);
    assert_eq!(log.counts, [2, 2, 1]);
    assert!((log.edges[1] - 10.0).abs() < 1e-9);
}
