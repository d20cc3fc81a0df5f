//! Optimiser updates against the published formulas, number by number in f64.

use super::call::numbers;
use super::refusals::refused;
use super::tolerance::{Failure, Result, Tolerance};
use crate::backend::Backend;
use crate::error::Error;
use crate::ops;
use crate::optimizer::{Moments, OptimizerKind, Update};

/// Sizes of the variables that are updated together.
const SIZES: [usize; 4] = [1, 7, 33, 260];
const UPDATES: usize = 30;

/// Variables and moments on a backend.
struct Trained<B: Backend> {
    parameters: Vec<B::Tensor>,
    moments: Vec<Moments<B>>,
}

impl<B: Backend> Trained<B> {
    fn new(b: &B) -> crate::Result<Self> {
        let start = |(which, &size): (usize, &usize)| b.variable(&start(which, size), &[size]);
        let moments =
            |&size: &usize| Ok(Moments { first: ops::zeros(b, &[size])?, second: ops::zeros(b, &[size])? });
        Ok(Trained {
            parameters: SIZES.iter().enumerate().map(start).collect::<crate::Result<_>>()?,
            moments: SIZES.iter().map(moments).collect::<crate::Result<_>>()?,
        })
    }

    fn update(&mut self, b: &B, update: &Update, gradients: &[Vec<f32>]) -> crate::Result<f64> {
        let upload = |gradient: &Vec<f32>| b.tensor(gradient, &[gradient.len()]);
        let gradients = gradients.iter().map(upload).collect::<crate::Result<Vec<_>>>()?;
        b.optimizer_update(update, &self.parameters, &gradients, &mut self.moments)
    }

    /// Parameters, first and second moments of every variable.
    fn values(&self, b: &B) -> crate::Result<Vec<[Vec<f32>; 3]>> {
        let variables = self.parameters.iter().zip(&self.moments);
        variables
            .map(|(x, moment)| Ok([b.values(x)?, b.values(&moment.first)?, b.values(&moment.second)?]))
            .collect()
    }

    fn compare(&self, b: &B, tolerance: Tolerance, what: &str, wanted: &[[Vec<f32>; 3]]) -> Result<()> {
        for (which, (got, wanted)) in self.values(b)?.iter().zip(wanted).enumerate() {
            for (part, (got, wanted)) in
                ["values", "first moment", "second moment"].iter().zip(got.iter().zip(wanted))
            {
                let what = format!("{part} of variable {which} after {what}");
                tolerance.compare(&what, &[wanted.len()], got, wanted)?;
            }
        }
        Ok(())
    }
}

fn start(which: usize, size: usize) -> Vec<f32> {
    numbers(700 + which as u64, size, 1.0)
}

/// Gradients of update `step`: of changing size, with zeros among them.
fn gradients(step: usize) -> Vec<Vec<f32>> {
    let size = [1.0, 0.1, 0.01][step % 3];
    let of = |(which, &length): (usize, &usize)| {
        let mut values = numbers(800 + (10 * step + which) as u64, length, size);
        values.iter_mut().step_by(5).for_each(|value| *value = 0.0);
        values
    };
    SIZES.iter().enumerate().map(of).collect()
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
}

