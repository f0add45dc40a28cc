"""The commands as a person types them; those that need engines have tests of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import assistant as package

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


def test_without_a_sound_device_it_says_so(assistant: Run) -> None:
    done = assistant("devices", env=os.environ | {"PULSE_SERVER": "unix:/nowhere"})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "assistant: there is no sound device: is one plugged in?"
