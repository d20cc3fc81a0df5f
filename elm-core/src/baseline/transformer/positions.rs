//! How the steps of a sequence know where they are.

use super::Transformer;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::ops;
use crate::random::Draws;
use crate::spec::ParameterLayout;
use serde::{Deserialize, Serialize};

/// How the steps of a sequence know where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positions {
    /// Sines and cosines of wavelengths from `2 π` to `10 000 · 2 π` are added.
    Sinusoidal,
    /// A trained vector for each of [`Transformer::max_steps`] places is added.
    Learned,
    /// Not at all: a sequence is a set.
    None,
}

/// Name of the flat variable of learned positions.
pub(super) const POSITIONS: &str = "positions";

/// Standard deviation of learned positions at the start.
const INITIAL_DEVIATION: f64 = 0.02;

/// Learned positions, `weight` `[max_steps, W]`; `None` where there are none.
pub(super) fn layout(spec: &Transformer) -> Option<ParameterLayout> {
    let steps = spec.max_steps.filter(|_| spec.positions == Positions::Learned)?;
    let mut layout = ParameterLayout::default();
    layout.push("weight", &[steps, spec.width]);
    Some(layout)
}

/// Initial values of learned positions, uniform.
pub(super) fn initial(count: usize, draws: &mut Draws) -> Vec<f32> {
    (0..count).map(|_| draws.symmetric(INITIAL_DEVIATION * 3f64.sqrt())).collect()
}

/// What is added to every column of so many steps, `[W, T, 1]`; `learned` is
/// the flat variable of learned positions.
///
/// # Errors
/// [`Error::Shape`] when there are more steps than learned positions.
pub(super) fn added<B: Backend>(
    backend: &B,
    spec: &Transformer,
    learned: Option<&B::Tensor>,
    steps: usize,
) -> Result<Option<B::Tensor>> {
    let (width, shape) = (spec.width, [spec.width, steps, 1]);
    match (spec.positions, learned, spec.max_steps) {
        (Positions::None, ..) => Ok(None),
        (Positions::Sinusoidal, ..) => backend.tensor(&sinusoids(width, steps), &shape).map(Some),
        (Positions::Learned, Some(table), Some(most)) if steps <= most => {
            let table = backend.reshape(&backend.narrow(table, 0, 0, steps * width)?, &[steps, width])?;
            backend.reshape(&backend.transpose(&table, 0, 1)?, &shape).map(Some)
        }
        (Positions::Learned, ..) => {
            let most = spec.max_steps.unwrap_or_default();
            let wanted = format!("at most {most}, as model.transformer.max_steps says");
            Err(Error::shape("steps of a sequence", &[steps], wanted))
        }
    }
}

/// Columns `[W, T * B]` with positions added.
///
/// # Errors
/// As [`added`].
pub(super) fn add<B: Backend>(
    backend: &B,
    spec: &Transformer,
    learned: Option<&B::Tensor>,
    x: &B::Tensor,
    [steps, rows]: [usize; 2],
) -> Result<B::Tensor> {
    let Some(places) = added(backend, spec, learned, steps)? else { return Ok(x.clone()) };
    let by_step = backend.reshape(x, &[spec.width, steps, rows])?;
    backend.reshape(&ops::add(backend, &by_step, &places)?, &[spec.width, steps * rows])
}

/// `sin(t / 10000^(2 i / W))` at `2 i` and the cosine at `2 i + 1`, `[W, T]`.
fn sinusoids(width: usize, steps: usize) -> Vec<f32> {
    let value = |place: usize, step: usize| {
        let angle = step as f64 / 10_000f64.powf((place / 2 * 2) as f64 / width as f64);
        if place.is_multiple_of(2) { angle.sin() as f32 } else { angle.cos() as f32 }
    };
    (0..width).flat_map(|place| (0..steps).map(move |step| value(place, step))).collect()
}
