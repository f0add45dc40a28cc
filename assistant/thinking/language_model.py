"""A GGUF model in llama.cpp: tokens in, tokens out. The only module that knows llama-cpp-python.

Runs in the language model's process, in its main thread; only `abort` may be called from another. The low-level
API is used because the high-level one copies all logits with every state and cannot set `lazy_mode`. It shares no
process with Silero VAD: both bring a libggml.so.0, and the one that loads second gets the other's.
"""

import ctypes
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import llama_cpp.llama_cpp as api
import numpy as np
import numpy.typing as npt

from assistant.errors import ModelError

BATCH = 128  # tokens evaluated at a time; a sign of life is given after each
FLASH_ATTENTION_ON = 1  # llama_flash_attn_type
LAZY_ON = 2  # llama_lazy_mode: per-layer embeddings stay in the file, and the rows that are needed are read
LOG_ERROR = 4  # ggml_log_level
NO_TEMPLATE = "it has no chat template (a base model answers no questions)"


class AbortedError(Exception):
    """Evaluation was stopped by `abort`; what had been evaluated before stays usable."""


_complaints: list[str] = []  # of all models, as llama.cpp's log is one; the callback must outlive each of them


@api.llama_log_callback  # type: ignore[untyped-decorator]
def _log(level: int, text: bytes, _user: ctypes.c_void_p) -> None:
    if level == LOG_ERROR:
        _complaints.append(text.decode(errors="replace").strip())


def _complaint() -> str:
    return _complaints[0] if _complaints else "no reason was given"


def library_files() -> list[Path]:
    """The files of which llama.cpp, as it is installed, consists."""
    return sorted({path.resolve() for path in Path(api.__file__).parent.glob("lib/*.so")})


def skips_unread_rows() -> bool:
    """Whether the library was built with gemma4-prefill.patch, so that Gemma 4 reads prompts in half of the time."""
    return hasattr(api._lib, "llama_gemma4_skips_unread_rows")


