//! One layer of gated units over a whole sequence.

use crate::backend::{Backend, Unary};
use crate::error::{Error, Result};
use crate::ops;
use crate::shape::equal;

/// What a layer of `H` gated units runs with; `G` gates, 4 of an LSTM (input,
/// forget, cell, output) and 3 of a GRU (reset, update, new).
pub struct GatedLayer<'a, B: Backend> {
    /// Weights of the input, `[G H, C]`.
    pub input_weight: &'a B::Tensor,
    /// Weights of the previous activity, `[G H, H]`.
    pub recurrent_weight: &'a B::Tensor,
    /// Columns `[G H, 1]`: of an LSTM one, of a GRU that of the input's share
    /// and that of the previous activity's.
    pub biases: &'a [B::Tensor],
    /// State to start from, `[H, B]` each: `h`, of an LSTM also `c`.
    pub state: &'a [B::Tensor],
    /// What it reads, `[T, C, B]`.
    pub input: &'a B::Tensor,
}

/// What a layer of gated units answers.
pub struct GatedAnswer<B: Backend> {
    /// `h` over time, `[T, H, B]`.
    pub activity: B::Tensor,
    /// State after the last step, as it was given.
    pub state: Vec<B::Tensor>,
}

/// Gates of an LSTM, and the parts of its state.
const LSTM: [usize; 2] = [4, 2];
/// The same of a GRU.
const GRU: [usize; 2] = [3, 1];

impl<B: Backend> GatedLayer<'_, B> {
    /// Do all shapes fit those of an LSTM?
    ///
    /// # Errors
    /// [`Error::Shape`] at the first that does not.
    pub fn check_lstm(&self, backend: &B) -> Result<()> {
        self.check(backend, LSTM, 1)
    }

    /// The same for a GRU.
    ///
    /// # Errors
    /// As [`GatedLayer::check_lstm`].
    pub fn check_gru(&self, backend: &B) -> Result<()> {
        self.check(backend, GRU, 2)
    }

    fn check(&self, backend: &B, [gates, parts]: [usize; 2], biases: usize) -> Result<()> {
        let shape = backend.shape(self.input);
        let wrong = || Error::shape("input of a layer", &shape, "[T, C, B] with at least one step");
        let [steps, channels, rows] = shape[..] else { return Err(wrong()) };
        if steps == 0 {
            return Err(wrong());
        }
        if self.state.len() != parts || self.biases.len() != biases {
            let counts = [self.state.len(), self.biases.len()];
            return Err(Error::shape("state and biases of a layer", &counts, format!("[{parts}, {biases}]")));
        }
        let units = backend.shape(&self.state[0]).first().copied().unwrap_or_default();
        let wide = gates * units;
        equal("input weight of a layer", &backend.shape(self.input_weight), &[wide, channels])?;
        equal("recurrent weight of a layer", &backend.shape(self.recurrent_weight), &[wide, units])?;
        for bias in self.biases {
            equal("bias of a layer", &backend.shape(bias), &[wide, 1])?;
        }
        self.state.iter().try_for_each(|part| equal("state of a layer", &backend.shape(part), &[units, rows]))
    }
}

/// LSTM units step by step; `mask` `[H, B]` is a factor on the previous
/// activity.
///
/// # Equation
/// ```text
/// [i; f; g; o] = W_ih x_t + W_hh h_{t-1} + b
/// c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
/// h_t = sigmoid(o) tanh(c_t)
/// ```
///
/// # Errors
/// When the shapes do not fit, or the backend refuses an operation.
pub fn lstm<B: Backend>(
    backend: &B,
    layer: &GatedLayer<'_, B>,
    mask: Option<&B::Tensor>,
) -> Result<GatedAnswer<B>> {
    layer.check_lstm(backend)?;
    let [mut h, mut c] = [layer.state[0].clone(), layer.state[1].clone()];
    let mut activity = Vec::new();
    for from_input in projected(backend, layer.input_weight, layer.biases.first(), layer.input)? {
        let from_h = backend.matmul(layer.recurrent_weight, &dropped(backend, &h, mask)?)?;
        [h, c] = lstm_step(backend, &ops::add(backend, &from_input, &from_h)?, &c)?;
        activity.push(h.clone());
    }
    Ok(GatedAnswer { activity: backend.stack(&activity)?, state: vec![h, c] })
}

