//! Optimisers and learning rates give the numbers of PyTorch, which lie in
//! `facts/pytorch_optimizers.json`.

use elm_core::backend::Backend;
use elm_core::ops;
use elm_core::optimizer::in_place::update_in_place;
use elm_core::optimizer::{Moments, OptimizerKind, Update, WeightDecay, composed_update};
use elm_core::reference::Reference;
use elm_core::train::{LearningRate, Schedule};
use serde::Deserialize;

#[derive(Deserialize)]
struct Facts {
    start: Vec<f32>,
    gradients: Vec<Vec<f32>>,
    learning_rates: Vec<f64>,
    rules: Vec<Rule>,
    schedules: Vec<Rates>,
}

#[derive(Deserialize)]
struct Rule {
    optimizer: OptimizerKind,
    weight_decay: f64,
    momentum: f64,
    /// After every update.
    parameters: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Rates {
    schedule: String,
    peak: f64,
    total: u64,
    rise: Option<f64>,
    every: Option<u64>,
    factor: Option<f64>,
    rates: Vec<f64>,
}

fn facts() -> Facts {
    serde_json::from_str(include_str!("facts/pytorch_optimizers.json")).unwrap()
}

fn assert_close(got: &[f32], wanted: &[f64], what: &str) {
    for (got, wanted) in got.iter().zip(wanted) {
        let near = (f64::from(*got) - wanted).abs() <= 1e-6 * wanted.abs().max(0.1);
        assert!(near, "{what}: {got} is not {wanted}");
    }
}

/// Composed in f64, and as one loop in f32.
#[test]
fn every_rule_gives_the_numbers_of_pytorch() {
    let facts = facts();
    let (b, size) = (&Reference, facts.start.len());
    assert_eq!(facts.rules.len(), 9);
    for rule in &facts.rules {
        let all: [_; 1] = [vec![0..1, 1..size]];
        let parameters = [b.variable(&facts.start, &[size]).unwrap()];
        let zeros = || ops::zeros(b, &[size]).unwrap();
        let mut moments = [Moments { first: zeros(), second: zeros() }];
        let (mut x, mut m, mut v) = (facts.start.clone(), vec![0.0; size], vec![0.0; size]);
        for (step, gradient) in facts.gradients.iter().enumerate() {
            let update = Update {
                momentum: rule.momentum,
                weight_decay: Some(WeightDecay { rate: rule.weight_decay, ranges: &all }),
                ..Update::new(rule.optimizer, step as u64, facts.learning_rates[step])
            };
            let what = format!("{:?} with decay {}, update {step}", rule.optimizer, rule.weight_decay);
            let uploaded = [b.tensor(gradient, &[size]).unwrap()];
            composed_update(b, &update, &parameters, &uploaded, &mut moments).unwrap();
            assert_close(&b.values(&parameters[0]).unwrap(), &rule.parameters[step], &what);
            update_in_place(&update, 1.0, true, &mut x, gradient, &mut m, &mut v);
            assert_close(&x, &rule.parameters[step], &what);
        }
    }
}

#[test]
fn every_schedule_gives_the_rates_of_pytorch() {
    let facts = facts();
    assert_eq!(facts.schedules.len(), 4);
    for told in &facts.schedules {
        let schedule = match told.schedule.as_str() {
            "one_cycle" => Schedule::OneCycle { rise: told.rise.unwrap() },
            "step" => Schedule::Step { every: told.every.unwrap(), factor: told.factor.unwrap() },
            _ => Schedule::Cosine,
        };
        let rate = LearningRate { schedule, ..LearningRate::cosine(told.peak, 0, told.total) };
        assert_eq!(told.rates.len() as u64, told.total);
        for (t, wanted) in told.rates.iter().enumerate() {
            let got = rate.at(t as u64);
            assert!((got - wanted).abs() <= 1e-12 * told.peak, "{schedule:?} at {t}: {got} is not {wanted}");
        }
    }
}
