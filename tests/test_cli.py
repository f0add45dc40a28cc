"""The commands as a person types them; those that need engines have tests of their own."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import assistant as package
from assistant.audio.chunk import RATE_HZ
from assistant.audio.recording import read_sound

Run = Callable[..., "subprocess.CompletedProcess[str]"]
COMMANDS = ("run", "ask", "say", "listen", "check", "devices", "models", "bench")


def test_the_version_is_the_packages(assistant: Run) -> None:
    assert assistant("--version").stdout == f"assistant {package.__version__}\n"


def test_help_names_every_command(assistant: Run) -> None:
    text = assistant("--help").stdout
    assert [command for command in COMMANDS if f" {command} " not in text] == []


@pytest.mark.parametrize("arguments", [["--version"], ["check"], ["--help"]])
def test_a_command_without_engines_imports_none(arguments: list[str]) -> None:
    """They start in 0.3 s because nothing heavy is imported, which can be told without a clock."""
    heavy = ("numpy", "vosk", "onnxruntime", "piper", "llama_cpp", "sounddevice", "huggingface_hub", "rich")
    code = f"""
import sys
from assistant.cli import main
sys.argv = ["assistant", *{arguments!r}]
try:
    main()
except SystemExit:
    pass
print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    wanted = ["rich"] if arguments == ["--help"] else []
    assert done.stderr.splitlines()[-1] == str(wanted)


def test_good_settings_are_ok(assistant: Run) -> None:
    done = assistant("check")
    assert (done.stdout, done.returncode) == ("OK\n", 0)


def test_check_lists_every_fault_and_fails(assistant: Run, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("llm:\n  n_ctxx: 4096\n  top_k: 0\n")
    done = assistant("check", path)
    assert done.returncode == 1
    assert done.stdout == (
        f"{path}:2: llm.n_ctxx is not a setting; did you mean n_ctx?\n{path}:3: llm.top_k is 0, must be 1 to 1000\n"
    )


@pytest.mark.parametrize("command", [["run"], ["ask", "Why?"], ["say", "Hello."], ["listen"], ["models", "list"]])
def test_bad_settings_stop_every_command_with_one_line_a_fault(
    assistant: Run, tmp_path: Path, command: list[str]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("wake:\n  engine: mikro\n")
    done = assistant(*command, config=path)
    assert done.returncode == 78  # EX_CONFIG, on which systemd is told not to start it again
    assert done.stderr == f'assistant: {path}:2: wake.engine is "mikro", must be micro or open; did you mean micro?\n'


def test_an_unknown_command_is_refused(assistant: Run) -> None:
    done = assistant("sing")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_models_are_listed_for_people_and_for_programs(assistant: Run) -> None:
    text = assistant("models", "list").stdout
    models = json.loads(assistant("models", "list", "--json").stdout)
    assert {"smollm2-135m", "gemma-4-e2b", "gemma-4-e4b", "vosk-small-en-us"} <= {model["name"] for model in models}
    assert [model["name"] for model in models if model["name"] not in text] == []
    installed = {model["name"] for model in models if model["installed"]}
    assert {"smollm2-135m", "en_US-joe-medium", "vosk-en-synthetic"} <= installed


def test_what_is_installed_can_be_verified(assistant: Run) -> None:
    done = assistant("models", "verify")
    assert done.returncode == 0
    assert "smollm2-135m: OK" in done.stdout


def test_a_damaged_model_fails_verification_by_name(assistant: Run, tmp_path: Path) -> None:
    (tmp_path / "models" / "llm").mkdir(parents=True)
    (tmp_path / "models" / "llm" / "smollm2-135m.gguf").write_bytes(b"GGUF" + bytes(100))
    config = tmp_path / "config.yaml"
    config.write_text(f"models: {{folder: {tmp_path / 'models'}}}\n")
    done = assistant("models", "verify", config=config)
    assert done.returncode == 1
    assert "assistant: models: smollm2-135m" in done.stderr


def test_a_model_that_is_there_need_not_be_fetched(assistant: Run) -> None:
    done = assistant("models", "get", "starter")
    assert done.returncode == 0
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [
        "smollm2-135m",
        "vosk-en-synthetic",
        "en_US-joe-medium",
    ]


def test_an_unknown_model_is_refused_with_the_nearest(assistant: Run) -> None:
    done = assistant("models", "get", "gemma-4-e2")
    assert done.returncode == 1
    assert "did you mean gemma-4-e2b?" in done.stderr


def test_a_model_is_chosen_by_name_if_it_is_whole_and_fits(assistant: Run, config_file: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(config_file.read_text() + "# mine\n")
    done = assistant("models", "use", "smollm2-135m", config=config)
    assert done.stdout.startswith("llm.model: smollm2-135m; "), done.stderr
    assert "# mine" in config.read_text()
    assert assistant("config", "get", "llm.model", config=config).stdout == "smollm2-135m\n"
    before = config.read_text()
    for name in ("gemma-4-e2b", "no-such-model"):
        assert assistant("models", "use", name, config=config).returncode == 1
    assert config.read_text() == before
    refused = assistant("models", "remove", "smollm2-135m", config=config)
    assert (refused.returncode, "what the settings name" in refused.stderr) == (1, True)


def test_a_model_is_removed_with_all_its_files(assistant: Run, models_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(models_folder, tmp_path / "models")
    config = tmp_path / "config.yaml"
    config.write_text(f"models: {{folder: {tmp_path / 'models'}}}\n")
    (voice,) = (tmp_path / "models").rglob("*.onnx")
    name = next(
        one["name"]
        for one in json.loads(assistant("models", "list", "--json", config=config).stdout)
        if one["installed"] and one["purpose"] == "voice"
    )
    done = assistant("models", "remove", name, config=config)
    assert re.search(r"is removed; \d+ MB are free again", done.stdout), done.stderr
    assert not list(voice.parent.glob(f"{voice.stem}*"))
    assert assistant("models", "remove", name, config=config).returncode == 1
    assert assistant("models", "remove", "vosk-en-synthetic", config=config).returncode == 1


def test_a_model_shows_what_it_can(assistant: Run, tmp_path: Path) -> None:
    done = assistant("models", "try", "smollm2-135m")
    assert done.stdout.splitlines()[-1].startswith("(smollm2-135m, "), done.stderr
    done = assistant("models", "try", "vosk-en-synthetic")
    assert 'recognizer: understands "what time is it"' in done.stdout
    installed = json.loads(assistant("models", "list", "--json").stdout)
    voice = next(one["name"] for one in installed if one["installed"] and one["purpose"] == "voice")
    assert assistant("models", "try", voice, "--out", tmp_path / "voice.wav").returncode == 0
    assert len(read_sound(tmp_path / "voice.wav")) > 2 * RATE_HZ


def test_without_a_sound_device_it_says_so(assistant: Run) -> None:
    done = assistant("devices", env=os.environ | {"PULSE_SERVER": "unix:/nowhere"})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "assistant: there is no sound device: is one plugged in?"