/// `h_t` and `c_t` from the sums of the gates `[4 H, B]` and `c_{t-1}`.
fn lstm_step<B: Backend>(backend: &B, sum: &B::Tensor, c: &B::Tensor) -> Result<[B::Tensor; 2]> {
    let [i, f, g, o] = gates(backend, sum)?;
    let open = |gate: &B::Tensor| backend.unary(Unary::Sigmoid, gate);
    let new = ops::mul(backend, &open(&i)?, &backend.unary(Unary::Tanh, &g)?)?;
    let c = ops::add(backend, &ops::mul(backend, &open(&f)?, c)?, &new)?;
    let h = ops::mul(backend, &open(&o)?, &backend.unary(Unary::Tanh, &c)?)?;
    Ok([h, c])
}

/// GRU units step by step; `mask` `[H, B]` is a factor on the previous
/// activity where weights read it.
///
/// # Equation
/// ```text
/// [r; z; n](x) = W_ih x_t + b_ih,  [r; z; n](h) = W_hh h_{t-1} + b_hh
/// r = sigmoid(r(x) + r(h)),  z = sigmoid(z(x) + z(h)),  n = tanh(n(x) + r n(h))
/// h_t = n + z (h_{t-1} - n)
/// ```
///
/// # Errors
/// When the shapes do not fit, or the backend refuses an operation.
pub fn gru<B: Backend>(
    backend: &B,
    layer: &GatedLayer<'_, B>,
    mask: Option<&B::Tensor>,
) -> Result<GatedAnswer<B>> {
    layer.check_gru(backend)?;
    let mut h = layer.state[0].clone();
    let mut activity = Vec::new();
    for from_input in projected(backend, layer.input_weight, layer.biases.first(), layer.input)? {
        let from_h = backend.matmul(layer.recurrent_weight, &dropped(backend, &h, mask)?)?;
        h = gru_step(backend, &from_input, &ops::add(backend, &from_h, &layer.biases[1])?, &h)?;
        activity.push(h.clone());
    }
    Ok(GatedAnswer { activity: backend.stack(&activity)?, state: vec![h] })
}

/// `h_t` from the gates' shares of input and previous activity, `[3 H, B]`.
fn gru_step<B: Backend>(
    backend: &B,
    from_input: &B::Tensor,
    from_h: &B::Tensor,
    h: &B::Tensor,
) -> Result<B::Tensor> {
    let ([r_x, z_x, n_x], [r_h, z_h, n_h]) = (gates(backend, from_input)?, gates(backend, from_h)?);
    let open = |x: &B::Tensor, h: &B::Tensor| backend.unary(Unary::Sigmoid, &ops::add(backend, x, h)?);
    let kept = ops::mul(backend, &open(&r_x, &r_h)?, &n_h)?;
    let new = backend.unary(Unary::Tanh, &ops::add(backend, &n_x, &kept)?)?;
    let old = ops::mul(backend, &open(&z_x, &z_h)?, &ops::sub(backend, h, &new)?)?;
    ops::add(backend, &new, &old)
}

/// `x`, masked where there is dropout.
fn dropped<B: Backend>(backend: &B, x: &B::Tensor, mask: Option<&B::Tensor>) -> Result<B::Tensor> {
    mask.map_or_else(|| Ok(x.clone()), |mask| ops::mul(backend, x, mask))
}

/// `W x_t` of all steps at once, `[R, C]` and `[T, C, B]` to `T` times `[R, B]`:
/// one large product instead of many small ones.
///
/// # Errors
/// When the shapes do not fit.
pub(crate) fn projected<B: Backend>(
    backend: &B,
    weight: &B::Tensor,
    bias: Option<&B::Tensor>,
    x: &B::Tensor,
) -> Result<Vec<B::Tensor>> {
    let (shape, rows) = (backend.shape(x), backend.shape(weight)[0]);
    let [steps, channels, batch] = shape[..] else {
        return Err(Error::shape("input of a layer", &shape, "[T, C, B]"));
    };
    let by_channel = backend.reshape(&backend.transpose(x, 0, 1)?, &[channels, steps * batch])?;
    let mut answer = backend.matmul(weight, &by_channel)?; // [R, T * B]
    if let Some(bias) = bias {
        answer = ops::add(backend, &answer, bias)?;
    }
    let answer = backend.reshape(&answer, &[rows, steps, batch])?;
    backend.unstack(&backend.transpose(&answer, 0, 1)?)
}

/// Cuts the gates `[G * H, B]` of a step into `G` times `[H, B]`.
fn gates<B: Backend, const G: usize>(backend: &B, all: &B::Tensor) -> Result<[B::Tensor; G]> {
    let shape = backend.shape(all);
    let parts = backend.unstack(&backend.reshape(all, &[G, shape[0] / G, shape[1]])?)?;
    parts.try_into().map_err(|_| Error::shape("gates", &shape, format!("[{G} H, B]")))
}
