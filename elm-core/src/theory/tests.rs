use super::*;
use crate::analysis::Observation;
use crate::random::{Draws, Purpose};

const CHANNEL: Channel = Channel { correlation: 0.3, snr_max: 4.0, half: 200.0, steepness: 1.5 };

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-9), "{a} instead of {b}");
}

/// `½ ln det(I + q Σ)` by elimination.
fn by_determinant(channel: &Channel, neurons: usize, complexity: f64) -> f64 {
    let (q, rho) = (channel.snr(complexity), channel.correlation);
    let entry = |i: usize, j: usize| if i == j { 1.0 + q } else { q * rho };
    let mut matrix: Vec<Vec<f64>> =
        (0..neurons).map(|i| (0..neurons).map(|j| entry(i, j)).collect()).collect();
    let mut log = 0.0;
    for at in 0..neurons {
        log += matrix[at][at].ln();
        for row in at + 1..neurons {
            let factor = matrix[row][at] / matrix[at][at];
            for column in at..neurons {
                matrix[row][column] -= factor * matrix[at][column];
            }
        }
    }
    log / 2.0
}

#[test]
fn the_closed_form_is_the_determinant() {
    for neurons in [1, 2, 7, 40] {
        close(CHANNEL.information(neurons as f64, 120.0), by_determinant(&CHANNEL, neurons, 120.0));
    }
}

#[test]
fn independent_neurons_add_up() {
    let channel = Channel { correlation: 0.0, ..CHANNEL };
    close(channel.information(50.0, 80.0), 50.0 * 0.5 * channel.snr(80.0).ln_1p());
    assert!(channel.redundancy(50.0, 80.0).abs() < 1e-12);
}

#[test]
fn equal_neurons_are_one_with_less_noise() {
    let channel = Channel { correlation: 1.0, ..CHANNEL };
    close(channel.information(50.0, 80.0), 0.5 * (50.0 * channel.snr(80.0)).ln_1p());
    assert!(channel.redundancy(1e6, 80.0) > 0.9999);
}

#[test]
fn complexity_saturates() {
    close(CHANNEL.snr(1e12), CHANNEL.snr_max);
    close(CHANNEL.snr(CHANNEL.half), CHANNEL.snr_max / 2.0);
    assert!(CHANNEL.information(9.0, 1e9) / CHANNEL.information(9.0, 1e6) < 1.0001);
}

#[test]
fn a_single_neuron_repeats_nobody() {
    close(CHANNEL.information(1.0, 80.0), 0.5 * CHANNEL.snr(80.0).ln_1p());
    assert!(CHANNEL.redundancy(1.0, 80.0).abs() < 1e-12);
}

const THEORY: Theory = Theory {
    channel: Channel { correlation: 0.05, snr_max: 3.0, half: 900.0, steepness: 1.2 },
    l_inf: 1.3,
    a: 1.5,
    gamma: 0.5,
};

/// Runs whose losses follow the theory, at `P = N (k_e + 100) + 500`.
fn runs(budgets: &[f64], noise: f64) -> Vec<Observation> {
    let mut draws = Draws::new(8, Purpose::MadeUp, [0, 0]);
    let mut runs = Vec::new();
    for &parameters in budgets {
        for memory in [3.0, 5.0, 8.0, 12.0, 18.0, 27.0] {
            let complexity = 4.0 * memory * memory + 60.0 * memory;
            let neurons = (parameters - 500.0) / (complexity + 100.0);
            let loss = THEORY.loss(neurons, complexity) + f64::from(draws.symmetric(noise));
            runs.push(Observation {
                parameters,
                neurons,
                memory,
                complexity,
                synapses: 100.0,
                flops: None,
                choice: loss,
                loss,
            });
        }
    }
    runs
}

#[test]
fn the_theory_is_found_again_over_three_budgets() {
    let fit = fit_theory(&runs(&[2e4, 1e5, 5e5], 0.002), 0).unwrap();
    assert!(fit.rms_error < 0.002, "{}", fit.rms_error);
    assert!((fit.design.rest - 500.0).abs() < 1e-6, "{}", fit.design.rest);
    let exact = TheoryFit { theory: THEORY, ..fit.clone() };
    for budget in [3e4, 2e5] {
        let (found, made) = (fit.optimum(budget).unwrap(), exact.optimum(budget).unwrap().memory);
        assert!((found.memory / made).ln().abs() < 0.35, "{} instead of {made}", found.memory);
        let [low, high] = found.memory_interval;
        assert!(low <= made * 1.05 && made <= high * 1.05, "{made} is not in {low} to {high}");
    }
    let ends = [&fit.points[0], &fit.points[fit.points.len() - 1]].map(|point| point.limit);
    assert_eq!(ends[0], Limit::Saturation);
    assert_ne!(ends[1], Limit::Saturation);
}

#[test]
fn too_few_allocations_and_too_small_budgets_are_refused() {
    let few = fit_theory(&runs(&[1e5], 0.0), 0).unwrap_err();
    assert_eq!(few.to_string(), "the theory needs at least 8 allocations, got 6");
    let fit = fit_theory(&runs(&[2e4, 1e5], 0.0), 0).unwrap();
    assert_eq!(fit.optimum(550.0), None);
}
