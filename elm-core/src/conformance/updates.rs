//! Optimiser updates: what they take, what they refuse, and that they train.
//! Their formulas have a file of their own.

use super::call::numbers;
use super::refusals::refused;
use super::tolerance::{Failure, Result, Tolerance};
use crate::backend::Backend;
use crate::error::Error;
use crate::ops;
use crate::optimizer::{Moments, OptimizerKind, Update, WeightDecay};

/// Sizes of the variables that are updated together.
pub(super) const SIZES: [usize; 4] = [1, 7, 33, 260];

/// Every rule.
const KINDS: [OptimizerKind; 4] =
    [OptimizerKind::Adam, OptimizerKind::Adamax, OptimizerKind::AdamW, OptimizerKind::Sgd];

/// Variables and moments on a backend.
pub(super) struct Trained<B: Backend> {
    parameters: Vec<B::Tensor>,
    moments: Vec<Moments<B>>,
}

impl<B: Backend> Trained<B> {
    pub(super) fn new(b: &B) -> crate::Result<Self> {
        let start = |(which, &size): (usize, &usize)| b.variable(&start(which, size), &[size]);
        let moments =
            |&size: &usize| Ok(Moments { first: ops::zeros(b, &[size])?, second: ops::zeros(b, &[size])? });
        Ok(Trained {
            parameters: SIZES.iter().enumerate().map(start).collect::<crate::Result<_>>()?,
            moments: SIZES.iter().map(moments).collect::<crate::Result<_>>()?,
        })
    }

    pub(super) fn update(&mut self, b: &B, update: &Update, gradients: &[Vec<f32>]) -> crate::Result<f64> {
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

    pub(super) fn compare(
        &self,
        b: &B,
        tolerance: Tolerance,
        what: &str,
        wanted: &[[Vec<f32>; 3]],
    ) -> Result<()> {
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

pub(super) fn start(which: usize, size: usize) -> Vec<f32> {
    numbers(700 + which as u64, size, 1.0)
}

/// Gradients of update `step`: of changing size, with zeros among them.
pub(super) fn gradients(step: usize) -> Vec<Vec<f32>> {
    let size = [1.0, 0.1, 0.01][step % 3];
    let of = |(which, &length): (usize, &usize)| {
        let mut values = numbers(800 + (10 * step + which) as u64, length, size);
        values.iter_mut().step_by(5).for_each(|value| *value = 0.0);
        values
    };
    SIZES.iter().enumerate().map(of).collect()
}

/// A gradient of zeros moves nothing and gives no NaN.
pub fn updates_take_gradients_of_zeros<B: Backend>(b: &B) -> Result<()> {
    for kind in KINDS {
        let mut trained = Trained::new(b)?;
        let update = Update { clip_norm: Some(1.0), ..Update::new(kind, 0, 0.1) };
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
    for kind in KINDS {
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
        let update = Update::new(kind, 0, 0.25);
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
        (OptimizerKind::AdamW, f32::NAN),
        (OptimizerKind::Sgd, f32::INFINITY),
    ] {
        for clip_norm in [None, Some(1.0)] {
            let mut trained = Trained::new(b)?;
            let mut update = Update { clip_norm, ..Update::new(kind, 0, 0.1) };
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

/// Gradients and weight decay that do not fit their variables are refused.
pub fn impossible_updates_are_refused<B: Backend>(b: &B) -> Result<()> {
    let update = Update::new(OptimizerKind::Adam, 0, 0.1);
    let mut trained = Trained::new(b)?;
    let before = trained.values(b)?;
    refused("an update with a gradient missing", trained.update(b, &update, &gradients(0)[..3]))?;
    let mut wrong = gradients(0);
    wrong[3].truncate(259);
    refused("an update with a short gradient", trained.update(b, &update, &wrong))?;
    let beyond = [vec![], vec![], vec![0..1, 30..34], vec![]];
    for ranges in [&beyond[..], &beyond[..2]] {
        let decaying = Update { weight_decay: Some(WeightDecay { rate: 0.1, ranges }), ..update };
        refused("weight decay beyond its variable", trained.update(b, &decaying, &gradients(0)))?;
    }
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
            let update = Update { clip_norm: Some(1.0), ..Update::new(OptimizerKind::Adam, step, 0.05) };
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
