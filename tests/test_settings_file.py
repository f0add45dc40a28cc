import re
import time
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies

from assistant import settings_file
from assistant.config import Audio, Llm, OwnerCommand, Settings, Wake
from assistant.doing.owner_check import clashes, faults_of
from assistant.errors import ConfigError
from assistant.settings_file import default_path, load

TEMPLATE = Path(__file__).parent.parent / "config.yaml"
CONFIG = Path("config.yaml")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSISTANT_CONFIG", raising=False)
    monkeypatch.setattr(settings_file, "SYSTEM_FILE", tmp_path / "system" / "config.yaml")


def loaded(text: str) -> Settings:
    CONFIG.write_text(text, "utf-8")
    return load(CONFIG)


def faults_in(content: str | bytes) -> tuple[str, ...]:
    CONFIG.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        load(CONFIG)
    assert all(len(fault.splitlines()) == 1 for fault in caught.value.faults)
    return caught.value.faults


def fault_in(content: str | bytes) -> str:
    (fault,) = faults_in(content)
    return fault


def beside(name: str, text: str) -> None:
    Path("config.d").mkdir(exist_ok=True)
    (Path("config.d") / name).write_text(text)


def test_the_template_holds_the_defaults() -> None:
    assert load(TEMPLATE) == Settings()


def test_the_template_explains_every_setting_in_the_order_of_the_sections() -> None:
    explained = re.findall(r"((?:^ *# .*\n)+)^ *(\w+):", TEMPLATE.read_text("utf-8"), re.MULTILINE)
    comments = iter(explained)
    for top in fields(Settings):
        section = top.default if is_dataclass(top.default) else None
        if section:
            comment, name = next(comments)
            assert name == top.name
            assert str(type(section).__doc__) in comment
        for field in fields(section) if section else (top,):
            comment, name = next(comments)
            assert name == field.name
            assert field.metadata["doc"] in comment
            assert ", ".join(field.metadata["choices"]) in comment
            if field.metadata["low"] is not None:
                assert f"{field.metadata['low']:g} to {field.metadata['high']:g}" in comment
    assert not list(comments)


def test_the_template_loads_at_once() -> None:
    def load_time_s() -> float:
        started_s = time.perf_counter()
        load(TEMPLATE)
        return time.perf_counter() - started_s

    assert min(load_time_s() for _ in range(5)) < 0.05


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "\ufeff", "llm:\n  # n_ctx: 512\nvoice: {}\n"])
def test_a_file_that_says_nothing_leaves_the_defaults(text: str) -> None:
    assert loaded(text) == Settings()


def test_a_file_overrides_single_settings() -> None:
    assert loaded("llm:\n  n_ctx: 512\n") == Settings(llm=Llm(n_ctx=512))


def test_files_in_config_d_override_single_settings_by_name() -> None:
    beside("20-more.yaml", "llm: {top_k: 2}\n")
    beside("10-some.yaml", "llm: {top_k: 1, top_p: 0.5}\n")
    beside(".10-some.yaml.swp.yaml", "not: ours\n")
    beside("notes.txt", "not: ours\n")
    assert loaded("llm: {top_k: 9, n_ctx: 512}\nwake: {engine: open}\n") == Settings(
        llm=Llm(n_ctx=512, top_k=2, top_p=0.5), wake=Wake(engine="open")
    )


def test_every_fault_of_every_file_is_told_at_once() -> None:
    beside("10.yaml", "log: {level: trace}\n")
    beside("20.yaml", "log: {level: info\n")
    assert faults_in("llm:\n  n_ctx: 12\n  top_k: many\n") == (
        "config.yaml:2: llm.n_ctx is 12, must be 512 to 131072",
        'config.yaml:3: llm.top_k is "many", must be a whole number from 1 to 1000',
        'config.d/10.yaml:1: log.level is "trace", must be debug or info or warning or error',
        "config.d/20.yaml:1: a bracket is opened and not closed, or a comma is missing; add it",
    )


