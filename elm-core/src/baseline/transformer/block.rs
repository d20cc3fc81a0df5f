//! One block of the encoder: attention and two maps, each after a norm.

use super::Transformer;
use super::dropout::{Dropout, Site};
use crate::backend::{Backend, Binary, Unary};
use crate::error::{Error, Result};
use crate::layers::Attention;
use crate::layers::attention::attention;
use crate::model::Sequences;
use crate::ops;
use crate::scan::ScanPath;
use crate::spec::ParameterLayout;

/// Added to a variance before its root is taken, as in `torch.nn.LayerNorm`.
const NORM_EPSILON: f64 = 1e-5;
/// Added to the scores of padding, of which nothing is then left.
const PADDING: f32 = -1e9;

/// The tensors of a block, under the names of PyTorch's encoder layer.
pub(super) fn layout(spec: &Transformer) -> ParameterLayout {
    let (width, hidden) = (spec.width, spec.feed_forward);
    let mut layout = ParameterLayout::default();
    layout.push("self_attn.in_proj_weight", &[3 * width, width]);
    layout.push("self_attn.in_proj_bias", &[3 * width]);
    layout.push("self_attn.out_proj.weight", &[width, width]);
    layout.push("self_attn.out_proj.bias", &[width]);
    layout.push("linear1.weight", &[hidden, width]);
    layout.push("linear1.bias", &[hidden]);
    layout.push("linear2.weight", &[width, hidden]);
    layout.push("linear2.bias", &[width]);
    for norm in ["norm1", "norm2"] {
        layout.push(format!("{norm}.weight"), &[width]);
        layout.push(format!("{norm}.bias"), &[width]);
    }
    layout
}

/// What all blocks have in common.
pub(super) struct Block<B: Backend> {
    heads: usize,
    steps: usize,
    rows: usize,
    /// What is added to the scores of a sequence's steps, `[1, B, 1, T]`;
    /// `None` without padding.
    padding: Option<B::Tensor>,
    dropout: Dropout,
}

impl<B: Backend> Block<B> {
    pub(super) fn new(
        backend: &B,
        spec: &Transformer,
        sequences: &Sequences<'_>,
        dropout: Dropout,
    ) -> Result<Self> {
        let (steps, rows) = (sequences.steps, sequences.rows);
        let padded = (0..rows).any(|row| sequences.length(row) < steps);
        let score = |at: usize| if at % steps < sequences.length(at / steps) { 0.0 } else { PADDING };
        let scores = || (0..rows * steps).map(score).collect::<Vec<f32>>();
        let padding = padded.then(|| backend.tensor(&scores(), &[1, rows, 1, steps])).transpose()?;
        Ok(Block { heads: spec.heads, steps, rows, padding, dropout })
    }

    /// Which implementation of the attention runs.
    pub(super) fn path(&self, backend: &B) -> ScanPath {
        // Libraries draw masks of their own.
        let whole = backend.fused_layers().attention && !self.dropout.inside_of_attention();
        if whole { ScanPath::Fused } else { ScanPath::Composed }
    }

    /// Block number `block` over columns `[W, T * B]`; tensors in the order of
    /// [`layout`].
    pub(super) fn run(
        &self,
        backend: &B,
        block: usize,
        tensors: &[B::Tensor],
        x: &B::Tensor,
    ) -> Result<B::Tensor> {
        let [w_in, b_in, w_out, b_out, w_1, b_1, w_2, b_2, scale_1, shift_1, scale_2, shift_2] = tensors
        else {
            return Err(Error::shape("tensors of a block", &[tensors.len()], "12"));
        };
        let map = |weight: &B::Tensor, bias: &B::Tensor, x: &B::Tensor| {
            ops::add(backend, &backend.matmul(weight, x)?, bias)
        };
        let dropped = |site: Site, x: &B::Tensor| self.dropout.on(backend, site, x);
        let seen = layer_norm(backend, x, scale_1, shift_1)?;
        let attended = self.attention(backend, block, &map(w_in, b_in, &seen)?)?;
        let attended = dropped(Site::Attended(block), &map(w_out, b_out, &attended)?)?;
        let x = ops::add(backend, x, &attended)?;
        let seen = layer_norm(backend, &x, scale_2, shift_2)?;
        let hidden = dropped(Site::Hidden(block), &gelu(backend, &map(w_1, b_1, &seen)?)?)?;
        ops::add(backend, &x, &dropped(Site::Mapped(block), &map(w_2, b_2, &hidden)?)?)
    }

