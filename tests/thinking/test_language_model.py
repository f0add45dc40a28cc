import statistics
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter

from assistant.errors import ModelError
from assistant.thinking.language_model import BATCH, AbortedError, LanguageModel, skips_unread_rows

N_CTX = 1024
CONTROL = {
    "smollm2": ["<|im_start|>", "<|im_end|>"],
    "gemma4": ["<bos>", "<|turn>", "<turn|>", "<|think|>", "<|channel>", "<channel|>", "<|tool_call>", '<|"|>'],
}


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


def fresh_logits(path: Path, *sequences: Sequence[int]) -> list[float]:
    """Of a model that evaluates these token sequences one after the other and nothing else.

    The same tokens in other batches are rounded otherwise, so a sequence is led up to as it was in the other model;
    then equal means equal.
    """
    with LanguageModel(path, n_ctx=N_CTX, n_threads=2) as model:
        for tokens in sequences:
            model.evaluate(tokens)
        return model.logits()


def test_what_is_cached_is_not_evaluated_again(model: LanguageModel) -> None:
    tokens = some_tokens(140, 1)
    assert model.evaluate(tokens) == 140
    assert model.evaluate(tokens) == 1
    assert model.evaluate(tokens + some_tokens(30, 2)) == 30
    assert model.evaluate(tokens[:120] + some_tokens(10, 3)) == 10
    assert model.evaluate(some_tokens(5, 4)) == 5


def test_tokens_that_were_appended_are_cached(model: LanguageModel) -> None:
    tokens = some_tokens(40, 1)
    model.evaluate(tokens)
    for token in (400, 401, 402):
        model.append(token)
    assert model.cached == [*tokens, 400, 401, 402]
    assert model.evaluate([*tokens, 400, 401, 402, *some_tokens(20, 2)]) == 20


def test_progress_is_shown_batch_by_batch(paths: dict[str, Path]) -> None:
    signs: list[int] = []
    with LanguageModel(paths["gemma4"], n_ctx=N_CTX, n_threads=2) as model:
        model.evaluate(some_tokens(2 * BATCH + 1, 1), lambda: signs.append(len(model.cached)))
    assert signs == [BATCH, 2 * BATCH, 2 * BATCH + 1]


@pytest.mark.parametrize(
    ("kind", "n_kept"),
    [("gemma4", 20), ("gemma4", 31), ("gemma4", 64), ("gemma4", 200), ("gemma4", 400), ("smollm2", 20)],
)
def test_going_back_leaves_no_trace(paths: dict[str, Path], kind: str, n_kept: int) -> None:
    beginning, other = some_tokens(n_kept, 1), some_tokens(50, 2)
    with LanguageModel(paths[kind], n_ctx=N_CTX, n_threads=2) as model:
        model.evaluate(beginning)
        model.evaluate(beginning + some_tokens(100 if kind == "smollm2" else 300, 3))
        for token in some_tokens(20, 4):
            model.append(token)
        assert model.evaluate(beginning + other) == 50
        assert model.logits() == fresh_logits(paths[kind], beginning, beginning + other)
        assert model.evaluate(beginning) == 1
        assert model.logits() == fresh_logits(paths[kind], beginning, beginning)


def test_a_model_that_cannot_go_back_begins_anew(paths: dict[str, Path]) -> None:
    beginning, other = some_tokens(200, 1), some_tokens(50, 2)
    with LanguageModel(paths["mamba"], n_ctx=N_CTX, n_threads=2) as model:
        model.evaluate(beginning)
        assert model.evaluate(beginning + some_tokens(30, 3)) == 30
        assert model.evaluate(beginning + other) == 250
        assert model.logits() == fresh_logits(paths["mamba"], beginning + other)


@pytest.mark.parametrize("kind", ["smollm2", "gemma4", "mamba"])
def test_evaluation_is_aborted_from_another_thread(paths: dict[str, Path], kind: str) -> None:
    tokens = some_tokens(1000, 1)
    with LanguageModel(paths[kind], n_ctx=N_CTX, n_threads=2) as model:
        thread = threading.Thread(target=model.abort)

        def abort_once() -> None:
            thread.start()
            thread.join()

        with pytest.raises(AbortedError):
            model.evaluate(tokens, abort_once)
        assert model.cached == ([] if kind == "mamba" else tokens[:BATCH])
        with pytest.raises(AbortedError):
            model.evaluate(tokens)
        model.allow()
        model.evaluate(tokens[:150])
        assert model.logits() == fresh_logits(paths[kind], tokens[:150])


def test_evaluation_is_aborted_amid_a_batch(paths: dict[str, Path]) -> None:
    with LanguageModel(paths["smollm2"], n_ctx=N_CTX, n_threads=2) as model:
        model.evaluate(some_tokens(BATCH, 1))
        timer = threading.Timer(0.02, model.abort)  # a batch takes some 100 ms
        timer.start()
        with pytest.raises(AbortedError):
            model.evaluate(some_tokens(N_CTX, 1))
        timer.join()
        assert len(model.cached) % BATCH == 0
        model.allow()
        tokens = some_tokens(BATCH, 1)
        model.evaluate([*tokens, 400])
        assert model.logits() == fresh_logits(paths["smollm2"], tokens, [*tokens, 400])