def test_a_file_that_cannot_be_read_is_one_fault() -> None:
    with pytest.raises(ConfigError, match=r"^nowhere\.yaml cannot be read: no such file or directory$"):
        load(Path("nowhere.yaml"))
    Path("folder.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"^folder\.yaml cannot be read: is a directory$"):
        load(Path("folder.yaml"))


@pytest.mark.usefixtures("unprivileged")
@pytest.mark.parametrize("name", ["config.yaml", "config.d"])
def test_a_file_or_folder_that_may_not_be_read_is_one_fault(name: str) -> None:
    CONFIG.touch()
    Path("config.d").mkdir()
    Path(name).chmod(0)
    with pytest.raises(ConfigError, match=f"^{name} cannot be read: permission denied$"):
        load(CONFIG)


def test_a_file_that_is_no_text_is_one_fault() -> None:
    assert fault_in(b"# 1\n# caf\xe9\n") == "config.yaml:2: byte 0xe9 is not UTF-8; save it as UTF-8"
    assert fault_in("log: {}\n".encode("utf-16")).startswith("config.yaml:1: byte 0xff is not UTF-8")
    assert fault_in("# 1\n\0") == "config.yaml:2: character 0x00 is not text; remove it"
    assert fault_in("#" * (1 << 20) + "\n") == "config.yaml is larger than 1 MiB; is it a settings file?"


def test_the_default_is_the_named_file_else_the_system_s_else_the_checkout_s(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_path() == TEMPLATE
    settings_file.SYSTEM_FILE.parent.mkdir()
    settings_file.SYSTEM_FILE.write_text("llm: {n_ctx: 512}\n")
    assert default_path() == settings_file.SYSTEM_FILE
    assert load().llm.n_ctx == 512
    monkeypatch.setenv("ASSISTANT_CONFIG", "mine.yaml")
    assert default_path() == Path("mine.yaml")


def test_an_unknown_key_names_its_line_and_the_nearest_setting() -> None:
    assert fault_in("llm:\n  n_ctxx: 1\n") == "config.yaml:2: llm.n_ctxx is not a setting; did you mean n_ctx?"
    assert fault_in("lm: {}\n") == "config.yaml:1: lm is not a setting; did you mean llm?"


def test_a_setting_in_the_wrong_place_is_told_the_right_one() -> None:
    assert fault_in("n_ctx: 512\n") == "config.yaml:1: n_ctx is not a setting; did you mean llm.n_ctx?"
    assert fault_in("audio: {no_speech_s: 1}\n").endswith("did you mean endpoint.no_speech_s?")
    assert fault_in("audio: {n_ctxx: 1}\n").endswith("did you mean llm.n_ctx?")
    assert fault_in("model: x\n").endswith("did you mean recognizer.model or llm.model or voice.model?")
    assert fault_in("llm.n_ctx: 512\n").endswith("write n_ctx in a line of its own below llm:")


def test_a_key_like_no_other_gets_no_advice() -> None:
    assert fault_in("qwxz: 1\n") == "config.yaml:1: qwxz is not a setting"


@pytest.mark.parametrize(
    ("key", "name"),
    [("5", "5"), ("true", "true"), ('""', '""'), ("null", "null"), ("? [a]\n", "a list"), ('"a\\n"', r"a\n")],
)
def test_a_key_of_another_kind_is_not_a_setting(key: str, name: str) -> None:
    assert fault_in(f"{key}: 1\n").split(": ", 1)[1] == f"{name} is not a setting"


def test_a_key_given_twice_names_both_lines() -> None:
    fault = "config.yaml:3: llm.n_ctx is given twice, first in line 2; keep one"
    assert fault_in("llm:\n  n_ctx: 512\n  n_ctx: 513\n") == fault
    assert fault_in("log: {}\nlog: {}\n") == "config.yaml:2: log is given twice, first in line 1; keep one"


def test_a_section_is_lines_of_settings() -> None:
    assert fault_in("llm: 5\n") == "config.yaml:1: llm is 5, must be lines of `name: value`"
    assert fault_in("llm:\n- n_ctx\n") == "config.yaml:2: llm is a list, must be lines of `name: value`"
    assert fault_in("hello\n") == 'config.yaml:1: the file is "hello", must be lines of `name: value`'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("llm: {n_ctx: 12}", "llm.n_ctx is 12, must be 512 to 131072"),
        ("llm: {n_ctx: -4096}", "llm.n_ctx is -4096, must be 512 to 131072"),
        ("llm: {n_ctx: many}", 'llm.n_ctx is "many", must be a whole number from 512 to 131072'),
        ('llm: {n_ctx: "512"}', 'llm.n_ctx is "512", must be a whole number from 512 to 131072'),
        ("llm: {n_ctx: true}", "llm.n_ctx is true, must be a whole number from 512 to 131072"),
        ("llm: {n_ctx: 4096.0}", "llm.n_ctx is 4096.0, must be a whole number from 512 to 131072"),
        ("llm: {n_ctx: 4_096}", 'llm.n_ctx is "4_096", must be a whole number from 512 to 131072'),
        ("llm: {temperature: 3}", "llm.temperature is 3, must be 0 to 2, or auto"),
        ("llm: {temperature: hot}", 'llm.temperature is "hot", must be a number from 0 to 2, or auto'),
        ("audio: {latency_s: .nan}", "audio.latency_s is .nan, must be a number from 0.02 to 1"),
        ("audio: {latency_s: -.inf}", "audio.latency_s is -.inf, must be a number from 0.02 to 1"),
        ("audio: {latency_s: 1e999}", "audio.latency_s is 1e999, must be 0.02 to 1"),
        ("endpoint: {no_speech_s: 22:30}", 'endpoint.no_speech_s is "22:30", must be a number from 1 to 30'),
        ("wake: {phrase: []}", "wake.phrase is a list, must be text, or a list of at least one"),
        ("wake: {phrase: [alexa, 5]}", "wake.phrase is a list, must be text; put it in quotes"),
        ("wake: {engine: mikro}", 'wake.engine is "mikro", must be micro or open; did you mean micro?'),
        ("wake: {engine: [micro]}", "wake.engine is a list, must be micro or open"),
        ("language: no", 'language is "no", must be en or de or es'),
        ("privacy: {log_speech: yes}", 'privacy.log_speech is "yes", must be true or false'),
        ("privacy: {log_speech: 1}", "privacy.log_speech is 1, must be true or false"),
        ("audio: {input: 2}", "audio.input is 2, must be text; put it in quotes"),
        ("audio: {input: [mic]}", "audio.input is a list, must be text"),
        ("audio: {input: {name: mic}}", "audio.input is a section, must be text"),
        ('audio: {input: " "}', 'audio.input is " ", must be text of visible characters'),
        (r'audio: {input: "a\0\ud800"}', r'audio.input is "a\x00\ud800", must be text of visible characters'),
        ("audio: {input: }", "audio.input has no value; give it one or remove the line"),
        ("audio: {input: null}", "audio.input has no value; give it one or remove the line"),
    ],
)
def test_a_wrong_value_is_shown_with_what_it_must_be(text: str, fault: str) -> None:
    assert fault_in(text) == f"config.yaml:1: {fault}"


