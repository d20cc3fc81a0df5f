use super::*;
use crate::random::{Draws, Purpose};

fn run(parameters: f64, neurons: f64, memory: f64, loss: f64) -> Observation {
    let complexity = (parameters / neurons - 30.0).max(1.0);
    Observation { parameters, neurons, memory, complexity, synapses: 30.0, flops: None, choice: loss, loss }
}

/// A valley in `ln N` with its bottom at `best`, on seven allocations.
fn valley(parameters: f64, best: f64, seeds: usize, noise: f64, draws: &mut Draws) -> Vec<Observation> {
    let mut runs = Vec::new();
    for step in -3..=3 {
        // Not symmetric about the bottom.
        let neurons = best * 1.1 * 1.6f64.powi(step);
        for _ in 0..seeds {
            let loss = 1.6 + 0.03 * (neurons / best).ln().powi(2) + noise * draws.normal();
            // d_m of the constraint P = N · const · d_m², here of no matter.
            runs.push(run(parameters, neurons, (parameters / neurons / 6.0).sqrt(), loss));
        }
    }
    runs
}

const LAW: PowerLaw = PowerLaw { l_inf: 1.2, a: 9.0, alpha: 0.31 };

fn sizes(seeds: usize) -> impl Iterator<Item = f64> {
    (0..8).flat_map(move |at| std::iter::repeat_n(5e3 * 2.5f64.powi(at), seeds))
}

#[test]
fn a_power_law_is_found_again() {
    let points: Vec<(f64, f64)> = sizes(1).map(|size| (size, LAW.at(size))).collect();
    let found = fit_power_law(&points, 0).unwrap().law;
    for (found, made) in [(found.l_inf, LAW.l_inf), (found.a, LAW.a), (found.alpha, LAW.alpha)] {
        assert!((found / made - 1.0).abs() < 1e-5, "{found} instead of {made}");
    }
}

#[test]
fn the_intervals_of_a_power_law_hold_what_they_promise() {
    let mut draws = Draws::new(3, Purpose::MadeUp, [0, 0]);
    let (mut inside, tables) = ([0; 3], 60);
    for table in 0..tables {
        let points: Vec<(f64, f64)> =
            sizes(3).map(|size| (size, LAW.at(size) + 0.01 * draws.normal())).collect();
        let intervals = fit_power_law(&points, table).unwrap().intervals;
        for (count, (interval, made)) in
            inside.iter_mut().zip(intervals.iter().zip([LAW.l_inf, LAW.a, LAW.alpha]))
        {
            *count += u64::from(interval[0] <= made && made <= interval[1]);
        }
    }
    for (what, count) in ["l_inf", "a", "alpha"].into_iter().zip(inside) {
        let share = count as f64 / tables as f64;
        assert!(
            (0.8..=0.98).contains(&share),
            "the 90 % interval of {what} holds it in {share} of the tables"
        );
    }
}

#[test]
fn a_power_law_keeps_its_exponent_in_other_units() {
    let mut draws = Draws::new(4, Purpose::MadeUp, [0, 0]);
    let points: Vec<(f64, f64)> = sizes(1).map(|size| (size, LAW.at(size) + 0.01 * draws.normal())).collect();
    let fit = |size: f64, loss: f64| {
        fit_power_law(&points.iter().map(|p| (p.0 * size, p.1 * loss)).collect::<Vec<_>>(), 0).unwrap().law
    };
    let (plain, millions, summed) = (fit(1.0, 1.0), fit(1e-6, 1.0), fit(1.0, 12_800.0));
    let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-6, "{a} instead of {b}");
    close(millions.alpha, plain.alpha);
    close(millions.l_inf, plain.l_inf);
    close(millions.at(1.0), plain.at(1e6));
    close(summed.alpha, plain.alpha);
    close(summed.l_inf, 12_800.0 * plain.l_inf);
    close(summed.a, 12_800.0 * plain.a);
}

#[test]
fn too_few_sizes_are_refused_in_words() {
    let error = fit_power_law(&[(1e3, 2.0), (1e4, 1.5), (1e5, 1.2), (1e5, 1.3)], 0).unwrap_err();
    assert_eq!(error.to_string(), "a power law needs at least 4 budgets, got 3");
    let budget = &budgets(&[run(1e4, 10.0, 5.0, 1.0), run(1e4, 20.0, 3.0, 0.9)]).unwrap()[0];
    assert_eq!(
        optimum(budget, 0).unwrap_err().to_string(),
        "an optimum needs at least 3 numbers of neurons, got 2"
    );
    assert!(
        budgets(&[run(1e4, 10.0, 5.0, f64::NAN)]).unwrap_err().to_string().contains("NaN is not a number")
    );
}

#[test]
fn flanks_fall_and_then_rise() {
    let values = [5.0, 3.0, 4.0, 1.0, 2.0, 1.5, 7.0];
    let flanks = monotone_flanks(&values, &[1.0; 7]).unwrap();
    assert_eq!((flanks.lowest, flanks.fitted), (3, vec![5.0, 3.5, 3.5, 1.0, 1.75, 1.75, 7.0]));
    let falling = monotone_flanks(&[3.0, 2.0, 1.0], &[1.0; 3]).unwrap();
    assert_eq!((falling.lowest, falling.fitted), (2, vec![3.0, 2.0, 1.0]));
}

#[test]
fn the_bottom_of_a_valley_is_found_with_its_uncertainty() {
    let mut draws = Draws::new(5, Purpose::MadeUp, [0, 0]);
    for seeds in [1, 3] {
        let runs = valley(5e4, 90.0, seeds, 0.002, &mut draws);
        let optimum = optimum(&budgets(&runs).unwrap()[0], 0).unwrap();
        let [low, high] = optimum.neurons_interval;
        assert!(low < 90.0 && 90.0 < high && high / low < 3.0, "{seeds} seeds: {optimum:.1?}");
        assert!((optimum.neurons / 90.0).ln().abs() < 0.3 && !optimum.at_edge, "{optimum:.1?}");
    }
}

#[test]
fn a_recipe_is_found_at_the_optima_of_several_budgets() {
    let mut draws = Draws::new(6, Purpose::MadeUp, [0, 0]);
    // P = 6 N d_m², and with d_m ∝ N^½ then N ∝ P^½.
    let runs: Vec<Observation> =
        [1e4, 4e4, 1.6e5].iter().flat_map(|&p| valley(p, 0.5 * f64::sqrt(p), 3, 0.001, &mut draws)).collect();
    let optima: Vec<Optimum> = budgets(&runs).unwrap().iter().map(|b| optimum(b, 0).unwrap()).collect();
    let recipe = recipe(&optima).unwrap();
    assert!((recipe.exponent - 0.5).abs() < 0.15, "{recipe:?}");
    assert!(recipe.interval[0] < 0.5 && 0.5 < recipe.interval[1], "{recipe:?}");
    assert!(super::recipe(&optima[..1]).unwrap_err().to_string().contains("at least 2 budgets"));
}

#[test]
fn the_front_holds_what_nothing_cheaper_beats() {
    let points = [(3.0, 1.0), (1.0, 2.0), (2.0, 2.5), (2.0, 1.5), (4.0, 1.0), (5.0, f64::NAN)];
    assert_eq!(pareto_front(&points), [1, 3, 0]);
}