impl Scalar {
    /// The formulas of Kingma & Ba 2015 for update `t`, counted from 1.
    fn update(&mut self, kind: OptimizerKind, t: i32, rate: f64, g: f64) {
        self.m = 0.9 * self.m + 0.1 * g;
        let mean = self.m / (1.0 - 0.9f64.powi(t));
        match kind {
            OptimizerKind::Adam => {
                self.v = 0.999 * self.v + 0.001 * g * g;
                self.x -= rate * mean / ((self.v / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8);
            }
            OptimizerKind::Adamax => {
                self.v = (g.abs() + 1e-8).max(0.999 * self.v);
                self.x -= rate * mean / self.v;
            }
        }
    }
}

/// Follows a trajectory on the backend and in f64.
fn follow<B: Backend>(b: &B, kind: OptimizerKind, warmup: usize, clip_norm: Option<f64>) -> Result<()> {
    let mut trained = Trained::new(b)?;
    let scalar = |&x: &f32| Scalar { x: f64::from(x), m: 0.0, v: 0.0 };
    let mut wanted: Vec<Vec<Scalar>> = (SIZES.iter().enumerate())
        .map(|(which, &size)| start(which, size).iter().map(scalar).collect())
        .collect();
    for step in 0..UPDATES {
        let what = format!("{} updates of {kind:?}, warm-up {warmup}, clipped to {clip_norm:?}", step + 1);
        let rate = learning_rate(step, warmup);
        let gradients = gradients(step);
        let update = Update { kind, step: step as u64, learning_rate: rate, clip_norm };
        let norm = trained.update(b, &update, &gradients)?;
        let wanted_norm = gradients.iter().flatten().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
        Tolerance::Sum.compare(&format!("norm before {what}"), &[], &[norm as f32], &[wanted_norm as f32])?;
        let clip = clip_norm.filter(|limit| wanted_norm >= *limit).map_or(1.0, |limit| limit / wanted_norm);
        for (scalar, gradient) in wanted.iter_mut().flatten().zip(gradients.iter().flatten()) {
            scalar.update(kind, step as i32 + 1, rate, f64::from(*gradient) * clip);
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
    follow_all(b, OptimizerKind::Adam)
}

/// Adamax over thirty updates: with and without warm-up, clipped and not.
pub fn adamax_follows_its_formula<B: Backend>(b: &B) -> Result<()> {
    follow_all(b, OptimizerKind::Adamax)
}

fn follow_all<B: Backend>(b: &B, kind: OptimizerKind) -> Result<()> {
    follow(b, kind, 0, None)?;
    follow(b, kind, 3, None)?;
    follow(b, kind, 0, Some(0.5))?; // some gradients are longer, some shorter
    follow(b, kind, 3, Some(1e6))
}

/// A gradient of zeros moves nothing and gives no NaN.
pub fn updates_take_gradients_of_zeros<B: Backend>(b: &B) -> Result<()> {
    for kind in [OptimizerKind::Adam, OptimizerKind::Adamax] {
        let mut trained = Trained::new(b)?;
        let update = Update { kind, step: 0, learning_rate: 0.1, clip_norm: Some(1.0) };
        let norm = trained.update(b, &update, &SIZES.map(|size| vec![0.0; size]))?;
        Tolerance::Exact.compare("norm of zeros", &[], &[norm as f32], &[0.0])?;
        for (which, values) in trained.values(b)?.into_iter().enumerate() {
            let what = format!("variable {which} after {kind:?} with a gradient of zeros");
            Tolerance::Exact.compare(&what, &[SIZES[which]], &values[0], &start(which, SIZES[which]))?;
        }
    }
    Ok(())
}

/// The gradient of a sum is one number stretched, that of a cut is part of a
/// larger tensor: an update takes what a gradient says, not how it is stored.
pub fn updates_take_gradients_of_any_layout<B: Backend>(b: &B) -> Result<()> {
    for kind in [OptimizerKind::Adam, OptimizerKind::Adamax] {
        let mut trained = Trained::new(b)?;
        let mut loss = ops::zeros(b, &[])?;
        for x in &trained.parameters {
            loss = ops::add(b, &loss, &ops::sum_all(b, x)?)?;
        }
        let gradients = b.backward(&loss)?;
        let gradient =
            |x| b.gradient(&gradients, x).ok_or_else(|| Failure::broken("a summed variable", "no gradient"));
        let mut gradients = trained.parameters.iter().map(gradient).collect::<Result<Vec<_>>>()?;
        let long = b.tensor(&[&[9.0; 5][..], &[1.0; 260], &[9.0; 4]].concat(), &[269])?;
        gradients[3] = b.narrow(&long, 0, 5, 260)?;
        let update = Update { kind, step: 0, learning_rate: 0.25, clip_norm: None };
        let norm = b.optimizer_update(&update, &trained.parameters, &gradients, &mut trained.moments)?;
        Tolerance::Sum.compare("norm of ones", &[], &[norm as f32], &[301f32.sqrt()])?;
        for (which, values) in trained.values(b)?.into_iter().enumerate() {
            let wanted: Vec<f32> = start(which, SIZES[which]).iter().map(|x| x - 0.25).collect();
            let what = format!("variable {which} after {kind:?} with a gradient of ones");
            Tolerance::Trajectory.compare(&what, &[SIZES[which]], &values[0], &wanted)?;
        }
    }
    Ok(())
}

/// A gradient that is not finite is an [`Error::NonFinite`] and changes
/// neither parameters nor moments.
pub fn updates_refuse_what_is_not_finite<B: Backend>(b: &B) -> Result<()> {
    for (kind, bad) in [
        (OptimizerKind::Adam, f32::NAN),
        (OptimizerKind::Adam, f32::INFINITY),
        (OptimizerKind::Adamax, f32::NAN),
        (OptimizerKind::Adamax, f32::NEG_INFINITY),
    ] {
        for clip_norm in [None, Some(1.0)] {
            let mut trained = Trained::new(b)?;
            let mut update = Update { kind, step: 0, learning_rate: 0.1, clip_norm };
            trained.update(b, &update, &gradients(0))?;
            let before = trained.values(b)?;
            update.step = 1;
            let mut gradients = gradients(1);
            gradients[SIZES.len() - 1][SIZES[SIZES.len() - 1] - 1] = bad;
            let what = format!("an update of {kind:?} with a gradient of {bad}");
            match trained.update(b, &update, &gradients) {
                Err(Error::NonFinite { step: 1, .. }) => {}
                Err(other) => {
                    return Err(Failure::broken(what, format!("{other}, wanted a NonFinite error")));
                }
                Ok(_) => return Err(Failure::Accepted { what }),
            }
            trained.compare(b, Tolerance::Exact, &what, &before)?;
        }
    }
    Ok(())
}

/// Gradients that do not fit their variables are refused.
pub fn impossible_updates_are_refused<B: Backend>(b: &B) -> Result<()> {
    let update = Update { kind: OptimizerKind::Adam, step: 0, learning_rate: 0.1, clip_norm: None };
    let mut trained = Trained::new(b)?;
    let before = trained.values(b)?;
    refused("an update with a gradient missing", trained.update(b, &update, &gradients(0)[..3]))?;
    let mut wrong = gradients(0);
    wrong[3].truncate(259);
    refused("an update with a short gradient", trained.update(b, &update, &wrong))?;
    trained.compare(b, Tolerance::Exact, "refused updates", &before)
}

/// Gradients from the backend itself: an updated variable can be
/// differentiated and updated again, until `sum((x - 1)^2)` is small; twice
/// the same gives the same bits.
pub fn updates_train_a_variable<B: Backend>(b: &B) -> Result<()> {
    let train = || -> Result<Vec<f32>> {
        let mut trained = Trained::new(b)?;
        for step in 0..200 {
            let mut loss = ops::zeros(b, &[])?;
            for x in &trained.parameters {
                let off = b.affine(x, 1.0, -1.0)?;
                loss = ops::add(b, &loss, &ops::sum_all(b, &ops::mul(b, &off, &off)?)?)?;
            }
            let gradients = b.backward(&loss)?;
            let gradient = |x| {
                b.gradient(&gradients, x).ok_or_else(|| Failure::broken("a trained variable", "no gradient"))
            };
            let gradients = trained.parameters.iter().map(gradient).collect::<Result<Vec<_>>>()?;
            let update =
                Update { kind: OptimizerKind::Adam, step, learning_rate: 0.05, clip_norm: Some(1.0) };
            b.optimizer_update(&update, &trained.parameters, &gradients, &mut trained.moments)?;
        }
        Ok(trained.values(b)?.into_iter().flat_map(|[values, ..]| values).collect())
    };
    let (first, second) = (train()?, train()?);
    Tolerance::Exact.compare("parameters trained twice", &[first.len()], &second, &first)?;
    match first.iter().find(|x| (**x - 1.0).abs() > 0.05) {
        Some(x) => Err(Failure::broken("a trained variable", format!("is {x} after 200 updates towards 1"))),
        None => Ok(()),
    }
}