def test_a_long_value_is_cut_short() -> None:
    assert fault_in(f"llm: {{n_ctx: {'9' * 5000}}}\n").endswith(f" is {'9' * 39}…, must be 512 to 131072")


def test_a_whole_number_will_do_for_any_number() -> None:
    latency_s = loaded("audio: {latency_s: 1}\n").audio.latency_s
    assert latency_s == 1.0
    assert isinstance(latency_s, float)


@pytest.mark.parametrize(("text", "temperature"), [("auto", None), ("0", 0.0), ("1.5e-1", 0.15), ("+.5", 0.5)])
def test_the_temperature_is_a_number_or_the_makers_own(text: str, temperature: float | None) -> None:
    assert loaded(f"llm: {{temperature: {text}}}\n").llm.temperature == temperature


@pytest.mark.parametrize(("text", "n_ctx"), [("0o2000", 1024), ("0x400", 1024), ("01024", 1024), ("+1024", 1024)])
def test_whole_numbers_are_read_as_yaml_1_2_reads_them(text: str, n_ctx: int) -> None:
    assert loaded(f"llm: {{n_ctx: {text}}}\n").llm.n_ctx == n_ctx


@pytest.mark.parametrize("name", ["on", "off", "22:30", "2024-01-01", "1_000", "=", "<<", '"2"', "'true'"])
def test_text_that_yaml_1_1_took_for_something_else_stays_text(name: str) -> None:
    assert loaded(f"audio:\n  input: {name}\n") == Settings(audio=Audio(input=name.strip("'\"")))


