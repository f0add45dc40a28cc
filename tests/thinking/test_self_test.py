from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from gguf import GGUFReader, dequantize

from assistant.bench.gemma4_shapes import SELF_TEST
from assistant.errors import ModelError
from assistant.thinking.self_test import MODEL, TOLERANCE, Reference, check_build, reference

Floats = npt.NDArray[np.float64]


def weights() -> dict[str, Floats]:
    tensors = GGUFReader(MODEL).tensors
    return {one.name.removesuffix(".weight"): dequantize(one.data, one.tensor_type).astype(float) for one in tensors}


def normed(values: Floats) -> Floats:
    by: Floats = np.sqrt(np.mean(values**2, axis=-1, keepdims=True) + 1e-6)
    return values / by


def gelu(values: Floats) -> Floats:
    inner: Floats = np.tanh(np.sqrt(2 / np.pi) * (values + 0.044715 * values**3))
    return values * (1 + inner) / 2


def rotated(values: Floats, base: float, slower: Floats) -> Floats:
    """Rotary embedding of `(tokens, heads, dimensions)`, the first half of the dimensions against the second."""
    n, _, n_dimensions = values.shape
    speed = base ** (-2 * np.arange(n_dimensions // 2) / n_dimensions) / slower
    angle = (np.arange(n)[:, None] * speed)[:, None]
    first, second = np.split(values, 2, axis=-1)
    turned = first * np.cos(angle) - second * np.sin(angle), first * np.sin(angle) + second * np.cos(angle)
    return np.concatenate(turned, axis=-1)


def attended(query: Floats, key: Floats, value: Floats, window: int) -> Floats:
    """Causal attention of `(tokens, heads, dimensions)` to one key and value a token."""
    n = len(query)
    age = np.arange(n)[:, None] - np.arange(n)
    scores = np.where((age < 0) | (age >= window), -np.inf, np.einsum("qhd,kd->hqk", query, key))
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    found: Floats = np.einsum("hqk,kd->qhd", shares, value).reshape(n, -1)
    return found


def gemma4_logits(tokens: tuple[int, ...]) -> Floats:
    """Gemma 4 without a cache and in exact arithmetic, `(tokens, vocabulary)`."""
    shape, w, n = SELF_TEST, weights(), len(tokens)
    stream = w["token_embd"][list(tokens)] * shape.width**0.5
    own = w["per_layer_token_embd"][list(tokens)].reshape(n, shape.n_layers, -1) * shape.per_layer**0.5
    projected = (stream @ w["per_layer_model_proj"].T).reshape(n, shape.n_layers, -1) / shape.width**0.5
    inputs = (normed(projected) * w["per_layer_proj_norm"] + own) / 2**0.5
    stored: dict[bool, tuple[Floats, Floats]] = {}
    for i in range(shape.n_layers):
        layer = {name.removeprefix(f"blk.{i}."): values for name, values in w.items() if name.startswith(f"blk.{i}.")}
        slides = shape.slides(i)
        base, slower = (1e4, np.ones(1)) if slides else (1e6, w["rope_freqs"])
        x = normed(stream) * layer["attn_norm"]
        query = normed((x @ layer["attn_q"].T).reshape(n, shape.n_heads, -1)) * layer["attn_q_norm"]
        if shape.has_kv(i):
            key = rotated((normed(x @ layer["attn_k"].T) * layer["attn_k_norm"])[:, None], base, slower)[:, 0]
            stored[slides] = key, normed(x @ layer["attn_v"].T)
        heeded = attended(rotated(query, base, slower), *stored[slides], shape.window if slides else n)
        stream = stream + normed(heeded @ layer["attn_output"].T) * layer["post_attention_norm"]
        x = normed(stream) * layer["ffn_norm"]
        x = (gelu(x @ layer["ffn_gate"].T) * (x @ layer["ffn_up"].T)) @ layer["ffn_down"].T
        stream = stream + normed(x) * layer["post_ffw_norm"]
        x = (gelu(stream @ layer["inp_gate"].T) * inputs[:, i]) @ layer["proj"].T
        stream = (stream + normed(x) * layer["post_norm"]) * layer["layer_output_scale"]
    return 30 * np.tanh(normed(stream) * w["output_norm"] @ w["token_embd"].T / 30)


def test_llama_cpp_computes_rightly_here() -> None:
    for n_threads in (1, 2):
        check_build(n_threads)


def test_the_reference_is_what_gemma_4_computes() -> None:
    right = reference()
    computed = gemma4_logits(right.tokens)
    assert max(right.logits) > 2 * SELF_TEST.window
    for n, logits in right.logits.items():
        off = np.sqrt(np.mean((computed[n - 1] - logits) ** 2)) / np.std(logits)
        assert off < TOLERANCE / 2
        assert np.argmax(computed[n - 1]) == np.argmax(logits)


@pytest.mark.parametrize("n", reference().logits)
def test_a_build_that_computes_otherwise_is_refused_by_name(n: int) -> None:
    right = reference()
    noise = np.random.default_rng(1).normal(0, 0.3, len(right.logits[n])) * np.std(right.logits[n])
    other = replace(right, logits={**right.logits, n: tuple(right.logits[n] + noise)})
    with pytest.raises(ModelError, match=r"^llama\.cpp, as it was built for this CPU, .* off by 0\.\d\d .*: sudo "):
        check_build(2, other)


def test_no_logits_at_all_are_refused() -> None:
    right = reference()
    with pytest.raises(ModelError, match="off by nan"):
        check_build(2, Reference(right.tokens, {**right.logits, 8: (float("nan"),) * SELF_TEST.n_tokens}))


def test_the_model_is_small_enough_to_be_shipped() -> None:
    assert MODEL.stat().st_size < 1_000_000
