"""Writes the records beside this file: what PyTorch 2.11 answers in 64 bits.

Each holds the weights of a model under our names, a batch, the logits and the
loss, and the gradient of every weight.

    python make.py
"""

import functools
import json
import math
import struct

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
T, B, C, O = 9, 3, 5, 4


def drawn(*shape, scale=1.0):
    """Numbers that 32 bits hold exactly."""
    return (torch.randn(*shape) * scale).float().double()


def save(name, tensors):
    """The safetensors format."""
    header, data = {}, b""
    for key, value in tensors.items():
        whole = not value.is_floating_point()
        flat = value.detach().reshape(-1).tolist()
        packed = struct.pack(f"<{len(flat)}{'I' if whole else 'f'}", *flat)
        kind = "U32" if whole else "F32"
        offsets = [len(data), len(data) + len(packed)]
        header[key] = {"dtype": kind, "shape": list(value.shape), "data_offsets": offsets}
        data += packed
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{name}.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def record(name, weights, x, features, lengths=None):
    """`features(x)` [B, F] go through the head; `x` is [T, B, C]."""
    labels = torch.tensor([1, 3, 0])
    logits = F.linear(features(x), weights["head.weight"], weights["head.bias"])
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    tensors = dict(weights)
    tensors["input"] = x.transpose(1, 2).contiguous()  # [T, C, B]
    tensors["labels"] = labels
    if lengths is not None:
        tensors["lengths"] = lengths
    tensors["logits"] = logits.t().contiguous()  # [O, B]
    tensors["loss"] = loss.reshape(1)
    tensors |= {f"gradient.{key}": weight.grad for key, weight in weights.items()}
    save(name, tensors)


def leaves(weights):
    return {key: value.requires_grad_() for key, value in weights.items()}


def head(features):
    return {"head.weight": drawn(O, features), "head.bias": drawn(O)}


def gated(name, module):
    """An LSTM or GRU with random weights."""
    weights = {}
    for key, _ in module.named_parameters():
        weights[f"{name}.{key}"] = drawn(*getattr(module, key).shape, scale=0.5)
        if name == "lstm" and key.startswith("bias_hh"):  # ours has one bias
            weights.pop(f"{name}.{key}")
    weights = leaves(weights | head(module.hidden_size))
    own = {key: weights.get(f"{name}.{key}", torch.zeros(4 * module.hidden_size)) for key, _ in module.named_parameters()}

    def features(x):
        return torch.func.functional_call(module, own, (x,))[0][-1]

    record(name, weights, drawn(T, B, C), features)


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(context, v):
        context.save_for_backward(v)
        return (v > 0).double()

    @staticmethod
    def backward(context, gradient):
        (v,) = context.saved_tensors
        return gradient / (100 * v.abs() + 1) ** 2


def lif(name, hidden, recurrent, membrane):
    weights = {"lif.weight_ih": drawn(hidden, C), "lif.tau_raw": drawn(hidden)}
    if recurrent:
        weights["lif.weight_hh"] = drawn(hidden, hidden, scale=0.7)
    weights = leaves(weights | head(hidden))
    signs = torch.ones(hidden)
    signs[hidden - round(0.2 * hidden) :] = -1

    def features(x):
        kappa = torch.exp(-2.0 / (3.0 + 37.0 * torch.sigmoid(weights["lif.tau_raw"])))
        kept = math.exp(-2.0 / 10.0)
        v = z = r = torch.zeros(B, hidden)
        for step in x:
            current = step @ weights["lif.weight_ih"].t()
            if recurrent:
                current = current + z @ (torch.relu(weights["lif.weight_hh"]) * signs).t()
            v = kappa * v + current - 0.9 * z
            z = Spike.apply(v - 1.0)
            r = kept * r + (1 - kept) * z
        return v if membrane else r

    record(name, weights, drawn(T, B, C), features)


def transformer(name, mean, padded, learned=0):
    width, heads, depth, hidden = 8, 2, 2, 12
    layer = torch.nn.TransformerEncoderLayer(
        width, heads, hidden, dropout=0.0, norm_first=True,
        activation=functools.partial(F.gelu, approximate="tanh"),
    )
    encoder = torch.nn.TransformerEncoder(layer, depth, norm=torch.nn.LayerNorm(width), enable_nested_tensor=False)
    weights = {"embedding.weight": drawn(width, C), "embedding.bias": drawn(width)}
    weights |= {key: drawn(*value.shape, scale=0.5) for key, value in encoder.named_parameters()}
    if learned:
        weights["positions.weight"] = drawn(learned, width)
    weights = leaves(weights | head(width))
    own = {key: weights[key] for key, _ in encoder.named_parameters()}
    lengths = torch.tensor([T, 4, 6]) if padded else None
    step = torch.arange(T).double()[:, None]
    place = torch.arange(width)[None]
    angle = step / 10000 ** ((place // 2 * 2) / width)
    positions = weights["positions.weight"][:T] if learned else torch.where(place % 2 == 0, angle.sin(), angle.cos())
    padding = torch.arange(T)[None] >= (lengths if padded else torch.full((B,), T))[:, None]  # [B, T]

    def features(x):
        x = F.linear(x, weights["embedding.weight"], weights["embedding.bias"]) + positions[:, None]
        y = torch.func.functional_call(encoder, own, (x,), {"src_key_padding_mask": padding if padded else None})
        kept = (~padding).t()[:, :, None]
        last = (~padding).sum(1) - 1
        return (y * kept).sum(0) / kept.sum(0) if mean else y[last, torch.arange(B)]

    record(name, weights, drawn(T, B, C), features, lengths)


torch.manual_seed(0)
gated("lstm", torch.nn.LSTM(C, 6, num_layers=2))
gated("gru", torch.nn.GRU(C, 6, num_layers=2))
lif("lif", 10, True, False)
lif("lif_membrane", 1, False, True)
transformer("transformer", True, True)
transformer("transformer_last", False, False)
transformer("transformer_learned", True, True, learned=T + 2)