@pytest.mark.parametrize(
    ("text", "line", "cure"),
    [
        ("audio:\n\tinput: mic\n", 2, "use spaces"),
        ("audio:\n  input: 'mic\nlog: {}\n", 2, "close it"),
        ("audio:\n  input: mic\n output: box\n", 3, "check the indentation"),
        ("audio: {\n  input: mic\nlog: {}\n", 1, "a bracket is opened and not closed"),
        ("audio:\n  input: @mic\n", 2, "put the value in quotes"),
        ("llm:\n  system_prompt: Rule: be kind\n", 2, "use quotes"),
        ("audio: {, input: mic}\n", 1, "a value is missing"),
        ("log: {}\nmic\n", 2, "write `name: value`"),
        ("log: {}\n---\nlog: {}\n", 2, "keep one"),
        ("audio:\n  input: &mic mic\n", 2, "put the value in quotes"),
        ("audio:\n  input: *mic\n", 2, "put the value in quotes"),
        ("audio:\n  input: !!python/name:os.system x\n", 2, "put the value in quotes"),
        ("llm: " + "[" * 100_000, 1, "nested too deeply"),
        ("- " * 10_000, 1, "nested too deeply"),
        ("? " * 10_000, 1, "nested too deeply"),
        ('audio:\n  input: "\\UFFFFFFFF"\n', 2, "out of range"),
        (f"%YAML 1.{'1' * 5000}\n---\n", 1, "out of range"),
    ],
)
def test_a_slip_in_the_yaml_names_its_line_and_a_cure(text: str, line: int, cure: str) -> None:
    fault = fault_in(text)
    assert fault.startswith(f"config.yaml:{line}: ")
    assert cure in fault


BARE_TEMPLATE = "".join(line for line in TEMPLATE.read_text("utf-8").splitlines(True) if line.strip(" \n")[:1] != "#")
SCRAPS = [
    *"{}[]:,-?&*!|>'\"%@`#~ \t\n\\",
    ": ",
    "- ",
    "\n  ",
    "0x",
    "1e9",
    ".nan",
    "null",
    "llm",
    "n_ctx",
    "\ud7ff",
    "\x85",
]
fuzz = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


def loads_or_tells_its_faults(content: bytes) -> None:
    CONFIG.write_bytes(content)
    try:
        assert isinstance(load(CONFIG), Settings)
    except ConfigError as error:
        assert error.faults
        assert all(fault.startswith("config.yaml") and len(fault.splitlines()) == 1 for fault in error.faults)


@fuzz
@given(strategies.binary(max_size=200))
@example(b"\xef\xbb\xbf\xef\xbb\xbf")
def test_any_bytes_load_or_tell_their_faults(content: bytes) -> None:
    loads_or_tells_its_faults(content)


@fuzz
@given(strategies.lists(strategies.sampled_from(SCRAPS), max_size=40))
def test_any_scraps_of_yaml_load_or_tell_their_faults(scraps: list[str]) -> None:
    loads_or_tells_its_faults("".join(scraps).encode())


