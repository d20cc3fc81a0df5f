//! Host values, variables, and who gets a gradient.

use super::tolerance::{Failure, Result, Tolerance};
use crate::backend::{Backend, Unary};
use crate::ops;

/// What goes to the device comes back with the same bits.
pub fn host_values_round_trip<B: Backend>(b: &B) -> Result<()> {
    let values = [1.5, -0.0, f32::MIN_POSITIVE, f32::MAX, f32::INFINITY, f32::NEG_INFINITY];
    for shape in [&[6][..], &[2, 3], &[1, 6, 1]] {
        for (what, x) in [("tensor", b.tensor(&values, shape)?), ("variable", b.variable(&values, shape)?)] {
            if b.shape(&x) != shape {
                return Err(Failure::broken(what, format!("shape {:?}, wanted {shape:?}", b.shape(&x))));
            }
            Tolerance::Exact.compare(what, shape, &b.values(&x)?, &values)?;
        }
    }
    for shape in [&[][..], &[5], &[2, 3]] {
        let zeros = vec![0.0; shape.iter().product()];
        Tolerance::Exact.compare("zeros", shape, &b.values(&b.zeros(shape)?)?, &zeros)?;
        if b.shape(&b.zeros(shape)?) != shape {
            return Err(Failure::broken("zeros", format!("not of the shape {shape:?}")));
        }
    }
    let scalar = b.tensor(&[2.5], &[])?;
    if !b.shape(&scalar).is_empty() {
        return Err(Failure::broken("scalar", format!("shape {:?}, wanted []", b.shape(&scalar))));
    }
    b.synchronize()?;
    Tolerance::Exact.compare("scalar", &[], &b.values(&scalar)?, &[2.5])
}

/// `assign` changes the variable and its clones, not what was computed or
/// detached before, and leaves a variable that can be differentiated.
pub fn assigning_changes_a_variable_in_place<B: Backend>(b: &B) -> Result<()> {
    let variable = b.variable(&[1.0, -2.0, 3.0], &[3])?;
    let clone = variable.clone();
    let before = b.affine(&variable, 2.0, 0.0)?;
    let step = b.tensor(&[0.5, 0.5, 0.5], &[3])?;
    b.assign(&variable, &ops::sub(b, &b.detach(&variable), &step)?)?;
    let compare = |what: &str, x: &B::Tensor, wanted: &[f32]| {
        Tolerance::Exact.compare(what, &[3], &b.values(x)?, wanted)
    };
    compare("an assigned variable", &variable, &[0.5, -2.5, 2.5])?;
    compare("a clone of an assigned variable", &clone, &[0.5, -2.5, 2.5])?;
    compare("a result from before the assignment", &before, &[2.0, -4.0, 6.0])?;
    let loss = ops::sum_all(b, &ops::mul(b, &clone, &clone)?)?;
    let gradients = b.backward(&loss)?;
    for (what, x) in [("an assigned variable", &variable), ("its clone", &clone)] {
        let Some(gradient) = b.gradient(&gradients, x) else {
            return Err(Failure::broken(what, "no gradient after an assignment"));
        };
        compare("gradient after an assignment", &gradient, &[1.0, -5.0, 5.0])?;
    }
    Ok(())
}

/// `assign` takes the values that a tensor has, however they are stored.
pub fn assigning_a_view<B: Backend>(b: &B) -> Result<()> {
    let variable = b.variable(&[0.0; 6], &[2, 3])?;
    let x = b.tensor(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[3, 2])?;
    b.assign(&variable, &b.transpose(&x, 0, 1)?)?;
    let wanted = [1.0, 3.0, 5.0, 2.0, 4.0, 6.0];
    Tolerance::Exact.compare("an assigned transpose", &[2, 3], &b.values(&variable)?, &wanted)?;
    let x = b.tensor(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &[3, 3])?;
    b.assign(&variable, &b.narrow(&x, 0, 1, 2)?)?;
    let wanted = [4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    Tolerance::Exact.compare("assigned rows", &[2, 3], &b.values(&variable)?, &wanted)
}

/// A variable that the loss does not depend on has no gradient; neither has
/// one that is only seen through `detach`.
pub fn only_what_is_used_gets_a_gradient<B: Backend>(b: &B) -> Result<()> {
    let used = b.variable(&[2.0], &[1])?;
    let unused = b.variable(&[3.0], &[1])?;
    let detached = b.variable(&[4.0], &[1])?;
    let product = ops::mul(b, &used, &b.detach(&detached))?;
    let gradients = b.backward(&ops::sum_all(b, &product)?)?;
    let Some(gradient) = b.gradient(&gradients, &used) else {
        return Err(Failure::broken("a used variable", "no gradient"));
    };
    Tolerance::Exact.compare("gradient of a used variable", &[1], &b.values(&gradient)?, &[4.0])?;
    for (what, x) in [("an unused variable", &unused), ("a detached variable", &detached)] {
        if b.gradient(&gradients, x).is_some() {
            return Err(Failure::broken(what, "got a gradient; only what the loss depends on has one"));
        }
    }
    Ok(())
}

/// Gradients do not add up from one backward to the next.
pub fn backward_starts_from_nothing<B: Backend>(b: &B) -> Result<()> {
    let x = b.variable(&[0.5, -1.0], &[2])?;
    let wanted = [0.5f64, -1.0].map(|x| ((1.0 + x) * x.exp()) as f32);
    for _ in 0..2 {
        let loss = ops::sum_all(b, &ops::mul(b, &b.unary(Unary::Exp, &x)?, &x)?)?;
        let gradients = b.backward(&loss)?;
        let Some(gradient) = b.gradient(&gradients, &x) else {
            return Err(Failure::broken("x exp(x)", "no gradient"));
        };
        Tolerance::Elementwise.compare("gradient of x exp(x)", &[2], &b.values(&gradient)?, &wanted)?;
    }
    Ok(())
}
