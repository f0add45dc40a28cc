"""What is said and replied in a soak: recordings by the starter voice, and a tiny model that says what it is told."""

import hashlib
import os
import re
from pathlib import Path

import numpy as np
import onnxruntime

from assistant.audio.chunk import Samples
from assistant.audio.recording import read_sound, write_sound
from assistant.bench import gemma4, gemma4_shapes
from assistant.models import ModelFolder, expand
from assistant.models.downloads import fetch
from assistant.speaking.voice import Piper

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assistant"
PAUSE_S = 0.3  # before and after what is said
REPLIES = (
    "Yes.",
    "It is far away, and it is rather cold.",
    "It is made of stone. Nobody lives there, since there is no air.",
    "There are two of them. One is near, the other one is far. Which of them do you mean?",
    "The capital of France is Paris, and about two million people live there. It lies on the river Seine.",
    "First, the light of the sun meets the air. Blue is scattered more than red, so the sky is blue. In the evening "
    "its way is longer, and mostly red is left. That is all there is to say about it.",
)


def starter() -> ModelFolder:
    """The folder with the starter models, which are kept between runs."""
    folder = ModelFolder(CACHE / "models")
    for model in expand("starter", 0):
        fetch(model, folder)
    return folder


def tiny_model() -> Path:
    """A model of the gemma4 architecture that loads in no time; kept between runs, as writing it takes long."""
    vocabulary = gemma4.find_vocabulary()
    written_by = gemma4.__file__, gemma4_shapes.__file__, str(vocabulary)
    recipe = hashlib.sha256(b"".join(Path(path).read_bytes() for path in written_by)).hexdigest()
    path = CACHE / "tests" / f"tiny-gemma4-{recipe[:16]}.gguf"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        gemma4.write_model(gemma4_shapes.TINY, path, vocabulary)
    return path


class Recordings:
    """Sentences as one says them into the microphone; kept between runs."""

    def __init__(self, voice: Path) -> None:
        self._voice = voice
        self._samples: dict[str, Samples] = {}

    def of(self, text: str) -> Samples:
        """Int16 `(n,)` at `RATE_HZ`."""
        if text not in self._samples:
            self._samples[text] = read_sound(self._file_of(text))
        return self._samples[text]

    def _file_of(self, text: str) -> Path:
        folder = CACHE / "tests" / "speech"
        path = folder / f"{re.sub(r'[^a-z]+', '-', text.lower())}1.0-{PAUSE_S}-{PAUSE_S}.wav"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            onnxruntime.set_seed(1)  # Piper draws noise: so a sentence sounds the same in every run
            voice = Piper(self._voice, 1.0)
            silence = np.zeros(round(PAUSE_S * voice.rate_hz), np.int16)
            write_sound(path, np.concatenate([silence, voice.synthesize(text), silence]), voice.rate_hz)
        return path
