"""The shapes of synthetic gemma4 models, and the tensors of each. For what writes them; pure, on any thread."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from assistant.models.gguf_header import TENSOR_TYPES

ALL_TOKENS = 262_144
# The size of embeddings beside what a layer adds, which is 1. As large, and many a token would be followed by itself.
EMBEDDING_RMS = 0.4
ATTENTION_SPREAD = 2.0  # of the scores before softmax, so that several tokens are heeded and not just one
OUTPUT_GAIN = 7.5  # so logits spread by EMBEDDING_RMS * OUTPUT_GAIN = 3, well below the softcap of 30


class Kind(IntEnum):
    """Tensor types by their numbers in the file."""

    F32 = 0
    F16 = 1
    Q4_0 = 2
    Q6_K = 14
    BF16 = 30


@dataclass(frozen=True, slots=True)
class Shape:
    """The measures of a model. The last layer with its own keys and values must be a full one, the one before not."""

    name: str
    n_layers: int
    n_shared: int  # the last layers, which reuse the keys and values of earlier ones
    period: int  # the last layer of each period attends to all tokens, the others to a sliding window
    window: int
    width: int
    n_heads: int
    n_kv_heads: int
    head: int
    full_head: int
    per_layer: int  # width of the per-layer embeddings
    feed_forward: int
    shared_feed_forward: int
    n_tokens: int = ALL_TOKENS
    matrices: Kind = Kind.Q4_0
    embeddings: Kind = Kind.Q6_K
    projection: Kind = Kind.BF16  # of the embeddings to all layers

    def slides(self, layer: int) -> bool:
        return layer % self.period != self.period - 1

    def has_kv(self, layer: int) -> bool:
        return layer < self.n_layers - self.n_shared

    def feed_forward_of(self, layer: int) -> int:
        return self.feed_forward if self.has_kv(layer) else self.shared_feed_forward


E2B = Shape(
    name="e2b",
    n_layers=35,
    n_shared=20,
    period=5,
    window=512,
    width=1536,
    n_heads=8,
    n_kv_heads=1,
    head=256,
    full_head=512,
    per_layer=256,
    feed_forward=6144,
    shared_feed_forward=12288,
)
E4B = replace(
    E2B,
    name="e4b",
    n_layers=42,
    n_shared=18,
    period=6,
    width=2560,
    n_kv_heads=2,
    feed_forward=10240,
    shared_feed_forward=10240,
)
TINY = Shape(
    name="tiny",
    n_layers=6,
    n_shared=3,
    period=3,
    window=32,
    width=64,
    n_heads=2,
    n_kv_heads=1,
    head=32,
    full_head=64,
    per_layer=32,
    feed_forward=128,
    shared_feed_forward=256,
    n_tokens=2048,
    matrices=Kind.F16,
    embeddings=Kind.F16,
    projection=Kind.F16,
)
# Below 1 MB, in the types of E2B: 256 wide, as Q6_K needs, and with rows in eights, as llama.cpp wants to repack Q4_0.
SELF_TEST = replace(
    E2B,
    name="self-test",
    n_layers=4,
    n_shared=2,
    period=2,
    window=16,
    width=256,
    n_heads=2,
    head=32,
    full_head=64,
    per_layer=64,
    feed_forward=128,
    shared_feed_forward=256,
    n_tokens=448,
)


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: `shape` is rows first; `scale` the value of a vector, the standard deviation of a matrix."""

    name: str
    shape: tuple[int, ...]
    kind: Kind
    scale: float

    @property
    def n_blocks(self) -> int:
        return int(np.prod(self.shape)) // TENSOR_TYPES[self.kind][0]

    @property
    def n_bytes(self) -> int:
        return self.n_blocks * TENSOR_TYPES[self.kind][1]


def tensors(shape: Shape) -> Iterator[Tensor]:
    """All tensors, in the order of the file."""
    tables = shape.per_layer * shape.n_layers
    embedded, all_embedded = (shape.n_tokens, shape.width), (shape.n_tokens, tables)
    yield Tensor("token_embd.weight", embedded, shape.embeddings, EMBEDDING_RMS * shape.width**-0.5)
    yield Tensor("per_layer_token_embd.weight", all_embedded, shape.embeddings, shape.per_layer**-0.5)
    yield Tensor("per_layer_model_proj.weight", (tables, shape.width), shape.projection, shape.width**-0.5)
    yield Tensor("per_layer_proj_norm.weight", (shape.per_layer,), Kind.F32, 1.0)
    yield Tensor("output_norm.weight", (shape.width,), Kind.F32, OUTPUT_GAIN)
    yield Tensor("rope_freqs.weight", (shape.full_head // 2,), Kind.F32, 1.0)
    for layer in range(shape.n_layers):
        yield from _layer(shape, layer)


def _layer(shape: Shape, layer: int) -> Iterator[Tensor]:
    head = shape.head if shape.slides(layer) else shape.full_head
    width, feed_forward = shape.width, shape.feed_forward_of(layer)
    vectors = {
        "attn_norm": width,
        "attn_q_norm": head,
        "post_attention_norm": width,
        "layer_output_scale": 1,
        "ffn_norm": width,
        "post_ffw_norm": width,
        "post_norm": width,
    }
    matrices = {  # rows, columns
        "attn_q": (head * shape.n_heads, width),
        "attn_output": (width, head * shape.n_heads),
        "ffn_gate": (feed_forward, width),
        "ffn_up": (feed_forward, width),
        "ffn_down": (width, feed_forward),
        "inp_gate": (shape.per_layer, width),
        "proj": (width, shape.per_layer),
    }
    if shape.has_kv(layer):
        vectors["attn_k_norm"] = head
        matrices |= dict.fromkeys(("attn_k", "attn_v"), (head * shape.n_kv_heads, width))
    for name, length in vectors.items():
        scale = ATTENTION_SPREAD * head**-0.5 if name == "attn_q_norm" else 1.0
        yield Tensor(f"blk.{layer}.{name}.weight", (length,), Kind.F32, scale)
    for name, (n_rows, n_columns) in matrices.items():
        yield Tensor(f"blk.{layer}.{name}.weight", (n_rows, n_columns), shape.matrices, n_columns**-0.5)
