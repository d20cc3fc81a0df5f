//! What a backward pass is given and where it leaves gradients.

use super::shape::{Arguments, check_len};
use super::simd::Element;
use super::span::Shared;
use crate::error::{Error, Result};
use crate::spec::Input;

/// Gradients of the results of a forward pass; `None` stands for zero.
#[derive(Clone, Copy)]
pub struct Cotangents<'a, E = f32> {
    /// Of the activity, `[T, N * O, B]`.
    pub activity: Option<&'a [E]>,
    /// Of the end state, `[rows of the state layout, B]`.
    pub state: Option<&'a [E]>,
    /// Of the magnitude, `[N, B]`.
    pub magnitude: Option<&'a [E]>,
}

/// The caller's slices for gradients; all are overwritten.
pub struct Gradients<'a, E = f32> {
    /// Of the parameters, `[P]`.
    pub parameters: &'a mut [E],
    /// Of the start state, `[rows of the state layout, B]`.
    pub state: &'a mut [E],
    /// Of a dense input, `[T, C, B]`; leaving it out saves its cost.
    pub input: Option<&'a mut [E]>,
}

/// [`Gradients`] that several threads write to, each its own rows.
pub(super) struct SharedGradients<'a, E> {
    pub parameters: Shared<'a, E>,
    pub state: Shared<'a, E>,
    pub input: Option<Shared<'a, E>>,
}

impl<E: Element> Cotangents<'_, E> {
    pub(super) fn check(&self, arguments: &Arguments<'_, E>) -> Result<()> {
        let (layer, rows) = (&arguments.layer, arguments.rows);
        for (what, given, wanted) in [
            (
                "gradient of the activity",
                self.activity,
                arguments.steps * layer.neurons * layer.outputs * rows,
            ),
            ("gradient of the end state", self.state, layer.state_layout().rows() * rows),
            ("gradient of the magnitude", self.magnitude, layer.neurons * rows),
        ] {
            if let Some(given) = given {
                check_len(what, given.len(), wanted)?;
            }
        }
        Ok(())
    }
}

impl<'a, E> Gradients<'a, E> {
    /// Of the vectors for parameters, start state and, if there is a third,
    /// dense input.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of them.
    pub fn of(results: &'a mut [Vec<E>]) -> Result<Self> {
        match results {
            [parameters, state] => Ok(Gradients { parameters, state, input: None }),
            [parameters, state, input] => Ok(Gradients { parameters, state, input: Some(input) }),
            _ => Err(Error::shape("gradients of a layer", &[results.len()], "2 or 3 vectors")),
        }
    }
}

impl<E: Element> Gradients<'_, E> {
    pub(super) fn check(&self, arguments: &Arguments<'_, E>) -> Result<()> {
        let (layer, rows) = (&arguments.layer, arguments.rows);
        check_len("gradient of the parameters", self.parameters.len(), arguments.parameters.len())?;
        check_len("gradient of the start state", self.state.len(), layer.state_layout().rows() * rows)?;
        let Some(input) = &self.input else { return Ok(()) };
        if !matches!(arguments.input, Input::Dense(_)) {
            return Err(Error::shape("gradient of tokens or events", &[input.len()], "none"));
        }
        check_len("gradient of the input", input.len(), arguments.steps * layer.inputs * rows)
    }

    pub(super) fn shared(&mut self) -> SharedGradients<'_, E> {
        SharedGradients {
            parameters: Shared::from(&mut *self.parameters),
            state: Shared::from(&mut *self.state),
            input: self.input.as_deref_mut().map(Shared::from),
        }
    }
}
