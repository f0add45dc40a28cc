"""Speech to words as they are spoken, with Vosk. Runs on the listener's thread."""

import json
import socket
from pathlib import Path
from typing import Any

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.errors import ModelError
from assistant.listening.transcript import Word

# vosk imports requests, whose urllib3 opens a network socket to find out about IPv6 unless Python has none.
has_ipv6, socket.has_ipv6 = socket.has_ipv6, False
import vosk  # noqa: E402

socket.has_ipv6 = has_ipv6

UNKNOWN = "[unk]"


class VoskRecognizer:
    """A Vosk model and one stream through it.

    Vosk has an endpoint of its own that cannot be set; where it ends a segment, the words are kept and added to.
    """

    def __init__(self, folder: Path) -> None:
        """Loads the model.

        Raises:
            ModelError: Vosk refuses the folder.
        """
        vosk.SetLogLevel(-1)
        try:
            self._model = vosk.Model(str(folder))
        except Exception as error:  # Vosk raises nothing more definite
            raise ModelError(f"Vosk refuses the model in {folder}: {error}") from error
        self._recognizer = vosk.KaldiRecognizer(self._model, RATE_HZ)
        self._recognizer.SetWords(True)
        self._words: list[Word] = []

    def start(self) -> None:
        """Forgets what was heard; times begin anew at 0."""
        # A new recognizer, since Reset keeps counting time from the first sound ever.
        self._recognizer = vosk.KaldiRecognizer(self._model, RATE_HZ)
        self._recognizer.SetWords(True)
        self._words = []

    def hear(self, samples: Samples) -> None:
        if self._recognizer.AcceptWaveform(samples.tobytes()):
            self._words += _words(json.loads(self._recognizer.Result()))

    def partial(self) -> list[str]:
        """The words so far; the last ones may still change."""
        # Between its segments Vosk gives an empty result without that key.
        unsure = json.loads(self._recognizer.PartialResult()).get("partial", "").split()
        return [word.text for word in self._words] + [word for word in unsure if word != UNKNOWN]

    def finish(self) -> list[Word]:
        """All words since `start`; nothing can be heard after this but after another `start`."""
        return self._words + _words(json.loads(self._recognizer.FinalResult()))


def _words(result: dict[str, Any]) -> list[Word]:
    return [
        Word(word["word"], word["start"], word["end"], word["conf"])
        for word in result.get("result", [])
        if word["word"] != UNKNOWN
    ]
