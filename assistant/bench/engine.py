"""What llama.cpp gives here: `python -m assistant.bench.engine MODEL [--quick]` prints groups of figures as JSON.

A process of its own (`children.engine_figures` starts it), since llama.cpp shares none with Silero VAD. The model is
one of those that `gemma4` writes. On the main thread.
"""

import argparse
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.bench.bandwidth import READ_BYTES, read_bandwidth
from assistant.bench.children import ALL_ROWS
from assistant.bench.gemma4 import is_whole
from assistant.bench.gemma4_shapes import E2B, E4B, TINY, tensors
from assistant.bench.pipe import round_trip_p95_ms
from assistant.bench.reuse import Talk, converse, unequal
from assistant.errors import AssistantError
from assistant.thinking.language_model import LanguageModel
from assistant.thinking.trial import PARAGRAPH, try_out

N_CTX = 1024
PER_LAYER_TABLE = "per_layer_token_embd.weight"  # of which a token needs a single row

Logits = npt.NDArray[np.float64]
Figures = dict[str, float | int | bool | None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How often everything is measured, and with how many tokens."""

    n_times: int
    n_decoded: int
    prompts: tuple[int, ...]  # lengths of those whose logits are compared
    n_prefix: int
    talk: Talk
    n_compared: int
    n_messages: int
    read_bytes: int = READ_BYTES


FULL = Effort(5, 48, (24, 77, 128, 200, 256), 300, Talk(n_turns=20, n_reply=40, n_ctx=1024), 24, 2000)
QUICK = Effort(2, 16, (24, 77), 300, Talk(n_turns=9, n_reply=10, n_ctx=768), 8, 500)


def figures(path: Path, effort: Effort) -> dict[str, Figures]:
    """All groups of figures.

    Raises:
        AssistantError: the file is no synthetic model, or llama.cpp refuses it.
    """
    n_bytes = bytes_a_token(path)
    with LanguageModel(path, n_ctx=N_CTX, n_threads=1) as ours:
        ours.sample_with(temperature=1.0, top_k=64, top_p=0.95, seed=1)
        threads = try_out(ours, os.cpu_count() or 1, 0, sense=False)
        found = {"decode": decode(ours, n_bytes, threads.decode_threads, effort)}
        with LanguageModel(path, n_ctx=N_CTX, n_threads=threads.prefill_threads) as unchanged:
            found["prefill"] = prefill(ours, unchanged, effort)
        found["boot"] = boot(ours, path.parent, effort)
        differing = unequal(ours, lambda: LanguageModel(path, n_ctx=N_CTX, n_threads=1), threads, effort.n_compared)
    reuse = converse(path, max(threads.decode_threads, threads.prefill_threads), effort.talk)
    for case in differing:
        sys.stderr.write(f"bench: the reply differs from that of a new context: {case}\n")
    found["reuse"] = {
        "evaluated_ratio": round(reuse.n_evaluated / reuse.n_new, 4),
        "rebuilt_tokens_idle": reuse.n_rebuilt,
        "n_trims": reuse.n_trims,
        "equal": not differing,
    }
    found["pipe"] = {"p95_ms": round_trip_p95_ms(effort.n_messages)}
    return found


def bytes_a_token(path: Path) -> int:
    """How much of a model's weights is read to evaluate one token.

    Raises:
        AssistantError: it is none of those that `gemma4` writes.
    """
    shape = next((one for one in (E2B, E4B, TINY) if is_whole(path, one)), None)
    if shape is None:
        raise AssistantError(f"bench: {path} is no whole synthetic model; remove it, and it is written anew")
    return sum(t.n_bytes // (t.shape[0] if t.name == PER_LAYER_TABLE else 1) for t in tensors(shape))


def decode(model: LanguageModel, n_bytes: int, n_threads: int, effort: Effort) -> Figures:
    """How fast tokens are generated, of what memory allows with as many threads in the same minute."""
    tokens = words(model, effort.n_decoded, 0)
    bandwidth = read_bandwidth(n_threads, effort.read_bytes)
    _decode_s(model, tokens)  # the first time memory is taken
    per_s = len(tokens) / statistics.median(_decode_s(model, tokens) for _ in range(effort.n_times))
    bandwidth = max(bandwidth, read_bandwidth(n_threads, effort.read_bytes))
    return {
        "bandwidth_fraction": round(n_bytes * per_s / bandwidth, 4),
        "tokens_per_s": round(per_s, 2),
        "n_threads": n_threads,
        "bytes_a_token": n_bytes,
        "read_bytes_per_s": round(bandwidth),
    }


def _decode_s(model: LanguageModel, tokens: Sequence[int]) -> float:
    forget(model)
    began_s = time.perf_counter()
    for token in tokens:
        model.sample()
        model.append(token)
    return time.perf_counter() - began_s


def prefill(ours: LanguageModel, unchanged: LanguageModel, effort: Effort) -> Figures:
    """How much sooner a prompt's end is known, and what that changes, against llama.cpp without our patch."""

    def read(tokens: Sequence[int]) -> Callable[[], float]:
        return lambda: _read_s(ours, tokens)

    def read_all_rows(tokens: Sequence[int]) -> Callable[[], float]:
        def timed_s() -> float:
            # A context builds its graph anew only if the parameters change, so each keeps to one form.
            with _all_rows():
                return _read_s(unchanged, tokens)

        return timed_s

    found: Figures = {}
    for n_tokens in (256, 24):
        tokens = words(ours, n_tokens, n_tokens)
        all_rows_s, ours_s = _in_turn(read_all_rows(tokens), read(tokens), effort.n_times)
        found[f"speedup_{n_tokens}"] = round(all_rows_s / ours_s, 3)
        found[f"first_token_{n_tokens}_s"] = round(ours_s, 4)
    changes, batches = [], []
    for n_tokens in effort.prompts:
        tokens = words(ours, n_tokens, n_tokens + 1)
        with _all_rows():
            whole, right = _logits(unchanged, tokens, 0), _logits(unchanged, tokens, n_tokens - 1)
        changes.append(_difference(_logits(ours, tokens, n_tokens - 1), right))
        batches.append(_difference(whole, right))
    # For comparison, what the size of batches changes in llama.cpp unchanged, since other kernels round otherwise.
    return found | {
        "max_logit_difference_ratio": round(max(changes), 5),
        "batch_logit_difference_ratio": round(max(batches), 5),
    }


def _logits(model: LanguageModel, tokens: Sequence[int], n_before: int) -> Logits:
    """The logits after a prompt, of which so many tokens were evaluated before the others."""
    model.evaluate(tokens[-1:])  # nothing is kept of what it held
    model.fill(tokens[:n_before])
    model.evaluate(tokens)
    return np.array(model.logits())


def _difference(logits: Logits, right: Logits) -> float:
    return float(np.abs(logits - right).max() / right.std())


@contextlib.contextmanager
def _all_rows() -> Iterator[None]:
    os.environ.update(ALL_ROWS)
    try:
        yield
    finally:
        for name in ALL_ROWS:
            del os.environ[name]


def _read_s(model: LanguageModel, tokens: Sequence[int]) -> float:
    forget(model)
    began_s = time.perf_counter()
    model.evaluate(tokens)
    return time.perf_counter() - began_s


def boot(model: LanguageModel, folder: Path, effort: Effort) -> Figures:
    """How much sooner a prompt's beginning comes from a file on the disk of `folder` than it is evaluated."""
    tokens = words(model, effort.n_prefix, 1)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / "prefix.kv"

        def fill_s() -> float:
            forget(model)
            began_s = time.perf_counter()
            model.fill(tokens)
            taken_s = time.perf_counter() - began_s
            model.save(path)
            return taken_s

        def restore_s() -> float:
            _leave_memory(path)
            began_s = time.perf_counter()
            if not model.restore(path, tokens):
                raise AssistantError(f"bench: {path} was not restored")
            return time.perf_counter() - began_s

        evaluated_s, restored_s = _in_turn(fill_s, restore_s, effort.n_times)
    return {
        "restore_speedup": round(evaluated_s / restored_s, 2),
        "prefix_evaluated_s": round(evaluated_s, 4),
        "prefix_restored_s": round(restored_s, 5),
    }


def _leave_memory(path: Path) -> None:
    """Has a file read from the disk the next time, as after a boot."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _in_turn(one_s: Callable[[], float], other_s: Callable[[], float], n_times: int) -> tuple[float, float]:
    """The medians of two times that are measured in turn, after a first time that does not count."""
    pairs = [(one_s(), other_s()) for _ in range(n_times + 1)][1:]
    return statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)


def forget(model: LanguageModel) -> None:
    """Leaves nothing in the KV cache but what no prompt of `words` begins with."""
    model.evaluate(model.tokenize(model.bos, special=True))


def words(model: LanguageModel, n_tokens: int, seed: int) -> list[int]:
    """So many tokens of plain words in an order of their own."""
    return random.Random(seed).choices(model.tokenize(PARAGRAPH, special=False), k=n_tokens)


def main() -> None:
    """Prints the figures of the model that is named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    try:
        found = figures(arguments.model, QUICK if arguments.quick else FULL)
    except AssistantError as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