class LanguageModel:
    """A model and its context, and the list of the tokens that its KV cache holds."""

    def __init__(self, path: Path, *, n_ctx: int, n_threads: int, lean: bool = False) -> None:
        """Loads the model; a `lean` one takes some 1.2 GB less at E2B's size, and a third more time for a token.

        Raises:
            ModelError: llama.cpp refuses the file, or the context does not fit into memory.
        """
        _complaints.clear()
        api.llama_log_set(_log, None)
        api.llama_backend_init()
        model_params = api.llama_model_default_params()
        model_params.lazy_mode = LAZY_ON
        model_params.n_gpu_layers = 0
        model_params.use_extra_bufts = not lean  # a copy of the weights, in the order in which they are read
        self._model = api.llama_model_load_from_file(str(path).encode(), model_params)
        if not self._model:
            raise ModelError(f"llama.cpp refuses {path.name}: {_complaint()}")
        self._vocab = api.llama_model_get_vocab(self._model)
        self.n_ctx = min(n_ctx, api.llama_model_n_ctx_train(self._model))
        self._context = api.llama_init_from_model(self._model, self._context_params(n_threads))
        if not self._context:
            raise ModelError(f"no context of {self.n_ctx} tokens for {path.name}: {_complaint()}")
        self._memory = api.llama_get_memory(self._context)
        self._batch = api.llama_batch_init(BATCH, 0, 1)
        self._sampler: Any = None
        self._greedy = api.llama_sampler_init_greedy()
        self.cached: list[int] = []
        self._n_fixed = 0  # of those, so many came from a file, which holds no more than the window of what is before

    def _context_params(self, n_threads: int) -> Any:
        params = api.llama_context_default_params()
        params.n_ctx = self.n_ctx
        params.n_batch = params.n_ubatch = BATCH
        params.n_threads = params.n_threads_batch = n_threads
        params.flash_attn_type = FLASH_ATTENTION_ON
        params.swa_full = True  # else rewinding is silently wrong beyond the window's slack
        params.no_perf = True
        # llama.cpp asks this callback between any two operations, from its own threads. A Python function would
        # wait for the GIL each time, so the C library's atoi is asked to read a flag of one digit instead.
        self._abort_flag = ctypes.create_string_buffer(b"0")
        self._abort_callback = ctypes.cast(ctypes.CDLL(None).atoi, api.ggml_abort_callback)
        params.abort_callback = self._abort_callback
        params.abort_callback_data = ctypes.cast(self._abort_flag, ctypes.c_void_p)
        return params

    def __enter__(self) -> "LanguageModel":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._sampler:
            api.llama_sampler_free(self._sampler)
        api.llama_sampler_free(self._greedy)
        api.llama_batch_free(self._batch)
        api.llama_free(self._context)
        api.llama_model_free(self._model)

    @property
    def chat_template(self) -> str:
        template = api.llama_model_chat_template(self._model, None)
        if not template:
            raise ModelError(NO_TEMPLATE)
        return str(template.decode())

    def text_of(self, token: int) -> str:
        """A token's text in the vocabulary; "" for none (-1), which is how a model without one answers."""
        return str(api.llama_vocab_get_text(self._vocab, token).decode()) if token >= 0 else ""

    @property
    def bos(self) -> str:
        return self.text_of(api.llama_vocab_bos(self._vocab))

    @property
    def eos(self) -> str:
        return self.text_of(api.llama_vocab_eos(self._vocab))

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Tokens of a text; with `special` the names of control tokens in it mean those tokens, else they are text."""
        tokens = self._tokenize(text, special)
        if special:
            return tokens
        return [part for token in tokens for part in (self._spell(token) if self._is_mark(token) else (token,))]

    def _spell(self, mark: int) -> list[int]:
        name = self.text_of(mark)
        return self._tokenize(name[:1], False) + self._tokenize(name[1:], False)

    def _is_mark(self, token: int) -> bool:
        """Whether the token is a control token all but in name: llama.cpp takes it for one in any text."""
        if not api.llama_vocab_get_attr(self._vocab, token) & api.LLAMA_TOKEN_ATTR_USER_DEFINED:
            return False
        name = self.text_of(token)
        return name.startswith("<") and name.endswith(">")

    def _tokenize(self, text: str, special: bool) -> list[int]:
        encoded = text.encode(errors="replace")  # a typed question may hold bytes that were no text
        room = len(encoded) + 8
        tokens = (api.llama_token * room)()
        n = api.llama_tokenize(self._vocab, encoded, len(encoded), tokens, room, False, special)
        return list(tokens[:n])

    def piece(self, token: int) -> bytes:
        """The text of a token, which need not be whole UTF-8; empty for control tokens."""
        if self._is_mark(token):
            return b""
        buffer = ctypes.create_string_buffer(256)
        n = api.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[:n] if n > 0 else b""

    def ends(self, token: int) -> bool:
        return bool(api.llama_vocab_is_eog(self._vocab, token))

    def sample_with(self, *, temperature: float, top_k: int, top_p: float, seed: int) -> None:
        """How `sample` chooses from now on; temperature 0 takes the likeliest token."""
        chain = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        if temperature > 0:
            api.llama_sampler_chain_add(chain, api.llama_sampler_init_top_k(top_k))
            api.llama_sampler_chain_add(chain, api.llama_sampler_init_top_p(top_p, 1))
            api.llama_sampler_chain_add(chain, api.llama_sampler_init_temp(temperature))
            api.llama_sampler_chain_add(chain, api.llama_sampler_init_dist(seed))
        else:
            api.llama_sampler_chain_add(chain, api.llama_sampler_init_greedy())
        if self._sampler:
            api.llama_sampler_free(self._sampler)
        self._sampler = chain

    def set_threads(self, *, decode: int, prefill: int) -> None:
        """How many threads evaluate a single token, and how many a batch."""
        api.llama_set_n_threads(self._context, decode, prefill)

    def evaluate(self, tokens: Sequence[int], progress: Callable[[], None] = lambda: None) -> int:
        """Makes the KV cache hold `tokens` and the last one's logits ready; how many had to be evaluated.

        Raises:
            AbortedError: `abort` was called.
            ModelError: llama.cpp could not evaluate them.
        """
        # The last is always evaluated: its logits are wanted.
        n_kept = self._rewind(min(self._n_common(tokens), len(tokens) - 1))
        self._decode_all(tokens[n_kept:], BATCH, progress, logits=True)
        return len(tokens) - n_kept

    def fill(self, tokens: Sequence[int], progress: Callable[[], None] = lambda: None, *, n_batch: int = BATCH) -> int:
        """Makes the KV cache begin with `tokens`, for an `evaluate` to come; how many had to be evaluated.

        Raises as `evaluate` does.
        """
        n_kept = self._n_common(tokens)
        if n_kept < len(tokens):
            n_kept = self._rewind(n_kept)
            self._decode_all(tokens[n_kept:], n_batch, progress, logits=False)
        return len(tokens) - n_kept

    def _n_common(self, tokens: Sequence[int]) -> int:
        pairs = enumerate(zip(self.cached, tokens, strict=False))
        return next((i for i, (a, b) in pairs if a != b), min(len(self.cached), len(tokens)))

    def _rewind(self, n_kept: int) -> int:
        """Forgets all but the first tokens; how many are kept: none where it cannot go back, as a recurrent model."""
        if n_kept < self._n_fixed or not api.llama_memory_seq_rm(self._memory, 0, n_kept, -1):
            api.llama_memory_clear(self._memory, False)
            n_kept = self._n_fixed = 0
        del self.cached[n_kept:]
        return n_kept

    def _decode_all(self, tokens: Sequence[int], n_batch: int, progress: Callable[[], None], *, logits: bool) -> None:
        for start in range(0, len(tokens), n_batch):
            batch = tokens[start : start + n_batch]
            self._decode(batch, logits=logits and start + n_batch >= len(tokens))
            progress()

    def _decode(self, tokens: Sequence[int], *, logits: bool) -> None:
        batch, n_before = self._batch, len(self.cached)
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = token, n_before + i, 1, 0
            batch.logits[i] = logits and i == len(tokens) - 1
        result = api.llama_decode(self._context, batch)
        if result == 0:
            self.cached += tokens
            return
        self._rewind(n_before)
        if result == 2:
            raise AbortedError
        raise ModelError(f"llama.cpp could not evaluate {len(tokens)} tokens after {n_before} (code {result})")

    def save(self, path: Path) -> None:
        """Writes what the KV cache holds to a file. Raises OSError."""
        tokens = (api.llama_token * len(self.cached))(*self.cached)
        if not api.llama_state_seq_save_file(self._context, os.fsencode(path), 0, tokens, len(tokens)):
            raise OSError(f"{path}: llama.cpp could not write it")

    def restore(self, path: Path, tokens: Sequence[int]) -> bool:
        """Makes the KV cache hold `tokens` as `save` left them in a file, which must be whole; False: it has others."""
        self._rewind(0)
        found, n_found = (api.llama_token * len(tokens))(), ctypes.c_size_t(0)
        arguments = self._context, os.fsencode(path), 0, found, len(tokens), ctypes.byref(n_found)
        if api.llama_state_seq_load_file(*arguments) and list(found[: n_found.value]) == list(tokens):
            self.cached = list(tokens)
            self._n_fixed = len(tokens)
            return True
        self._n_fixed = len(tokens)  # whatever came is cleared
        self._rewind(0)
        return False

    def sample(self, *, likeliest: bool = False) -> int:
        """Chooses the token that follows, at will the likeliest; it is not in the KV cache until it is evaluated."""
        return int(api.llama_sampler_sample(self._greedy if likeliest else self._sampler, self._context, -1))

    def append(self, token: int) -> None:
        """Evaluates one token after those in the cache. Raises as `evaluate` does."""
        self._decode([token], logits=True)

    def logits(self) -> list[float]:
        """The logits after the last evaluated token, one a token of the vocabulary."""
        return [float(value) for value in self._logits_array()]

    def _logits_array(self) -> npt.NDArray[np.float32]:
        n_tokens = api.llama_vocab_n_tokens(self._vocab)
        return np.ctypeslib.as_array(api.llama_get_logits_ith(self._context, -1), (n_tokens,)).astype(np.float32)

    def log_likelihood(self, tokens: Sequence[int]) -> float:
        """How likely it finds a text: the mean over its tokens, natural logarithm.

        It stands after the token that begins a text, without which Gemma finds nothing likely; where the model has
        none, the first token takes its place.
        """
        begin: list[int] = [api.llama_vocab_bos(self._vocab)] if api.llama_vocab_get_add_bos(self._vocab) else []
        first, *rest = [*begin, *tokens]
        self._rewind(0)
        self._decode([first], logits=True)
        total = 0.0
        for token in rest:
            logits = self._logits_array()
            top = logits.max()
            total += float(logits[token] - top - np.log(np.exp(logits - top).sum()))
            self._decode([token], logits=True)
        return total / len(rest)

    def abort(self) -> None:
        """Stops an evaluation that is under way, from any thread, and any that begins before `allow`."""
        self._abort_flag[0] = b"1"

    def allow(self) -> None:
        self._abort_flag[0] = b"0"