    /// Attention of every head, `[3 W, T * B]` (queries, keys, values) to
    /// `[W, T * B]`.
    fn attention(&self, backend: &B, block: usize, projected: &B::Tensor) -> Result<B::Tensor> {
        let (steps, rows) = (self.steps, self.rows);
        let width = backend.shape(projected)[0] / 3;
        let parts = backend.reshape(projected, &[3 * self.heads, width / self.heads, steps, rows])?;
        // Heads and sequences lead: [h, B, T, each].
        let of = |which: usize| {
            let part = backend.narrow(&parts, 0, which * self.heads, self.heads)?;
            backend.transpose(&part, 1, 3)
        };
        let given =
            Attention { queries: &of(0)?, keys: &of(1)?, values: &of(2)?, padding: self.padding.as_ref() };
        let answer = match self.path(backend) {
            ScanPath::Fused => backend.attention(&given)?,
            ScanPath::Composed => {
                let shares = [self.heads, rows, steps, steps];
                let mask = self.dropout.mask(backend, Site::Shares(block), &shares)?;
                attention(backend, &given, mask.as_ref())?
            }
        };
        backend.reshape(&backend.transpose(&answer, 1, 3)?, &[width, steps * rows])
    }
}

/// Every column `[W]` of `[W, R]` with mean 0 and variance 1, times `scale`,
/// plus `shift`, both `[W, 1]`.
///
/// # Errors
/// When the shapes do not fit.
pub(super) fn layer_norm<B: Backend>(
    backend: &B,
    x: &B::Tensor,
    scale: &B::Tensor,
    shift: &B::Tensor,
) -> Result<B::Tensor> {
    let shape = backend.shape(x);
    let mean = |x: &B::Tensor| {
        let sum = backend.reshape(&backend.sum(x, 0)?, &[1, shape[1]])?;
        backend.affine(&sum, 1.0 / shape[0] as f64, 0.0)
    };
    let centred = ops::sub(backend, x, &mean(x)?)?;
    let variance = mean(&ops::mul(backend, &centred, &centred)?)?;
    let deviation = backend.unary(Unary::Sqrt, &backend.affine(&variance, 1.0, NORM_EPSILON)?)?;
    let normed = backend.binary(Binary::Div, &centred, &deviation)?;
    ops::add(backend, &ops::mul(backend, &normed, scale)?, shift)
}

/// `x / 2 (1 + tanh(sqrt(2 / π) (x + 0.044715 x^3)))` (Hendrycks and Gimpel
/// 2016, arXiv 1606.08415).
fn gelu<B: Backend>(backend: &B, x: &B::Tensor) -> Result<B::Tensor> {
    let squared = ops::mul(backend, x, x)?;
    let factor = backend.affine(&squared, 0.044_715, 1.0)?;
    let inner = backend.affine(&ops::mul(backend, x, &factor)?, (2.0 / std::f64::consts::PI).sqrt(), 0.0)?;
    let open = backend.affine(&backend.unary(Unary::Tanh, &inner)?, 0.5, 0.5)?;
    ops::mul(backend, x, &open)
}

/// `[T, C, B]` as columns `[C, T * B]`.
///
/// # Errors
/// When there are not three axes.
pub(super) fn columns<B: Backend>(backend: &B, x: &B::Tensor) -> Result<B::Tensor> {
    let shape = backend.shape(x);
    let [steps, channels, rows] = shape[..] else {
        return Err(Error::shape("input of an encoder", &shape, "[T, C, B]"));
    };
    backend.reshape(&backend.transpose(x, 0, 1)?, &[channels, steps * rows])
}
