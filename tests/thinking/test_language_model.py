import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFWriter

from assistant.errors import ModelError
from assistant.thinking.language_model import BATCH, AbortedError, LanguageModel

N_CTX = 1024
CONTROL = {"smollm2": ["<|im_start|>", "<|im_end|>"], "gemma4": ["<bos>", "<|turn>", "<turn|>", "<|channel>", "<|think|>"]}


@pytest.fixture(scope="module")
def paths(starter: dict[str, Path], tiny_gemma4: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    mamba = tmp_path_factory.mktemp("mamba") / "tiny-mamba.gguf"
    write_tiny_mamba(mamba)
    return {"smollm2": starter["llm"], "gemma4": tiny_gemma4, "mamba": mamba}


def write_tiny_mamba(path: Path, width: int = 32, n_state: int = 8, n_tokens: int = 512) -> None:
    """A recurrent model, whose state cannot go back, without tokens' texts and chat template."""
    inner, rank, n_convolved = 2 * width, 4, 4
    writer = GGUFWriter(path, "mamba")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_block_count(2)
    writer.add_ssm_conv_kernel(n_convolved)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(n_state)
    writer.add_ssm_time_step_rank(rank)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(n_tokens)
    layer = {
        "attn_norm.weight": (width,),
        "ssm_in.weight": (2 * inner, width),
        "ssm_conv1d.weight": (inner, n_convolved),
        "ssm_conv1d.bias": (inner,),
        "ssm_x.weight": (rank + 2 * n_state, inner),
        "ssm_dt.weight": (inner, rank),
        "ssm_dt.bias": (inner,),
        "ssm_a": (inner, n_state),
        "ssm_d": (inner,),
        "ssm_out.weight": (width, inner),
    }
    tensors: dict[str, tuple[int, ...]] = {"token_embd.weight": (n_tokens, width), "output_norm.weight": (width,)}
    tensors |= {f"blk.{i}.{name}": shape for i in range(2) for name, shape in layer.items()}
    random = np.random.default_rng(1)
    for name, shape in tensors.items():
        values = -np.ones(shape) if name.endswith("ssm_a") else random.standard_normal(shape) * 0.3
        writer.add_tensor(name, (1 + values if "norm" in name else values).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(params=["smollm2", "gemma4"])
def model(request: pytest.FixtureRequest, paths: dict[str, Path]) -> Iterator[LanguageModel]:
    with LanguageModel(paths[request.param], n_ctx=N_CTX, n_threads=2) as model:
        yield model


@pytest.fixture
def control(request: pytest.FixtureRequest) -> list[str]:
    """Control tokens of `model`."""
    return CONTROL[request.node.callspec.params["model"]]


def some_tokens(n: int, seed: int) -> list[int]:
    """Ordinary tokens, which all models have."""
    return [int(token) for token in np.random.default_rng(seed).integers(300, 500, n)]


def fresh_logits(path: Path, tokens: Sequence[int]) -> Any:
    with LanguageModel(path, n_ctx=N_CTX, n_threads=2) as model:
        model.evaluate(tokens)
        return np.array(model.logits())


def assert_same_logits(found: Sequence[float], wanted: Any) -> None:
    """Equal but for what another split into batches makes of rounding."""
    spread = float(np.std(wanted))
    assert spread > 0
    assert np.abs(np.array(found) - wanted).max() < 0.01 * spread


def test_what_is_cached_is_not_evaluated_again(model: LanguageModel) -> None:
    tokens = some_tokens(200, 1)
    assert model.evaluate(tokens) == 200
    assert model.evaluate(tokens) == 1
    assert model.evaluate(tokens + some_tokens(30, 2)) == 30
    assert model.evaluate(tokens[:150] + some_tokens(10, 3)) == 10
    assert model.evaluate(some_tokens(5, 4)) == 5


def test_tokens_that_were_appended_are_cached(model: LanguageModel) -> None:
    tokens = some_tokens(40, 1)
    model.evaluate(tokens)
    for token in (400, 401, 402):
        model.append(token)
    assert model.cached == [*tokens, 400, 401, 402]
    assert model.evaluate([*tokens, 400, 401, 402, *some_tokens(20, 2)]) == 20


def test_progress_is_shown_batch_by_batch(model: LanguageModel) -> None:
    signs: list[int] = []
    model.evaluate(some_tokens(2 * BATCH + 1, 1), lambda: signs.append(len(model.cached)))
    assert signs == [BATCH, 2 * BATCH, 2 * BATCH + 1]


@pytest.mark.parametrize("n_kept", [20, 31, 64, 200, 400])
@pytest.mark.parametrize("kind", ["smollm2", "gemma4", "mamba"])
def test_going_back_leaves_no_trace(paths: dict[str, Path], kind: str, n_kept: int) -> None:
    beginning = some_tokens(n_kept, 1)
    with LanguageModel(paths[kind], n_ctx=N_CTX, n_threads=2) as model:
        model.evaluate(beginning + some_tokens(300, 2))
        for token in some_tokens(40, 3):
            model.append(token)
        model.evaluate(beginning + some_tokens(50, 4))
        assert_same_logits(model.logits(), fresh_logits(paths[kind], beginning + some_tokens(50, 4)))
        model.evaluate(beginning)
        assert_same_logits(model.logits(), fresh_logits(paths[kind], beginning))


def test_twenty_turns_leave_no_trace(paths: dict[str, Path]) -> None:
    with LanguageModel(paths["gemma4"], n_ctx=N_CTX, n_threads=2) as model:
        history: list[int] = []
        for turn in range(20):
            model.evaluate(history + some_tokens(30, turn))
            history = (history + some_tokens(20, turn))[-500:] if turn % 5 else some_tokens(100, turn)
        model.evaluate(history)
        assert_same_logits(model.logits(), fresh_logits(paths["gemma4"], history))


@pytest.mark.parametrize("kind", ["smollm2", "mamba"])
def test_evaluation_is_aborted_from_another_thread(paths: dict[str, Path], kind: str) -> None:
    begun = threading.Event()
    tokens = some_tokens(1000, 1)
    with LanguageModel(paths[kind], n_ctx=N_CTX, n_threads=2) as model:

        def abort() -> None:
            begun.wait()
            model.abort()

        thread = threading.Thread(target=abort)
        thread.start()
        with pytest.raises(AbortedError):
            model.evaluate(tokens, lambda: (begun.set(), thread.join()) and None)
        assert model.cached == tokens[: len(model.cached)]
        assert len(model.cached) in ({BATCH} if kind == "smollm2" else {0, BATCH})
        with pytest.raises(AbortedError):
            model.evaluate(tokens)
        model.allow()
        model.evaluate(tokens[:300])
        assert_same_logits(model.logits(), fresh_logits(paths[kind], tokens[:300]))
