"""The real engine with a tiny model, whose figures mean little but have to be there."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFReader

from assistant.bench import children, engine
from assistant.bench.pipe import round_trip_p95_ms
from assistant.bench.reuse import Talk, converse, unequal
from assistant.errors import AssistantError
from assistant.thinking.findings import Findings
from assistant.thinking.language_model import LanguageModel

SMALL = replace(engine.QUICK, n_times=1, n_decoded=4, prompts=(24,), n_prefix=40, read_bytes=1 << 22)
TALK = Talk(n_turns=6, n_reply=40, n_ctx=1024)


def test_all_groups_of_figures_come_from_a_process_of_its_own(tiny_gemma4: Path) -> None:
    found = children.engine_figures(tiny_gemma4, quick=True)
    assert set(found) == {"decode", "prefill", "boot", "reuse", "pipe"}
    assert found["reuse"]["equal"] is True
    assert found["boot"]["restore_speedup"] > 1
    assert found["pipe"]["p95_ms"] > 0


def test_a_file_that_is_no_synthetic_model_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "some.gguf"
    path.write_bytes(b"GGUF")
    with pytest.raises(AssistantError, match=r"^bench: assistant\.bench\.engine failed \(exit code 1\); see above$"):
        children.engine_figures(path, quick=True)
    assert capfd.readouterr().err.startswith(f"bench: {path} is no whole synthetic model")


def test_a_token_reads_all_weights_but_one_row_of_the_per_layer_table(tiny_gemma4: Path) -> None:
    stored = {tensor.name: tensor for tensor in GGUFReader(tiny_gemma4).tensors}
    table = stored.pop(engine.PER_LAYER_TABLE)
    row = int(table.n_bytes) // int(table.shape[1])
    assert engine.bytes_a_token(tiny_gemma4) == sum(int(tensor.n_bytes) for tensor in stored.values()) + row


def test_the_bandwidth_used_is_that_of_the_weights_at_the_speed_of_the_tokens(tiny_gemma4: Path) -> None:
    with LanguageModel(tiny_gemma4, n_ctx=256, n_threads=1) as model:
        model.sample_with(temperature=0, top_k=1, top_p=1.0, seed=1)
        found = engine.decode(model, 10**6, 1, SMALL)
    used = 1e6 * (found["tokens_per_s"] or 0) / (found["read_bytes_per_s"] or 1)
    assert found["bandwidth_fraction"] == pytest.approx(used, rel=0.01, abs=1e-4)
    assert found["n_threads"] == 1


def test_the_patch_changes_no_logits_of_a_tiny_model(tiny_gemma4: Path) -> None:
    with (
        LanguageModel(tiny_gemma4, n_ctx=512, n_threads=1) as ours,
        LanguageModel(tiny_gemma4, n_ctx=512, n_threads=1) as unchanged,
    ):
        found = engine.prefill(ours, unchanged, SMALL)
    assert found["max_logit_difference_ratio"] < 0.02  # type: ignore[operator]


def test_only_what_is_new_is_evaluated_while_a_person_waits(tiny_gemma4: Path) -> None:
    found = converse(tiny_gemma4, 1, replace(TALK, n_turns=20))
    assert found.n_evaluated == found.n_new > 0


def test_tokens_are_evaluated_again_only_where_exchanges_leave(tiny_gemma4: Path) -> None:
    roomy = converse(tiny_gemma4, 1, replace(TALK, n_ctx=4096))
    tight = converse(tiny_gemma4, 1, replace(TALK, n_turns=12))
    assert (roomy.n_trims, roomy.n_rebuilt) == (0, 0)
    assert tight.n_trims > 0
    assert tight.n_rebuilt > 0


def test_a_kept_cache_replies_as_a_new_one(tiny_gemma4: Path) -> None:
    def fresh() -> LanguageModel:
        return LanguageModel(tiny_gemma4, n_ctx=512, n_threads=1)

    with fresh() as kept:
        assert unequal(kept, fresh, Findings(1, 1, 0.0), 12) == []


def test_a_cache_that_holds_other_tokens_is_found_out(tiny_gemma4: Path) -> None:
    class Skipping(LanguageModel):
        def evaluate(self, tokens: Sequence[int], *rest: Any) -> int:
            return super().evaluate([*tokens[:1], *tokens[2:]] if len(tokens) > 2 else tokens, *rest)

    def fresh() -> LanguageModel:
        return LanguageModel(tiny_gemma4, n_ctx=512, n_threads=1)

    with Skipping(tiny_gemma4, n_ctx=512, n_threads=1) as kept:
        assert unequal(kept, fresh, Findings(1, 1, 0.0), 12)


def test_a_message_there_and_back_takes_some_time() -> None:
    taken_ms = round_trip_p95_ms(20)
    assert taken_ms is not None
    assert taken_ms > 0
