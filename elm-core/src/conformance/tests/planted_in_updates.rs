//! Defects of optimiser updates.

use super::altered::{Altered, Planted, plant};
use super::each_is_caught;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::optimizer::{Moments, OptimizerKind, Update, WeightDecay, composed_update};
use crate::reference::{Reference, Tensor};

#[test]
fn defects_of_updates_are_caught() {
    each_is_caught(formulas());
    each_is_caught(refusals());
}

pub(super) fn formulas() -> Vec<Planted> {
    vec![
        plant("clipping ignored", "adam_follows_its_formula", |a| {
            a.update =
                |b, update, x, g, m| composed_update(b, &Update { clip_norm: None, ..*update }, x, g, m)
        }),
        plant("always clipped", "adam_follows_its_formula", |a| {
            a.update =
                |b, update, x, g, m| composed_update(b, &Update { clip_norm: Some(0.5), ..*update }, x, g, m)
        }),
        plant("norm after clipping returned", "adam_follows_its_formula", |a| {
            a.update = |b, update, x, g, m| {
                let norm = composed_update(b, update, x, g, m)?;
                Ok(norm * update.clip_factor(norm))
            }
        }),
        plant("bias correction off by one", "adam_follows_its_formula", |a| {
            a.update =
                |b, update, x, g, m| composed_update(b, &Update { step: update.step + 1, ..*update }, x, g, m)
        }),
        plant("learning rate scaled", "adamax_follows_its_formula", |a| {
            a.update = |b, update, x, g, m| {
                let learning_rate = update.learning_rate * 1.0001;
                composed_update(b, &Update { learning_rate, ..*update }, x, g, m)
            }
        }),
        plant("Adam instead of Adamax", "adamax_follows_its_formula", |a| {
            a.update = |b, update, x, g, m| {
                composed_update(b, &Update { kind: OptimizerKind::Adam, ..*update }, x, g, m)
            }
        }),
        plant("decoupled decay in the gradients", "adamw_follows_its_formula", |a| {
            a.update = |b, update, x, g, m| {
                composed_update(b, &Update { kind: OptimizerKind::Adam, ..*update }, x, g, m)
            }
        }),
        plant("decay of everything", "adamw_follows_its_formula", |a| {
            a.update = |b, update, x, g, m| {
                let ranges: Vec<_> = x.iter().map(|x| vec![0..0, 0..Reference.shape(x)[0]]).collect();
                let weight_decay = update.weight_decay.map(|decay| WeightDecay { ranges: &ranges, ..decay });
                composed_update(b, &Update { weight_decay, ..*update }, x, g, m)
            }
        }),
        plant("momentum forgotten", "sgd_follows_its_formula", |a| {
            a.update = |b, update, x, g, m| composed_update(b, &Update { momentum: 0.0, ..*update }, x, g, m)
        }),
        plant("decay forgotten", "weight_decay_joins_gradients", |a| {
            a.update =
                |b, update, x, g, m| composed_update(b, &Update { weight_decay: None, ..*update }, x, g, m)
        }),
        plant("last variable forgotten", "adamax_follows_its_formula", |a| {
            a.update = |b, update, x, g, m| {
                let last = x.len() - 1;
                composed_update(b, update, &x[..last], &g[..last], &mut m[..last])
            }
        }),
        plant("variables without a gradient take a step", "updates_take_gradients_of_zeros", |a| {
            a.update = |b, update, x, g, m| {
                let shifted = g.iter().map(|g| Reference.affine(g, 1.0, 1e-9)).collect::<Result<Vec<_>>>()?;
                composed_update(b, update, x, &shifted, m)
            }
        }),
        plant("norm is a sum of sizes", "updates_take_gradients_of_any_layout", |a| {
            a.update = |b, update, x, g, m| {
                composed_update(b, update, x, g, m)?;
                Ok(g.iter().flat_map(|g| Reference.values64(g)).map(f64::abs).sum())
            }
        }),
        plant("updates differ from run to run", "updates_train_a_variable", |a| {
            a.update = |b, update, x, g, m| {
                let learning_rate = update.learning_rate * (1.0 + 1e-6 * b.calls.get() as f64);
                composed_update(b, &Update { learning_rate, ..*update }, x, g, m)
            }
        }),
        plant("steps go up", "updates_train_a_variable", |a| {
            a.update = |b, update, x, g, m| {
                let learning_rate = -update.learning_rate;
                composed_update(b, &Update { learning_rate, ..*update }, x, g, m)
            }
        }),
    ]
}

pub(super) fn refusals() -> Vec<Planted> {
    /// The gradients with what is not finite replaced by 0.
    fn cleaned(gradients: &[Tensor]) -> Result<Vec<Tensor>> {
        let clean = |gradient: &Tensor| {
            let values: Vec<f64> =
                Reference.values64(gradient).iter().map(|&g| if g.is_finite() { g } else { 0.0 }).collect();
            Reference.tensor64(&values, &Reference.shape(gradient))
        };
        gradients.iter().map(clean).collect()
    }
    fn late(
        b: &Altered,
        update: &Update,
        x: &[Tensor],
        g: &[Tensor],
        m: &mut [Moments<Altered>],
    ) -> Result<f64> {
        let finite = g.iter().all(|g| Reference.values64(g).iter().all(|g| g.is_finite()));
        let norm = composed_update(b, update, x, &cleaned(g)?, m)?;
        let what = "gradient".to_string();
        if finite { Ok(norm) } else { Err(Error::NonFinite { what, step: update.step, value: f64::NAN }) }
    }
    vec![
        plant("what is not finite is skipped", "updates_refuse_what_is_not_finite", |a| {
            a.update = |b, update, x, g, m| composed_update(b, update, x, &cleaned(g)?, m)
        }),
        plant("what is not finite is refused too late", "updates_refuse_what_is_not_finite", |a| {
            a.update = late
        }),
        plant("gradients in excess are ignored", "impossible_updates_are_refused", |a| {
            a.update = |b, update, x, g, m| {
                let count = x.len().min(g.len());
                composed_update(b, update, &x[..count], &g[..count], &mut m[..count])
            }
        }),
    ]
}
