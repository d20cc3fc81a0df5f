//! What a backend hands over in device memory, and lends.

use super::driver::{Driver, Slice, Stream};
use crate::error::{Error, Result};
use crate::kernel::shape::check_len;
use crate::shape::filled;
use crate::spec::{Input, LayerRun};

/// A backend's memory on the card.
pub trait Memory {
    /// Memory that goes back when it is dropped, in the order of the stream.
    type Block: Send + Sync;

    /// Room for so many f32, with anything in it; it begins at a multiple of
    /// 16 bytes.
    ///
    /// # Errors
    /// When there is none left.
    fn alloc(&self, floats: usize) -> Result<Self::Block>;

    /// Where a block lies.
    fn slice(&self, block: &Self::Block) -> Slice;

    /// The stream to work in; asked at each call, as automatic differentiation
    /// may have a thread of its own.
    fn stream(&self) -> Stream;
}

/// Where a forward pass leaves its results; all are overwritten.
#[derive(Clone, Copy)]
pub struct DeviceOutputs {
    /// Activity over time, `[T, N * O, B]`.
    pub activity: Slice,
    /// State after the last step, `[rows of the state layout, B]`.
    pub state: Slice,
    /// Mean over time and memory units of `|o|`, `[N, B]`.
    pub magnitude: Option<Slice>,
}

/// Gradients of the results of a forward pass; `None` stands for zero.
#[derive(Clone, Copy)]
pub struct DeviceCotangents {
    /// Of the activity, `[T, N * O, B]`.
    pub activity: Option<Slice>,
    /// Of the end state, `[rows of the state layout, B]`.
    pub state: Option<Slice>,
    /// Of the magnitude, `[N, B]`.
    pub magnitude: Option<Slice>,
}

/// Where gradients go; all are overwritten.
#[derive(Clone, Copy)]
pub struct DeviceGradients {
    /// Of the parameters, `[P]`.
    pub parameters: Slice,
    /// Of the start state, `[rows of the state layout, B]`.
    pub state: Slice,
    /// Of a dense input, `[T, C, B]`; leaving it out saves its cost.
    pub input: Option<Slice>,
}

/// Checks every length and index of a run.
pub(super) fn check(run: &LayerRun<Slice>) -> Result<()> {
    run.check(|what, slice, shape| filled(what, slice.len, shape))
}

impl DeviceOutputs {
    pub(super) fn check(&self, run: &LayerRun<Slice>) -> Result<()> {
        let of = Lengths::new(run);
        check_len("activity to be written", self.activity.len, of.activity)?;
        check_len("state to be written", self.state.len, of.state)?;
        self.magnitude.map_or(Ok(()), |to| check_len("magnitude to be written", to.len, of.magnitude))
    }
}

impl DeviceCotangents {
    pub(super) fn check(&self, run: &LayerRun<Slice>) -> Result<()> {
        let of = Lengths::new(run);
        for (what, given, wanted) in [
            ("gradient of the activity", self.activity, of.activity),
            ("gradient of the end state", self.state, of.state),
            ("gradient of the magnitude", self.magnitude, of.magnitude),
        ] {
            given.map_or(Ok(()), |given| check_len(what, given.len, wanted))?;
        }
        Ok(())
    }
}

impl DeviceGradients {
    pub(super) fn check(&self, run: &LayerRun<Slice>) -> Result<()> {
        check_len("gradient of the parameters", self.parameters.len, run.parameters.len)?;
        check_len("gradient of the start state", self.state.len, Lengths::new(run).state)?;
        let Some(input) = self.input else { return Ok(()) };
        if !matches!(run.input, Input::Dense(_)) {
            return Err(Error::shape("gradient of tokens or events", &[input.len], "none"));
        }
        check_len("gradient of the input", input.len, run.steps * run.layer.inputs * run.rows)
    }
}

/// Numbers of a run's results.
struct Lengths {
    activity: usize,
    state: usize,
    magnitude: usize,
}

impl Lengths {
    fn new(run: &LayerRun<Slice>) -> Self {
        let (layer, rows) = (&run.layer, run.rows);
        Lengths {
            activity: run.steps * layer.neurons * layer.outputs * rows,
            state: layer.state_layout().rows() * rows,
            magnitude: layer.neurons * rows,
        }
    }
}

/// Room for so many numbers, or for one where there are none.
pub(super) fn room<M: Memory>(memory: &M, floats: usize) -> Result<M::Block> {
    let block = memory.alloc(floats.max(1))?;
    if memory.slice(&block).address % 16 == 0 {
        return Ok(block);
    }
    Err(Error::Unsupported {
        what: "memory that does not begin at a multiple of 16 bytes".into(),
        backend: "cuda".into(),
        reason: "kernels move four numbers at once".into(),
    })
}

/// A copy of words of the host, numbers or places.
pub(super) fn uploaded<M: Memory>(driver: &impl Driver, memory: &M, words: &[u32]) -> Result<M::Block> {
    let block = room(memory, words.len())?;
    if !words.is_empty() {
        // SAFETY: any number is four bytes.
        let bytes = unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) };
        driver.upload(memory.stream(), memory.slice(&block), bytes)?;
    }
    Ok(block)
}
