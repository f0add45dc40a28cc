"""Says texts by Piper, espeak-ng and flite, the same way each time. Bench commands only, on the calling thread.

Speakers have names: "joe" for the Piper voice, else the program and its voice, as "espeak-ng en-us+m3" or "flite slt".
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.audio.recording import read_sound, write_sound
from assistant.bench.clips import silence, speech_bounds_s, to_level
from assistant.errors import AssistantError
from assistant.speaking.voice import Piper

JOE = "joe"
ESPEAK = "espeak-ng"
FLITE = "flite"
ESPEAK_WORDS_PER_MINUTE = 155  # at rate 1
PADDING_S = 0.1  # of silence before and after the speech
SEED = 1
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Line:
    """A text for a speaker; `ending` is the punctuation that shapes the melody of the last words."""

    text: str
    speaker: str
    rate: float = 1.0
    ending: str = "."

    @property
    def spoken(self) -> str:
        """The text as a synthesizer likes it."""
        return self.text if self.text[-1] in ".?!" else f"{self.text[0].upper()}{self.text[1:]}{self.ending}"


class Speakers:
    """All who speak in the bench."""

    def __init__(self, voice: Path, flite: Sequence[Path] = ()) -> None:
        """`voice` is the model of joe; `flite` the folders its packages lie in, if they are not installed."""
        self._voice = voice
        self._flite = flite

    def say_all(self, lines: Sequence[Line]) -> list[Samples]:
        """Each line as int16 `(n,)` at `RATE_HZ`, at the nominal level, with `PADDING_S` of silence around it.

        Piper draws noise; it is seeded for the whole of the lines, so a line sounds the same only among the same lines.

        Raises:
            AssistantError: a program is missing or fails.
        """
        said: dict[int, Samples] = {}
        # By rate, as each needs the voice loaded anew.
        order = sorted(range(len(lines)), key=lambda number: (lines[number].speaker, lines[number].rate))
        piper: tuple[float, Piper] | None = None
        with tempfile.TemporaryDirectory(prefix="assistant-bench-") as folder:
            path = Path(folder, "speech.wav")
            for number in order:
                line = lines[number]
                if line.speaker == JOE:
                    if piper is None or piper[0] != line.rate:
                        onnxruntime.set_seed(SEED)
                        piper = line.rate, Piper(self._voice, line.rate)
                    write_sound(path, piper[1].synthesize(line.spoken), piper[1].rate_hz)
                else:
                    self._run(line, path)
                said[number] = trimmed(read_sound(path))
        return [said[number] for number in range(len(lines))]

    def _run(self, line: Line, path: Path) -> None:
        program, voice = line.speaker.split(" ", 1)
        environment = dict(os.environ)
        if program == ESPEAK:
            words_per_minute = str(round(ESPEAK_WORDS_PER_MINUTE * line.rate))
            command = [ESPEAK, "-v", voice, "-s", words_per_minute, "-w", str(path), line.spoken]
        else:
            stretch = f"duration_stretch={1 / line.rate:.3f}"
            command = [FLITE, "-voice", voice, "--setf", stretch, "-t", line.spoken, "-o", str(path)]
            if not shutil.which(FLITE):
                command[0] = next((str(found) for root in self._flite for found in root.glob("usr/bin/flite")), FLITE)
                libraries = [str(found) for root in self._flite for found in root.glob("usr/lib/*-linux-gnu*")]
                environment["LD_LIBRARY_PATH"] = ":".join(libraries)
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S, env=environment)
        except FileNotFoundError as error:
            raise AssistantError(f"bench: {program} is not installed; run: apt install {program}") from error
        except (OSError, subprocess.SubprocessError) as error:
            raise AssistantError(f"bench: {program} could not speak as {voice} ({error})") from error


def trimmed(samples: Samples) -> Samples:
    """The speech at the nominal level, with `PADDING_S` around it."""
    begin_s, end_s = speech_bounds_s(samples)
    speech = samples[round(begin_s * RATE_HZ) : round(end_s * RATE_HZ)]
    return to_level(np.concatenate([silence(PADDING_S), speech, silence(PADDING_S)]))
