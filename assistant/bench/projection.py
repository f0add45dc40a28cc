"""How fast Gemma 4 E2B ought to be on a Raspberry Pi: a projection, since nothing was measured on one. Pure.

Decoding is bound by memory, so it scales with the bytes a second that a board reads; reading a prompt is bound by
arithmetic, so it scales with the board's published rate, and with how much less arithmetic is done here than there.
All assumptions go with the figures, as text.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# Of E2B. 15 of its 35 layers write to the KV cache; rows that nobody reads stop there, the others go on to the last.
DECODED_BYTES = 1.407e9  # read a token: all but the table of per-layer embeddings
ROW_MULTIPLY_ADDS = 1.877e9  # in the matrices of all layers
UNREAD_ROW_MULTIPLY_ADDS = 0.578e9  # in those of the layers that write to the cache
HEAD_MULTIPLY_ADDS = 0.403e9  # 262,144 tokens by 1,536; for the last row alone
SHORT_PROMPT_TOKENS = 64  # up to here the gain that was measured with 24 tokens counts, beyond it that with 256

MOST_PUBLISHED_FRACTION = 0.85  # of its bandwidth, that decoding on a Pi 5 was seen to reach
MIDDLE_PUBLISHED_FRACTION = 0.80

Range = tuple[float, float]  # the lower and the upper end


@dataclass(frozen=True, slots=True)
class Board:
    """What is published, or assumed, of a board."""

    key: str
    read_bytes_per_s: Range
    prefill_tokens_per_s: Range  # of llama.cpp as it is, which takes every row through every layer
    voice_rtf: Range  # Piper, a medium voice, one thread: computing over playing time
    published_decode_tokens_per_s: Range
    at_most_published: bool  # whether it is not projected to decode faster than that
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on this machine and carries over, being ratios."""

    bandwidth_fraction: float
    prefill_speedup_24: float
    prefill_speedup_256: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question within a conversation, and the first clause of its answer."""

    silence_s: float = 0.7  # until the endpoint, after a question
    n_prompt_tokens: int = 24  # not yet read at the endpoint
    n_clause_tokens: int = 9
    clause_s: float = 1.8  # while it is spoken


PI_5 = Board(
    key="pi_5",
    read_bytes_per_s=(11.6e9, 13.2e9),
    prefill_tokens_per_s=(28.0, 32.0),
    voice_rtf=(0.25, 0.30),
    published_decode_tokens_per_s=(6.0, 6.8),
    at_most_published=False,
    assumptions=(
        "Pi 5: memory is read at 11.6 GB/s by four threads and at 13.2 GB/s by two (published); the upper end of "
        "decoding assumes that two threads can compute as fast as they read",
        "Pi 5: llama.cpp without the change reads prompts at 28 to 32 tokens/s, and decodes 6.0 to 6.8 "
        "(published for E2B in Q4_K_M; Q4_0 is taken to be as fast)",
        "Pi 5: a medium Piper voice computes 0.25 to 0.30 s a second of speech with one thread (assumed; published is "
        "0.77 for the Pi 4)",
    ),
)
_PI_4_READ_BYTES_PER_S = 1.7 * DECODED_BYTES / MIDDLE_PUBLISHED_FRACTION
PI_4 = Board(
    key="pi_4",
    read_bytes_per_s=(_PI_4_READ_BYTES_PER_S, _PI_4_READ_BYTES_PER_S),
    prefill_tokens_per_s=(4.1, 4.1),
    voice_rtf=(0.77, 0.77),
    published_decode_tokens_per_s=(1.7, 1.7),
    at_most_published=True,
    assumptions=(
        "Pi 4: its published 1.7 tokens/s are taken for 80 % of what its memory gives, as on the Pi 5, hence "
        "3.0 GB/s; it may as well be bound by arithmetic, its cores having no dot product, so that it is not "
        "projected to decode faster than published",
        "Pi 4: prompts are read at 4.1 tokens/s without the change (published; of which program and file, this and the "
        "1.7 do not say)",
        "Pi 4: a medium Piper voice computes 0.77 s a second of speech with one thread (published)",
    ),
)


def project(measured: Measured, asked: Asked | None = None) -> dict[str, object]:
    """What to expect on the boards, each figure as [low, high], with all that is assumed; fit for JSON."""
    asked = asked or Asked()
    boards = {f"projection_{board.key}": _on(board, measured, asked) for board in (PI_5, PI_4)}
    return {**boards, "projection_assumptions": [*_general(measured, asked), *PI_5.assumptions, *PI_4.assumptions]}


def largest_speedup(n_tokens: int) -> float:
    """What arithmetic allows a prompt to gain when all its rows but the last stop after the layers that write KV."""
    last = ROW_MULTIPLY_ADDS + HEAD_MULTIPLY_ADDS
    whole = (n_tokens - 1) * ROW_MULTIPLY_ADDS + last
    return whole / ((n_tokens - 1) * UNREAD_ROW_MULTIPLY_ADDS + last)


def _on(board: Board, measured: Measured, asked: Asked) -> Mapping[str, object]:
    fraction = min(measured.bandwidth_fraction, MOST_PUBLISHED_FRACTION)
    decode = [fraction * read / DECODED_BYTES for read in board.read_bytes_per_s]
    if board.at_most_published:
        decode = [min(pair) for pair in zip(decode, board.published_decode_tokens_per_s, strict=True)]
    speedup = _speedup(measured, asked.n_prompt_tokens)
    long_speedup = _speedup(measured, 256)
    short = [rate * speedup for rate in board.prefill_tokens_per_s]
    best, worst = (
        asked.silence_s
        + asked.n_prompt_tokens / short[end]
        + asked.n_clause_tokens / decode[end]
        + asked.clause_s * board.voice_rtf[1 - end]
        for end in (1, 0)
    )
    return {
        "projection_decode_tokens_per_s": _rounded(decode),
        "projection_prefill_tokens_per_s": _rounded(short),
        "projection_prefill_256_tokens_per_s": _rounded([rate * long_speedup for rate in board.prefill_tokens_per_s]),
        "projection_first_audio_s": _rounded([best, worst]),
        "published_decode_tokens_per_s": list(board.published_decode_tokens_per_s),
        "published_prefill_tokens_per_s": list(board.prefill_tokens_per_s),
    }


def _speedup(measured: Measured, n_tokens: int) -> float:
    short = n_tokens <= SHORT_PROMPT_TOKENS
    return min(measured.prefill_speedup_24 if short else measured.prefill_speedup_256, largest_speedup(n_tokens))


def _rounded(ends: list[float]) -> list[float]:
    return [round(end, 1) for end in ends]


def _general(measured: Measured, asked: Asked) -> tuple[str, ...]:
    return (
        "nothing here was measured on a Raspberry Pi",
        f"decoding reads {DECODED_BYTES / 1e9:.3f} GB a token (E2B, Q4_0, all but the table of per-layer embeddings) "
        f"and reaches the same part of a board's bandwidth as measured here, {measured.bandwidth_fraction:.2f}, but no "
        f"more than the {MOST_PUBLISHED_FRACTION:.2f} that were seen on a Pi 5",
        f"prompts are read faster than published by what was gained here, {measured.prefill_speedup_24:.1f} times "
        f"(24 tokens) and {measured.prefill_speedup_256:.1f} times (256), but no more than by the multiply-adds that "
        f"are saved ({largest_speedup(24):.2f} and {largest_speedup(256):.2f} times); published rates, taken for those "
        "of long prompts, are assumed to hold for short ones too",
        f"to the first sound: {asked.silence_s:g} s of silence until the endpoint, {asked.n_prompt_tokens} tokens of "
        f"the prompt still to be read, a first clause of {asked.n_clause_tokens} tokens, and its {asked.clause_s:g} s "
        "of sound synthesized at one go; nothing overlaps, nothing is thought ahead in the silence, and the sound card "
        "takes no time",
        "the board is cooled and does no other work, and the conversation is short: deep in the context, decoding "
        "is slower",
    )
