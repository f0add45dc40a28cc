"""Writes a tiny GGUF model of the gemma4 architecture with random weights and Gemma 4's own template and tokens.

Its layers have the shape of Gemma 4 E2B in small: sliding and full attention, layers that share the KV cache of
earlier ones, per-layer embeddings. It runs in a millisecond a token and says gibberish, which is enough to test
everything that does not depend on sense.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, GGUFWriter

N_LAYERS, N_SHARED, PERIOD = 6, 3, 3  # the last layer with its own KV must be full attention, the one before sliding
WIDTH, HEADS, HEAD, FULL_HEAD, PER_LAYER, FEED_FORWARD, WINDOW = 64, 2, 32, 64, 32, 128, 32
MOST_TOKENS = 2048
CONTROL, USER_DEFINED, UNUSED, BYTE = 3, 4, 5, 6  # llama.cpp's token types


def write_tiny_gemma4(path: Path, vocabulary: Path, *, seed: int = 1) -> None:
    """Writes the model; `vocabulary` is llama.cpp's ggml-vocab-gemma-4.gguf, from which the tokens are taken."""
    writer = GGUFWriter(path, "gemma4")
    _write_shape(writer)
    n_tokens = _write_tokens(writer, GGUFReader(vocabulary))
    random = np.random.default_rng(seed)
    for name, shape in _tensors(n_tokens).items():
        values = np.ones(shape) if len(shape) == 1 else random.standard_normal(shape) * 0.05
        if name == "rope_freqs.weight":
            values[shape[0] // 4 :] = 1e30  # only a quarter of the dimensions is rotated in full attention
        kind = np.float32 if len(shape) == 1 or name.endswith("output_scale.weight") else np.float16
        writer.add_tensor(name, values.astype(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _sliding() -> list[bool]:
    return [i % PERIOD != PERIOD - 1 for i in range(N_LAYERS)]


def _write_shape(writer: GGUFWriter) -> None:
    writer.add_block_count(N_LAYERS)
    writer.add_context_length(131_072)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(
        [FEED_FORWARD if i < N_LAYERS - N_SHARED else 2 * FEED_FORWARD for i in range(N_LAYERS)]
    )
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_key_length(FULL_HEAD)
    writer.add_value_length(FULL_HEAD)
    writer.add_key_length_swa(HEAD)
    writer.add_value_length_swa(HEAD)
    writer.add_rope_dimension_count(FULL_HEAD)
    writer.add_rope_dimension_count_swa(HEAD)
    writer.add_rope_freq_base(1e6)
    writer.add_rope_freq_base_swa(1e4)
    writer.add_sliding_window(WINDOW)
    writer.add_sliding_window_pattern(_sliding())
    writer.add_shared_kv_layers(N_SHARED)
    writer.add_embedding_length_per_layer_input(PER_LAYER)
    writer.add_final_logit_softcapping(30.0)


def _write_tokens(writer: GGUFWriter, reader: GGUFReader) -> int:
    """Control tokens, bytes, printable characters, and the first words that are merged from them."""

    def contents(key: str) -> Any:
        return reader.fields[f"tokenizer.{key}"].contents()

    texts, types = contents("ggml.tokens"), contents("ggml.token_type")
    index = {text: i for i, text in enumerate(texts)}
    wanted = [i for i, kind in enumerate(types) if kind in (CONTROL, USER_DEFINED, BYTE) and "unused" not in texts[i]]
    characters = [index[c] for c in [*map(chr, range(33, 127)), "▁", "\n"] if c in index]
    kept = list(dict.fromkeys([0, 1, 2, 3, 4, *wanted, *characters]))
    known = {texts[i] for i in kept}
    merges = []
    for merge in contents("ggml.merges"):
        left, right = merge.split(" ", 1)
        whole = left + right
        if (
            len(kept) < MOST_TOKENS
            and left in known
            and right in known
            and left.strip("\n\t▁ ")
            and right.strip("\n\t▁ ")
        ):
            merges.append(merge)
            if whole not in known and whole in index:
                known.add(whole)
                kept.append(index[whole])
    tokens = [texts[i] for i in kept]
    writer.add_tokenizer_model("gemma4")
    writer.add_token_list(tokens)
    writer.add_token_scores([-1000.0] * len(tokens))
    writer.add_token_types([types[i] for i in kept])
    writer.add_token_merges(merges)
    for role, text in (("bos", "<bos>"), ("eos", "<eos>"), ("unk", "<unk>"), ("pad", "<pad>")):
        getattr(writer, f"add_{role}_token_id")(tokens.index(text))
    writer.add_chat_template(contents("chat_template"))
    writer.add_add_space_prefix(False)
    writer.add_add_bos_token(True)
    return len(tokens)


def _tensors(n_tokens: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes, rows first as numpy has them."""
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (n_tokens, WIDTH),
        "per_layer_token_embd.weight": (n_tokens, PER_LAYER * N_LAYERS),
        "per_layer_model_proj.weight": (PER_LAYER * N_LAYERS, WIDTH),
        "per_layer_proj_norm.weight": (PER_LAYER,),
        "output_norm.weight": (WIDTH,),
        "rope_freqs.weight": (FULL_HEAD // 2,),
    }
    for i, sliding in enumerate(_sliding()):
        head = HEAD if sliding else FULL_HEAD
        has_kv = i < N_LAYERS - N_SHARED
        width = FEED_FORWARD if has_kv else 2 * FEED_FORWARD
        layer: dict[str, tuple[int, ...]] = {
            "attn_norm": (WIDTH,),
            "attn_q": (head * HEADS, WIDTH),
            "attn_output": (WIDTH, head * HEADS),
            "attn_q_norm": (head,),
            "post_attention_norm": (WIDTH,),
            "layer_output_scale": (1,),
            "ffn_norm": (WIDTH,),
            "ffn_gate": (width, WIDTH),
            "ffn_up": (width, WIDTH),
            "ffn_down": (WIDTH, width),
            "post_ffw_norm": (WIDTH,),
            "inp_gate": (PER_LAYER, WIDTH),
            "proj": (WIDTH, PER_LAYER),
            "post_norm": (WIDTH,),
        }
        if has_kv:
            layer |= {"attn_k": (head, WIDTH), "attn_v": (head, WIDTH), "attn_k_norm": (head,)}
        shapes |= {f"blk.{i}.{name}.weight": shape for name, shape in layer.items()}
    return shapes


if __name__ == "__main__":
    write_tiny_gemma4(Path(sys.argv[1]), Path(sys.argv[2]))
