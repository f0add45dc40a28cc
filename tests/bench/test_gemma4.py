import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader, dequantize

from assistant.bench.gemma4 import VOCABULARY, default_path, expected_bytes, is_whole, provide, write_model
from assistant.bench.gemma4_shapes import ALL_TOKENS, E2B, E4B, SELF_TEST, TINY, Shape, tensors
from assistant.errors import AssistantError

SHAPES = (E2B, E4B, TINY, SELF_TEST)
GOOGLES_BYTES = {"e2b": 3_349_516_256, "e4b": 5_154_941_280}  # gemma-4-*_q4_0-it.gguf


@pytest.fixture(scope="module")
def model(tiny_gemma4: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model; its tokens are taken from another, which is faster than taking them from all."""
    path = tmp_path_factory.mktemp("model") / "self-test.gguf"
    write_model(SELF_TEST, path, tiny_gemma4)
    return path


@pytest.fixture
def cache(tiny_gemma4: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder with a vocabulary."""
    vocabulary = tmp_path / "assistant" / "llama" / "key" / VOCABULARY
    vocabulary.parent.mkdir(parents=True)
    vocabulary.symlink_to(tiny_gemma4)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_the_real_shapes_are_as_large_as_the_real_models(gemma4_vocabulary: Path) -> None:
    assert expected_bytes(E2B, gemma4_vocabulary) == pytest.approx(3_349_509_216, abs=20_000)
    for shape in (E2B, E4B):
        assert shape.n_tokens == ALL_TOKENS
        assert expected_bytes(shape, gemma4_vocabulary) == pytest.approx(GOOGLES_BYTES[shape.name], abs=20_000)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_the_last_layers_with_their_own_keys_are_a_sliding_and_a_full_one(shape: Shape) -> None:
    first_shared = shape.n_layers - shape.n_shared
    assert [shape.slides(first_shared - 2), shape.slides(first_shared - 1)] == [True, False]


def test_a_model_is_whole_only_from_its_first_byte_to_its_last(model: Path, tmp_path: Path) -> None:
    assert is_whole(model, SELF_TEST)
    assert not is_whole(model, TINY)
    content = model.read_bytes()
    for name, other in {"short": content[:-32], "long": content + bytes(32), "text": b"Once upon a time"}.items():
        (tmp_path / name).write_bytes(other)
        assert not is_whole(tmp_path / name, SELF_TEST)
    assert not is_whole(tmp_path / "nothing", SELF_TEST)


def test_weights_spread_as_they_should_around_nothing(model: Path) -> None:
    wanted = {tensor.name: tensor for tensor in tensors(SELF_TEST)}
    for tensor in GGUFReader(model).tensors:
        values = dequantize(tensor.data, tensor.tensor_type)
        assert values.shape == wanted[tensor.name].shape
        if values.ndim == 2:
            assert np.std(values) == pytest.approx(wanted[tensor.name].scale, rel=0.05)
            assert abs(np.mean(values)) < 0.1 * np.std(values)


def test_a_seed_makes_one_model_and_another_seed_another(model: Path, tiny_gemma4: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        write_model(SELF_TEST, tmp_path / str(seed), tiny_gemma4, seed=seed)
        assert (model.read_bytes() == (tmp_path / str(seed)).read_bytes()) == (seed == 1)


def test_a_write_that_breaks_off_leaves_nothing(model: Path, tiny_gemma4: Path, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (model.stat().st_size // 2, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_model(SELF_TEST, tmp_path / "model.gguf", tiny_gemma4)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())


def test_a_model_is_written_once(cache: Path) -> None:
    path, shown = default_path(SELF_TEST), list[str]()
    assert path == cache / "assistant" / "bench" / "gemma4-self-test-synthetic.gguf"
    for _ in range(2):
        provide(SELF_TEST, path, shown.append)
        assert is_whole(path, SELF_TEST)
    assert [line.split()[0] for line in shown] == ["writing", path.name]
    assert shown[1] == f"{path.name} is there (1 MB)"


def test_a_damaged_model_is_written_anew(cache: Path, model: Path) -> None:
    path = cache / "model.gguf"
    path.write_bytes(model.read_bytes()[:-32])
    provide(SELF_TEST, path, lambda _: None)
    assert is_whole(path, SELF_TEST)


def test_a_disk_without_room_is_noticed_before(cache: Path) -> None:
    path = cache / "model.gguf"
    with pytest.raises(AssistantError, match=r"^bench: model.gguf needs 3,336 MB in .*, where 2,000 MB are free: make"):
        provide(E2B, path, pytest.fail, lambda _: 2_000_000_000)
    assert not path.exists()


def test_without_gguf_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(AssistantError, match=r"^bench: gguf is not installed; run: pip install gguf$"):
        provide(E2B, tmp_path / "model.gguf", pytest.fail)


def test_the_command_says_where_the_vocabulary_comes_from(
    assistant: Callable[..., "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    done = assistant("bench", "model", config=None, env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)})
    assert (done.returncode, done.stdout) == (1, "")
    missing = f"{tmp_path}/assistant/llama/*/{VOCABULARY}"
    assert done.stderr == f"assistant: bench: {missing} is missing; run: scripts/build-llama .venv/bin/python\n"
