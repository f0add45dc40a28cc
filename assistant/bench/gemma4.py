"""Synthetic models of the gemma4 architecture: real shapes, random weights. Benches, tests and the self-test's maker.

They run exactly as fast as the real ones and say gibberish, which is enough for all that does not depend on sense.
Written by the `gguf` package, an optional one that is imported when a model is written; on the calling thread.
"""

import math
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from assistant.bench.gemma4_shapes import ALL_TOKENS, Kind, Shape, Tensor, tensors
from assistant.errors import AssistantError
from assistant.models.gguf_header import DEFAULT_ALIGNMENT, TENSOR_TYPES, GgufError, read_header

VOCABULARY = "ggml-vocab-gemma-4.gguf"  # llama.cpp's, of all of Gemma 4's tokens
N_CTX_TRAIN = 131_072
WRITTEN_BYTES = 8 << 20  # at a time
CONTROL, USER_DEFINED, BYTE = 3, 4, 6  # llama.cpp's token types


def default_path(shape: Shape) -> Path:
    """Where the benches look for a model of this shape."""
    return _cache() / "bench" / f"gemma4-{shape.name}-synthetic.gguf"


def find_vocabulary() -> Path:
    """Gemma 4's vocabulary, which scripts/build-llama keeps beside the wheel.

    Raises:
        AssistantError: it is not there.
    """
    folder = _cache() / "llama"
    found = sorted(folder.glob(f"*/{VOCABULARY}"))
    if not found:
        raise AssistantError(f"bench: {folder}/*/{VOCABULARY} is missing; run: scripts/build-llama .venv/bin/python")
    return found[0]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assistant"


def is_whole(path: Path, shape: Shape) -> bool:
    """Whether the file is a model with this shape's tensors, from the first to the last byte."""
    try:
        header = read_header(path)
    except (FileNotFoundError, GgufError):
        return False
    whole = header.n_bytes == path.stat().st_size and header.architecture == "gemma4"
    return whole and header.n_tensors == sum(1 for _ in tensors(shape))


