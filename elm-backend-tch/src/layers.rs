//! libtorch's own LSTM, GRU and attention.

use crate::backend::TchBackend;
use crate::error::failed;
use elm_core::Result;
use elm_core::layers::{Attention, GatedAnswer, GatedLayer};
use tch::{TchError, Tensor};

/// The layer as libtorch takes it.
struct Packed {
    /// `[T, B, C]`
    input: Tensor,
    /// `[1, B, H]` each
    state: Vec<Tensor>,
    /// Weights of input and activity, and two biases `[G H]`.
    parameters: [Tensor; 4],
    /// Will somebody differentiate the answer?
    train: bool,
}

impl Packed {
    /// A layer with one bias gets a second one of zeros.
    fn new(layer: &GatedLayer<'_, TchBackend>) -> Result<Self, TchError> {
        let input = layer.input.tensor().f_transpose(1, 2)?.f_contiguous()?;
        let one = |part: &Tensor| part.f_transpose(0, 1)?.f_contiguous()?.f_unsqueeze(0);
        let state = layer.state.iter().map(|part| one(part.tensor())).collect::<Result<Vec<_>, _>>()?;
        let first = layer.biases[0].tensor().f_reshape([-1])?;
        let second = match layer.biases.get(1) {
            Some(bias) => bias.tensor().f_reshape([-1])?,
            None => first.f_detach()?.f_zeros_like()?,
        };
        let weights =
            [layer.input_weight, layer.recurrent_weight].map(|weight| weight.tensor().f_contiguous());
        let [of_input, of_activity] = weights;
        let parameters = [of_input?, of_activity?, first, second];
        let all = parameters.iter().chain(&state).chain([&input]);
        let train = all.into_iter().any(Tensor::requires_grad);
        Ok(Packed { input, state, parameters, train })
    }
}

/// `[T, B, H]` as `[T, H, B]`, and states `[1, B, H]` as `[H, B]`.
fn unpacked(activity: &Tensor, state: &[Tensor]) -> Result<GatedAnswer<TchBackend>, TchError> {
    let one = |part: &Tensor| Ok(part.f_squeeze_dim(0)?.f_transpose(0, 1)?.into());
    Ok(GatedAnswer {
        activity: activity.f_transpose(1, 2)?.into(),
        state: state.iter().map(one).collect::<Result<_, TchError>>()?,
    })
}

/// By oneDNN on the processor.
pub(crate) fn lstm(
    backend: &TchBackend,
    layer: &GatedLayer<'_, TchBackend>,
) -> Result<GatedAnswer<TchBackend>> {
    layer.check_lstm(backend)?;
    let run = || {
        let Packed { input, state, parameters, train } = Packed::new(layer)?;
        let (activity, h, c) = input.f_lstm(&state, &parameters, true, 1, 0.0, train, false, false)?;
        unpacked(&activity, &[h, c])
    };
    run().map_err(failed("lstm"))
}

pub(crate) fn gru(
    backend: &TchBackend,
    layer: &GatedLayer<'_, TchBackend>,
) -> Result<GatedAnswer<TchBackend>> {
    layer.check_gru(backend)?;
    let run = || {
        let Packed { input, state, parameters, train } = Packed::new(layer)?;
        let (activity, h) = input.f_gru(&state[0], &parameters, true, 1, 0.0, train, false, false)?;
        unpacked(&activity, &[h])
    };
    run().map_err(failed("gru"))
}

/// In tiles, without a matrix of all pairs of steps (Dao 2023, arXiv
/// 2307.08691), where libtorch has that for the shape.
pub(crate) fn attention(backend: &TchBackend, given: &Attention<'_, TchBackend>) -> Result<Tensor> {
    given.check(backend)?;
    let [queries, keys, values] = [given.queries, given.keys, given.values].map(|part| part.tensor());
    let padding = given.padding.map(|padding| padding.tensor());
    Tensor::f_scaled_dot_product_attention(queries, keys, values, padding, 0.0, false, None, false)
        .map_err(failed("attention"))
}