def test_generation_is_aborted(model: LanguageModel) -> None:
    model.evaluate(some_tokens(20, 1))
    model.abort()
    with pytest.raises(AbortedError):
        model.append(400)
    assert model.cached == some_tokens(20, 1)
    model.allow()
    model.append(400)
    assert model.cached == [*some_tokens(20, 1), 400]


def test_a_full_context_is_an_error_that_does_no_harm(paths: dict[str, Path]) -> None:
    with LanguageModel(paths["gemma4"], n_ctx=256, n_threads=2) as model:
        with pytest.raises(ModelError, match=r"could not evaluate 128 tokens after 256 \(code 1\)"):
            model.evaluate(some_tokens(400, 1))
        model.evaluate(some_tokens(200, 2))
        assert model.logits() == fresh_logits(paths["gemma4"], some_tokens(200, 2))


def test_special_tokens_in_what_people_say_are_mere_text(model: LanguageModel, control: list[str]) -> None:
    ids = {token for mark in control for token in model.tokenize(mark, special=True)}
    assert len(ids) == len(control)
    question = "Say " + " and ".join(control)
    assert ids <= set(model.tokenize(question, special=True))
    tokens = model.tokenize(question, special=False)
    assert not ids & set(tokens)
    assert b"".join(map(model.piece, tokens)).decode() == question


def test_control_tokens_are_not_spoken(model: LanguageModel, control: list[str]) -> None:
    for mark in control:
        (token,) = model.tokenize(mark, special=True)
        assert model.text_of(token) == mark
        assert model.piece(token) == b""


def test_pieces_make_up_the_text(model: LanguageModel) -> None:
    text = "Grüße, 안녕하세요 und “🦉”:\n\t1 + 1 = 2."
    assert b"".join(map(model.piece, model.tokenize(text, special=False))).decode() == text
    assert model.tokenize("", special=False) == []


def test_bytes_that_are_no_text_do_no_harm(model: LanguageModel) -> None:
    assert model.tokenize("caf\udce9 \0", special=False) == model.tokenize("caf? \0", special=False)


def test_a_reply_ends_where_the_model_ends_its_turn(paths: dict[str, Path]) -> None:
    for kind, ends in (("smollm2", "<|im_end|>"), ("gemma4", "<turn|>"), ("gemma4", "<eos>")):
        with LanguageModel(paths[kind], n_ctx=N_CTX, n_threads=2) as model:
            (token,) = model.tokenize(ends, special=True)
            assert model.ends(token)
            assert not any(map(model.ends, some_tokens(50, 1)))


def test_the_likeliest_token_is_chosen_at_temperature_zero(model: LanguageModel) -> None:
    model.evaluate(some_tokens(30, 1))
    likeliest = int(np.argmax(model.logits()))
    model.sample_with(temperature=0.0, top_k=64, top_p=0.95, seed=1)
    assert model.sample() == likeliest
    model.sample_with(temperature=1.0, top_k=1, top_p=1.0, seed=1)
    assert model.sample() == likeliest


def test_the_likeliest_token_is_chosen_at_will_at_any_temperature(model: LanguageModel) -> None:
    model.evaluate(some_tokens(30, 1))
    model.sample_with(temperature=5.0, top_k=64, top_p=1.0, seed=1)
    likeliest = int(np.argmax(model.logits()))
    assert {model.sample(likeliest=True) for _ in range(20)} == {likeliest}
    assert len({model.sample() for _ in range(20)}) > 1


def test_temperature_makes_a_difference_that_the_seed_decides(model: LanguageModel) -> None:
    model.evaluate(some_tokens(30, 1))
    drawn = []
    for seed in (1, 1, 2):
        model.sample_with(temperature=2.0, top_k=64, top_p=1.0, seed=seed)
        drawn.append([model.sample() for _ in range(20)])
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) > 1
    assert set(drawn[0] + drawn[2]) <= {int(token) for token in np.argsort(model.logits())[-64:]}


def test_the_context_is_no_longer_than_the_model_was_trained_for(paths: dict[str, Path]) -> None:
    with LanguageModel(paths["mamba"], n_ctx=100_000, n_threads=2) as model:
        assert model.n_ctx == N_CTX
    with LanguageModel(paths["mamba"], n_ctx=256, n_threads=2) as model:
        assert model.n_ctx == 256


def test_a_model_without_a_chat_template_is_refused(paths: dict[str, Path]) -> None:
    with LanguageModel(paths["mamba"], n_ctx=N_CTX, n_threads=2) as model:
        assert (model.bos, model.eos) == ("", "")
        with pytest.raises(ModelError, match="it has no chat template"):
            assert model.chat_template