@fuzz
@given(
    strategies.integers(0, len(BARE_TEMPLATE)),
    strategies.integers(0, 9),
    strategies.text(max_size=5) | strategies.sampled_from(SCRAPS),
)
def test_a_template_with_a_slip_loads_or_tells_its_faults(start: int, n_lost: int, added: str) -> None:
    text = BARE_TEMPLATE[:start] + added + BARE_TEMPLATE[start + n_lost :]
    loads_or_tells_its_faults(text.encode())


@pytest.mark.parametrize(
    ("written", "phrases"), [("hello kitchen", ("hello kitchen",)), ("[alexa, oh you]", ("alexa", "oh you"))]
)
def test_one_text_or_a_list_of_them(written: str, phrases: tuple[str, ...]) -> None:
    CONFIG.write_text(f"wake: {{phrase: {written}}}\n")
    assert load(CONFIG).wake.phrase == phrases


OWN = """
log: {}
commands:
  - sentences: ["turn (on|off) the heater", "heater {state}"]
    output: heater
    state: on
  - {sentences: blinds up, run: [/usr/local/bin/blinds, up], timeout_s: 20, speak_output: true, say: Up.}
"""


def test_the_owner_s_commands_are_read_with_their_lines() -> None:
    heater, blinds = loaded(OWN).commands
    assert heater == OwnerCommand(("turn (on|off) the heater", "heater {state}"), output="heater", state="on")
    assert blinds == OwnerCommand(
        ("blinds up",), say="Up.", run=("/usr/local/bin/blinds", "up"), timeout_s=20.0, speak_output=True
    )
    assert (heater.place, blinds.place) == ("config.yaml:4", "config.yaml:7")


def test_the_commands_of_a_later_file_take_the_place_of_those_before() -> None:
    beside("10.yaml", "commands:\n- {sentences: go, say: Gone.}\n")
    (command,) = loaded(OWN).commands
    assert command == OwnerCommand(("go",), say="Gone.")
    assert command.place == "config.d/10.yaml:2"


@pytest.mark.parametrize("text", ["commands:\n", "commands: []\n", "commands:\n  # - sentences: go\n"])
def test_no_commands_are_no_fault(text: str) -> None:
    assert loaded(text) == Settings()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("commands: go", 'commands is "go", must be a list, each entry begun with `-`'),
        ("commands: {sentences: go}", "commands is a section, must be a list, each entry begun with `-`"),
        ("commands: [go]", 'commands[0] is "go", must be lines of `name: value`'),
        ("commands: [{say: A}, {sentence: go}]", "commands[1].sentence is not a setting; did you mean sentences?"),
        ("commands: [{place: x}]", "commands[0].place is not a setting; did you mean endpoint.patience?"),
        ("commands: [{state: no}]", 'commands[0].state is "no", must be on or off or toggle or pulse'),
        ("commands: [{timeout_s: 61}]", "commands[0].timeout_s is 61, must be 1 to 60"),
        ("commands: [{run: [/bin/x, 5]}]", "commands[0].run is a list, must be text; put it in quotes"),
        ("commands: [{say: A, say: B}]", "commands[0].say is given twice, first in line 1; keep one"),
        ("commands: [{say: }]", "commands[0].say has no value; give it one or remove the line"),
    ],
)
def test_a_fault_in_a_command_names_it(text: str, fault: str) -> None:
    assert fault_in(text) == f"config.yaml:1: {fault}"


def test_the_faults_of_all_commands_are_told() -> None:
    assert faults_in("commands:\n- say: 5\n- run: []\n") == (
        "config.yaml:2: commands[0].say is 5, must be text; put it in quotes",
        "config.yaml:3: commands[1].run is a list, must be text, or a list of at least one",
    )


def test_the_examples_of_the_template_are_commands() -> None:
    lines = TEMPLATE.read_text("utf-8").split("# or only say. For example:\n")[1].split("commands: []\n")[0]
    commands = loaded("commands:\n" + lines.replace("#  ", "  ")).commands
    assert [bool(command.run) + 2 * bool(command.output) for command in commands] == [1, 2, 1, 0]
    assert faults_of(commands, ["heater"]) == clashes(commands, "en") == []