def expected_bytes(shape: Shape, vocabulary: Path) -> int:
    """How long the file of a shape with all tokens becomes, within 20 kB."""
    # The vocabulary's file holds nothing but a header; what is added to it tells of the tensors.
    told = sum(len(one.name) + 8 * len(one.shape) + 24 for one in tensors(shape))
    padded = sum(-(-one.n_bytes // DEFAULT_ALIGNMENT) * DEFAULT_ALIGNMENT for one in tensors(shape))
    return vocabulary.stat().st_size + told + padded


def provide(
    shape: Shape,
    path: Path,
    show: Callable[[str], None],
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> None:
    """Writes a model with all tokens unless it is there and whole, and tells what it does.

    Raises:
        AssistantError: gguf or the vocabulary is missing, or there is too little room; one line with the cure.
    """
    if is_whole(path, shape):
        show(f"{path.name} is there ({_megabytes(path.stat().st_size)})")
        return
    _gguf()
    vocabulary = find_vocabulary()
    path.parent.mkdir(parents=True, exist_ok=True)
    needed, free = expected_bytes(shape, vocabulary), free_bytes(path.parent)
    if needed > free:
        place = f"in {path.parent}, where {_megabytes(free)} are free"
        raise AssistantError(f"bench: {path.name} needs {_megabytes(needed)} {place}: make room")
    show(f"writing {path.name} ({_megabytes(needed)}), which takes a minute or two")
    write_model(shape, path, vocabulary)


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.0f} MB"


def write_model(shape: Shape, path: Path, vocabulary: Path, *, seed: int = 1) -> None:
    """Writes a model, whole or not at all; the same bytes for the same seed.

    Raises:
        AssistantError: gguf is not installed.
    """
    gguf = _gguf()
    half = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        _write_header(gguf.GGUFWriter(half, "gemma4"), shape, gguf.GGUFReader(vocabulary))
        with half.open("ab") as file:
            random = np.random.Generator(np.random.SFC64(seed))
            for tensor in tensors(shape):
                _pad(file)
                for block in _weights(tensor, random):
                    file.write(block.data)
            _pad(file)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _gguf() -> Any:
    try:
        import gguf  # noqa: PLC0415
    except ImportError as error:
        raise AssistantError(f"bench: {error.name} is not installed; run: pip install gguf") from error
    return gguf


def _pad(file: BinaryIO) -> None:
    file.write(bytes(-file.tell() % DEFAULT_ALIGNMENT))


def _write_header(writer: Any, shape: Shape, reader: Any) -> None:
    layers = range(shape.n_layers)
    writer.add_name(f"synthetic gemma4 {shape.name}")
    writer.add_block_count(shape.n_layers)
    writer.add_context_length(N_CTX_TRAIN)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length([shape.feed_forward_of(layer) for layer in layers])
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_kv_heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_key_length(shape.full_head)
    writer.add_value_length(shape.full_head)
    writer.add_key_length_swa(shape.head)
    writer.add_value_length_swa(shape.head)
    writer.add_rope_dimension_count(shape.full_head)
    writer.add_rope_dimension_count_swa(shape.head)
    writer.add_rope_freq_base(1e6)
    writer.add_rope_freq_base_swa(1e4)
    writer.add_sliding_window(shape.window)
    writer.add_sliding_window_pattern([shape.slides(layer) for layer in layers])
    writer.add_shared_kv_layers(shape.n_shared)
    writer.add_embedding_length_per_layer_input(shape.per_layer)
    writer.add_final_logit_softcapping(30.0)
    _add_tokens(writer, shape, reader)
    for tensor in tensors(shape):
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.void), tensor.n_bytes, raw_dtype=tensor.kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()


def _add_tokens(writer: Any, shape: Shape, reader: Any) -> None:
    contents = {key: field.contents() for key, field in reader.fields.items() if key.startswith("tokenizer.")}
    if shape.n_tokens < ALL_TOKENS:
        contents |= _fewer_tokens(contents, shape.n_tokens)
    for key, value in contents.items():
        types = reader.fields[key].types
        writer.add_key_value(key, value, types[0], types[-1] if isinstance(value, list) else None)


def _fewer_tokens(contents: dict[str, Any], n_tokens: int) -> dict[str, Any]:
    """Control tokens, bytes, printable characters, and the first words that are merged from them."""
    texts, types = contents["tokenizer.ggml.tokens"], contents["tokenizer.ggml.token_type"]
    index = {text: i for i, text in enumerate(texts)}
    named = [i for i, kind in enumerate(types) if kind in {CONTROL, USER_DEFINED, BYTE} and "unused" not in texts[i]]
    characters = [index[c] for c in [*map(chr, range(33, 127)), "▁", "\n"] if c in index]
    kept = dict.fromkeys([0, 1, 2, 3, 4, *named, *characters])  # the first five keep their numbers, which roles name
    merges = []
    for merge in contents["tokenizer.ggml.merges"]:
        if len(kept) == n_tokens:
            break
        left, right = merge.split(" ", 1)
        if all(index.get(part) in kept and part.strip("\n\t▁ ") for part in (left, right)):
            merges.append(merge)
            kept[index[left + right]] = None
    fewer = {
        "tokens": [texts[i] for i in kept],
        "scores": [contents["tokenizer.ggml.scores"][i] for i in kept],
        "token_type": [types[i] for i in kept],
        "merges": merges,
    }
    return {f"tokenizer.ggml.{key}": value for key, value in fewer.items()}


def _weights(tensor: Tensor, random: np.random.Generator) -> Iterator[npt.NDArray[Any]]:
    """The tensor's content, a block after the other."""
    if len(tensor.shape) == 1:
        values = np.full(tensor.shape, tensor.scale, np.float32)
        if tensor.name == "rope_freqs.weight":
            values[len(values) // 4 :] = 1e30  # only a quarter of the dimensions is rotated in full attention
        yield values
        return
    at_once = WRITTEN_BYTES // TENSOR_TYPES[tensor.kind][1]
    for start in range(0, tensor.n_blocks, at_once):
        yield _random_blocks(tensor.kind, min(at_once, tensor.n_blocks - start), tensor.scale, random)


def _random_blocks(kind: Kind, n_blocks: int, std: float, random: np.random.Generator) -> npt.NDArray[Any]:
    """Blocks of a tensor type whose values have a mean of 0 and this standard deviation.

    In quantized ones each block's factor has a sign of its own, since the mean of the integers is not quite 0, and
    differs by up to a quarter: no two of them may be exchanged unnoticed.
    """
    if kind in {Kind.F16, Kind.BF16}:
        values = random.standard_normal(n_blocks, np.float32) * np.float32(std)
        return values.astype(np.float16) if kind is Kind.F16 else (values.view(np.uint32) >> 16).astype(np.uint16)
    drawn = random.random(n_blocks, np.float32) - 0.5
    factor = np.copysign(0.75 + np.abs(drawn), drawn) * np.float32(std)
    blocks = np.frombuffer(bytearray(random.bytes(n_blocks * TENSOR_TYPES[kind][1])), np.uint8).reshape(n_blocks, -1)
    if kind is Kind.Q4_0:  # the factor, 32 integers of 4 bits
        blocks[:, :2] = (factor / _integers_rms(16)).astype(np.float16).view(np.uint8).reshape(-1, 2)
    else:  # Q6_K: 256 integers of 6 bits, a factor of 8 bits for every 16 of them, the factor
        blocks[:, 192:208] = (blocks[:, 192:208] & 31) - 16
        factor /= _integers_rms(64) * _integers_rms(32)
        blocks[:, 208:] = factor.astype(np.float16).view(np.uint8).reshape(-1, 2)
    return blocks


def _integers_rms(n: int) -> float:
    """The root mean square of the integers from -n/2 to n/2 - 1."""
    return math.sqrt((n * n + 2) / 12)