@pytest.mark.parametrize("kind", ["garbage", "cut off", "unknown kind", "missing"])
def test_a_file_that_llama_cpp_refuses_is_named_in_one_line(tmp_path: Path, paths: dict[str, Path], kind: str) -> None:
    path = tmp_path / "some model.gguf"
    if kind == "garbage":
        path.write_bytes(b"GGUF" + bytes(range(256)) * 4)
    elif kind == "cut off":
        path.write_bytes(paths["gemma4"].read_bytes()[:-100_000])
    elif kind == "unknown kind":
        writer = GGUFWriter(path, "parrot")
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
    with pytest.raises(ModelError, match=r"^llama\.cpp refuses some model\.gguf: .+") as refused:
        LanguageModel(path, n_ctx=N_CTX, n_threads=2)
    assert "\n" not in str(refused.value)
    assert "no reason" not in str(refused.value)


def test_one_model_may_outlive_another(paths: dict[str, Path]) -> None:
    with LanguageModel(paths["gemma4"], n_ctx=256, n_threads=2) as first:
        with LanguageModel(paths["mamba"], n_ctx=256, n_threads=2) as second:
            second.evaluate([300])
        del second
        first.evaluate([300])


@pytest.mark.parametrize("n_tokens", [2, 24, 200])
def test_rows_that_nobody_reads_make_no_difference(
    paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch, n_tokens: int
) -> None:
    assert skips_unread_rows()
    ours = fresh_logits(paths["gemma4"], some_tokens(n_tokens, 1))
    monkeypatch.setenv("LLAMA_GEMMA4_ALL_ROWS", "1")
    plain = fresh_logits(paths["gemma4"], some_tokens(n_tokens, 1))
    spread = statistics.stdev(plain)
    assert max(abs(a - b) for a, b in zip(ours, plain, strict=True)) <= 0.02 * spread


def test_what_was_filled_serves_a_later_evaluation(paths: dict[str, Path]) -> None:
    tokens = some_tokens(200, 1)
    with LanguageModel(paths["gemma4"], n_ctx=N_CTX, n_threads=2) as model:
        assert model.fill(tokens[:150]) == 150
        assert model.fill(tokens[:100]) == 0
        assert model.cached == tokens[:150]
        assert model.evaluate(tokens) == 50
        assert model.logits() == fresh_logits(paths["gemma4"], tokens[:150], tokens)


def test_what_was_saved_is_restored_and_gone_on_with(paths: dict[str, Path], tmp_path: Path) -> None:
    tokens, path = some_tokens(200, 1), tmp_path / "prefix.kv"
    with LanguageModel(paths["gemma4"], n_ctx=N_CTX, n_threads=2) as model:
        model.fill(tokens[:150])
        model.save(path)
    with LanguageModel(paths["gemma4"], n_ctx=N_CTX, n_threads=2) as model:
        assert model.restore(path, tokens[:150])
        assert model.evaluate(tokens) == 50
        assert model.logits() == fresh_logits(paths["gemma4"], tokens[:150], tokens)
        # Before its end there is no more than the window: going back there begins anew.
        other = tokens[:100] + some_tokens(20, 7)
        assert model.evaluate(other) == 120
        assert model.logits() == fresh_logits(paths["gemma4"], other)


def test_what_was_saved_of_other_tokens_is_refused(paths: dict[str, Path], tmp_path: Path) -> None:
    tokens, path = some_tokens(100, 1), tmp_path / "prefix.kv"
    with LanguageModel(paths["gemma4"], n_ctx=N_CTX, n_threads=2) as model:
        model.fill(some_tokens(100, 2))
        model.save(path)
        assert not model.restore(path, tokens)
        assert model.evaluate(tokens) == 100
        assert model.logits() == fresh_logits(paths["gemma4"], tokens)


def replied(path: Path, *, lean: bool) -> list[int]:
    with LanguageModel(path, n_ctx=N_CTX, n_threads=2, lean=lean) as model:
        model.sample_with(temperature=0.0, top_k=1, top_p=1.0, seed=1)
        model.evaluate(model.tokenize("The capital of France is", special=False))
        tokens = [model.sample()]
        while len(tokens) < 12:
            model.append(tokens[-1])
            tokens.append(model.sample())
        return tokens


def test_a_lean_model_says_the_same(paths: dict[str, Path]) -> None:
    assert replied(paths["smollm2"], lean=True) == replied(paths["smollm2"], lean=False)


def test_plain_sentences_are_likelier_than_nonsense_to_a_model_that_makes_sense(paths: dict[str, Path]) -> None:
    with LanguageModel(paths["smollm2"], n_ctx=N_CTX, n_threads=2) as model:
        words = "The sun rises in the east and sets in the west.".split()
        plain, mixed = (model.tokenize(" ".join(text), special=False) for text in (words, sorted(words)))
        assert model.log_likelihood(mixed) < model.log_likelihood(plain) < 0
        assert model.cached == plain
