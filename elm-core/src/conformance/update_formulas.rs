//! Optimiser updates against the published formulas, number by number in f64.

use super::tolerance::{Result, Tolerance};
use super::updates::{SIZES, Trained, gradients, start};
use crate::backend::Backend;
use crate::optimizer::{OptimizerKind, Update, WeightDecay};
use std::ops::Range;

const UPDATES: usize = 30;

/// What is followed.
#[derive(Debug, Clone, Copy)]
struct Rule {
    kind: OptimizerKind,
    momentum: f64,
    weight_decay: f64,
    warmup: usize,
    clip_norm: Option<f64>,
}

impl Rule {
    fn of(kind: OptimizerKind) -> Self {
        Rule { kind, momentum: 0.0, weight_decay: 0.0, warmup: 0, clip_norm: None }
    }
}

/// What decays in each variable: nothing, all, two pieces, all but a gap.
fn decaying() -> [Vec<Range<usize>>; 4] {
    [vec![], vec![0..2, 2..7], vec![3..10, 20..33], vec![0..100, 130..260]]
}

/// Warm-up over `warmup` updates, then half a cosine over the rest.
fn learning_rate(step: usize, warmup: usize) -> f64 {
    if step < warmup {
        return 0.02 * step as f64 / warmup as f64;
    }
    let progress = (step - warmup) as f64 / (UPDATES - warmup) as f64;
    0.02 * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
}

/// One number and its moments.
#[derive(Clone, Copy)]
struct Scalar {
    x: f64,
    m: f64,
    v: f64,
    /// Does it decay?
    decays: bool,
}

impl Scalar {
    fn start(x: f32, decays: bool) -> Self {
        Scalar { x: f64::from(x), m: 0.0, v: 0.0, decays }
    }

    /// The formulas of Kingma & Ba 2015, Loshchilov & Hutter 2019 and of
    /// Polyak for update `t`, counted from 1.
    fn update(&mut self, rule: Rule, t: i32, rate: f64, g: f64) {
        let decay = if self.decays { rule.weight_decay } else { 0.0 };
        let g = if rule.kind == OptimizerKind::AdamW { g } else { g + decay * self.x };
        match rule.kind {
            OptimizerKind::Adam | OptimizerKind::AdamW => {
                if rule.kind == OptimizerKind::AdamW {
                    self.x -= rate * decay * self.x;
                }
                self.m = 0.9 * self.m + 0.1 * g;
                self.v = 0.999 * self.v + 0.001 * g * g;
                let mean = self.m / (1.0 - 0.9f64.powi(t));
                self.x -= rate * mean / ((self.v / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8);
            }
            OptimizerKind::Adamax => {
                self.m = 0.9 * self.m + 0.1 * g;
                self.v = (g.abs() + 1e-8).max(0.999 * self.v);
                self.x -= rate * self.m / (1.0 - 0.9f64.powi(t)) / self.v;
            }
            OptimizerKind::Sgd => {
                self.m = rule.momentum * self.m + g;
                self.x -= rate * self.m;
            }
        }
    }
}

/// Follows a trajectory on the backend and in f64.
fn follow<B: Backend>(b: &B, rule: Rule) -> Result<()> {
    let ranges = decaying();
    let mut trained = Trained::new(b)?;
    let mut wanted: Vec<Vec<Scalar>> = Vec::new();
    for (which, &size) in SIZES.iter().enumerate() {
        let decays = |i: usize| ranges[which].iter().any(|range| range.contains(&i));
        let scalars = start(which, size).into_iter().enumerate().map(|(i, x)| Scalar::start(x, decays(i)));
        wanted.push(scalars.collect());
    }
    for step in 0..UPDATES {
        let what = format!("{} updates of {rule:?}", step + 1);
        let rate = learning_rate(step, rule.warmup);
        let gradients = gradients(step);
        let update = Update {
            clip_norm: rule.clip_norm,
            momentum: rule.momentum,
            weight_decay: Some(WeightDecay { rate: rule.weight_decay, ranges: &ranges })
                .filter(|decay| decay.rate != 0.0),
            ..Update::new(rule.kind, step as u64, rate)
        };
        let norm = trained.update(b, &update, &gradients)?;
        let wanted_norm = gradients.iter().flatten().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
        Tolerance::Sum.compare(&format!("norm before {what}"), &[], &[norm as f32], &[wanted_norm as f32])?;
        let limit = rule.clip_norm.filter(|limit| wanted_norm >= *limit);
        let clip = limit.map_or(1.0, |limit| limit / wanted_norm);
        for (scalar, gradient) in wanted.iter_mut().flatten().zip(gradients.iter().flatten()) {
            scalar.update(rule, step as i32 + 1, rate, f64::from(*gradient) * clip);
        }
        let part =
            |of: fn(&Scalar) -> f64| move |all: &Vec<Scalar>| all.iter().map(|s| of(s) as f32).collect();
        let parts = |all: &Vec<Scalar>| [part(|s| s.x)(all), part(|s| s.m)(all), part(|s| s.v)(all)];
        let wanted: Vec<_> = wanted.iter().map(parts).collect();
        trained.compare(b, Tolerance::Trajectory, &what, &wanted)?;
    }
    Ok(())
}

/// Adam over thirty updates: with and without warm-up, clipped and not.
pub fn adam_follows_its_formula<B: Backend>(b: &B) -> Result<()> {
    follow_all(b, Rule::of(OptimizerKind::Adam))
}

/// Adamax over thirty updates: with and without warm-up, clipped and not.
pub fn adamax_follows_its_formula<B: Backend>(b: &B) -> Result<()> {
    follow_all(b, Rule::of(OptimizerKind::Adamax))
}

/// AdamW over thirty updates, some of the numbers decaying: with and without
/// warm-up, clipped and not.
pub fn adamw_follows_its_formula<B: Backend>(b: &B) -> Result<()> {
    follow_all(b, Rule { weight_decay: 0.5, ..Rule::of(OptimizerKind::AdamW) })
}

/// SGD over thirty updates, with and without momentum.
pub fn sgd_follows_its_formula<B: Backend>(b: &B) -> Result<()> {
    follow(b, Rule::of(OptimizerKind::Sgd))?;
    follow_all(b, Rule { momentum: 0.9, ..Rule::of(OptimizerKind::Sgd) })
}

/// Weight decay that joins the gradients, in some of the numbers.
pub fn weight_decay_joins_gradients<B: Backend>(b: &B) -> Result<()> {
    for kind in [OptimizerKind::Adam, OptimizerKind::Adamax, OptimizerKind::Sgd] {
        let rule = Rule { weight_decay: 0.3, momentum: 0.5, ..Rule::of(kind) };
        follow(b, rule)?;
        follow(b, Rule { clip_norm: Some(0.5), ..rule })?;
    }
    Ok(())
}

fn follow_all<B: Backend>(b: &B, rule: Rule) -> Result<()> {
    follow(b, rule)?;
    follow(b, Rule { warmup: 3, ..rule })?;
    follow(b, Rule { clip_norm: Some(0.5), ..rule })?; // some gradients are longer, some shorter
    follow(b, Rule { warmup: 3, clip_norm: Some(1e6), ..rule })
}
