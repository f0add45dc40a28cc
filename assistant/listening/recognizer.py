"""Speech to words, with Vosk: all that a model knows, or a few phrases of it. Runs on the listener's thread."""

import json
import socket
from collections.abc import Sequence
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


class VoskModel:
    """A Vosk model, loaded once; every recognizer made of it shares its memory."""

    def __init__(self, folder: Path) -> None:
        """Loads the model.

        Raises:
            ModelError: Vosk refuses the folder.
        """
        vosk.SetLogLevel(-1)
        self.folder = folder
        try:
            self._model = vosk.Model(str(folder))
        except Exception as error:  # Vosk raises nothing more definite
            raise ModelError(f"Vosk refuses the model in {folder}: {error}") from error

    def stream(self, grammar: Sequence[str] = ()) -> Any:
        """A `KaldiRecognizer` whose time begins at 0; with `grammar` it hears nothing but these phrases.

        Vosk estimates a bigram over the phrases, drops words that the model lacks, and makes this in a millisecond.
        A model with a static graph (HCLG.fst) knows no grammars and hears all words.
        """
        # Vosk does not decode \\u escapes.
        arguments = [json.dumps(list(grammar), ensure_ascii=False)] if grammar else []
        stream = vosk.KaldiRecognizer(self._model, RATE_HZ, *arguments)
        stream.SetWords(True)
        return stream


class VoskRecognizer:
    """One stream through a model.

    Vosk has an endpoint of its own that cannot be set; where it ends a segment, the words are kept and added to.
    """

    def __init__(self, model: VoskModel | Path) -> None:
        """Shares a model, or loads the one in a folder.

        Raises:
            ModelError: Vosk refuses the folder.
        """
        self._model = model if isinstance(model, VoskModel) else VoskModel(model)
        self.start()

    def start(self) -> None:
        """Forgets what was heard; times begin anew at 0."""
        # A new recognizer, since Reset keeps counting time from the first sound ever.
        self._recognizer = self._model.stream()
        self._words: list[Word] = []

    def hear(self, samples: Samples) -> None:
        if self._recognizer.AcceptWaveform(samples.tobytes()):
            self._words += _known(_words(self._recognizer.Result()))

    def partial(self) -> list[str]:
        """The words so far; the last ones may still change."""
        return [word.text for word in self._words] + _partial(self._recognizer)

    def settle(self) -> list[Word]:
        """All words since `start`, certain at once as after `finish`; more may be heard, as from a new beginning."""
        self._words += _known(_words(self._recognizer.FinalResult()))
        return list(self._words)

    def finish(self) -> list[Word]:
        """All words since `start`; nothing can be heard after this but after another `start`."""
        return self._words + _known(_words(self._recognizer.FinalResult()))


class Spotter:
    """One stream through a model that knows but a few phrases, everything else is `UNKNOWN`."""

    def __init__(self, model: VoskModel, phrases: Sequence[str]) -> None:
        self._model = model
        self._grammar = [*phrases, UNKNOWN]
        self.start()

    def start(self) -> None:
        """Forgets what was heard."""
        self._recognizer = self._model.stream(self._grammar)

    def hear(self, samples: Samples) -> list[str]:
        """The known words since `start` or Vosk's last endpoint; the last ones may still change.

        They come in steps of about 0.25 s (the network computes so many frames at once) and 0.15 s late.
        """
        if self._recognizer.AcceptWaveform(samples.tobytes()):
            return [word.text for word in _known(_words(self._recognizer.Result()))]
        return _partial(self._recognizer)

    def words(self, samples: Samples) -> list[Word]:
        """What these samples say, apart from all others, `UNKNOWN` included; times in seconds from their begin."""
        stream = self._model.stream(self._grammar)
        # Where Vosk ends a segment by itself, its words come with this call.
        first = _words(stream.Result()) if stream.AcceptWaveform(samples.tobytes()) else []
        return first + _words(stream.FinalResult())


def _partial(stream: Any) -> list[str]:
    # Between its segments Vosk gives an empty result without that key.
    unsure: list[str] = json.loads(stream.PartialResult()).get("partial", "").split()
    return [word for word in unsure if word != UNKNOWN]


def _words(result: str) -> list[Word]:
    return [
        Word(word["word"], word["start"], word["end"], word["conf"]) for word in json.loads(result).get("result", [])
    ]


def _known(words: list[Word]) -> list[Word]:
    return [word for word in words if word.text != UNKNOWN]
