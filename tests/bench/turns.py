"""Turns as `live` and `naive` tell of them, made up."""

from typing import Any

SPEECH_END_S = 100.0


def our_turn(first_sound_s: float | None = 0.9, endpoint_s: float = 0.7, **changed: Any) -> dict[str, Any]:
    """Its times are seconds from the end of speech, which is at `SPEECH_END_S`; 40 tokens at 20 a second."""
    end_s = SPEECH_END_S
    return {
        "speech_end_s": end_s,
        "endpoint_s": end_s + endpoint_s,
        "first_token_s": end_s + 0.5,
        "first_sound_s": None if first_sound_s is None else end_s + first_sound_s,
        "n_generated": 40,
        "tokens_per_s": 20.0,
        "ahead": True,
        "n_tokens_dropped": 0,
        "partials": [end_s - 2.0],
        "sentences": [[end_s + 0.6, "It is"], [end_s + 0.9, "two o'clock now"]],
        "sayings": [[end_s + 1.0, 0.5], [end_s + 1.5, 1.0]],
        "silent_s": None,
        "idle_s": None,
        "busy": {
            "listener": [[end_s - 1.0, end_s - 0.9]],
            "model": [[end_s + 0.2, end_s + 1.0]],
            "talker": [[end_s + 0.7, end_s + 0.8]],
        },
    } | changed


def naive_turn(first_audio_s: float = 2.7) -> dict[str, Any]:
    """Its times are seconds from the end of speech."""
    return {
        "endpoint_s": 0.7,
        "transcript_s": 0.8,
        "first_token_s": 1.5,
        "first_sentence_s": 2.0,
        "first_audio_s": first_audio_s,
    }
