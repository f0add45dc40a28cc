"""That nothing leaves the device and nothing is written but what is its own: what the kernel was asked for, by strace.

Audit hooks of Python would not see what C code does, and the libraries of others are most of this program.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import running_daemon
from conftest import SoundServer, Speak

PUTS = set("write writev pwrite64 pwritev pwritev2 ftruncate fallocate copy_file_range fsync fdatasync".split())
TRACED = ",".join(("network", "%file", *sorted(PUTS)))
IDLE_S = 20.0

# A call as strace writes it: process, time, name, arguments. What is resumed has its arguments where it began.
CALL = re.compile(r"^\d+ +(?P<at_s>[\d.]+) (?P<name>\w+)\((?P<rest>.*)$")
TEXT = r'"((?:[^"\\]|\\.)*)"'
IN_FOLDER = re.compile(rf"(?:AT_FDCWD|\d+)<([^>]*)>, {TEXT}")
REACHES = {"connect", "bind", "sendto", "sendmsg", "sendmmsg"}
OPENS = {"open", "openat", "openat2", "creat"}
WRITES = re.compile("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
CHANGES = re.compile(
    r"(mkdir|rmdir|unlink|rename|link|symlink|truncate|mknod|l?chown|f?chmod|f?chown|utime\w*|l?setxattr)"
)
WRITTEN_TO = re.compile(r"^\d+<(/[^>]*)>")  # sockets and pipes have no path

# What is not a file of anybody's, or belongs to the sound system of the machine.
ALLOWED = (
    r"/dev/null",
    r"/proc/self/oom_score_adj",  # the language model offers itself first when memory ends
    r"/dev/(dsp|audio)\d*",  # PortAudio looks for OSS devices, on a Pi for ALSA's
    r"/dev/snd/.*",
    r"/dev/shm/jack_\w+-?\d*(/.*)?",  # PortAudio asks for a JACK server, whose library looks into its table in memory
)


@dataclass(frozen=True)
class Call:
    """A system call."""

    at_s: float
    name: str
    rest: str

    @property
    def paths(self) -> list[str]:
        """The files that it names, absolute; a relative one of which the folder is not known stays as it is."""
        if self.name.endswith(("at", "at2")):
            return [os.path.join(folder, name) for folder, name in IN_FOLDER.findall(self.rest)]  # noqa: PTH118
        return re.findall(TEXT, self.rest)


def calls(trace: Path) -> Iterator[Call]:
    for line in trace.read_text(errors="replace").splitlines():
        if found := CALL.match(line):
            yield Call(float(found["at_s"]), found["name"], found["rest"])


def offences(found: Iterable[Call], own: Sequence[Path]) -> list[str]:
    """The calls that reach for a network, or for a socket or a change of a file elsewhere than in its `own` folders."""

    def is_own(path: str) -> bool:
        path = os.path.normpath(path)
        within = any(Path(path).is_relative_to(folder) for folder in own)
        return within or any(re.fullmatch(pattern, path) for pattern in ALLOWED)

    told = []
    for call in found:
        if call.name in {"socket", "socketpair"}:
            bad = not call.rest.startswith("AF_UNIX,")
        elif call.name in REACHES and "sa_family=" in call.rest:
            addresses = re.findall(r'sa_family=AF_UNIX, sun_path="([^"]*)"', call.rest)
            bad = not addresses or not all(map(is_own, addresses))
        elif call.name in OPENS:
            bad = bool(WRITES.search(call.rest) or call.name == "creat") and not all(map(is_own, call.paths))
        else:
            bad = CHANGES.match(call.name) is not None and not all(map(is_own, call.paths))
        if bad:
            told.append(f"{call.name}({call.rest[:200]}")
    return told


def written(found: Iterable[Call]) -> list[str]:
    """The calls that change a file, its own ones too, and those that it has open."""
    return [
        f"{call.name}({call.rest[:120]}"
        for call in found
        if (call.name in OPENS and WRITES.search(call.rest) and call.paths != ["/dev/null"])
        or CHANGES.match(call.name)
        or (call.name in PUTS and (file := WRITTEN_TO.match(call.rest)) and not file[1].startswith("/dev/"))
    ]


def under_strace(program: str, trace: Path) -> str:
    """The same Python program traced, in the same process."""
    options = ["-D", "-f", "--seccomp-bpf", "-qq", "-y", "-ttt", "-e", f"trace={TRACED}", "-e", "signal=none"]
    command = ["strace", *options, "-o", str(trace), sys.executable, "-c", program]
    return f"import os, sys\nos.execvp('strace', {command!r} + sys.argv[1:])\n"


# strace brings a filter of system calls, as the installed service has one; where there is one, the status tries whether
# it refuses a socket, and here would be given it.
WITHOUT_TRIAL = """
from assistant.doing import device
device.filters_system_calls = lambda: False
"""


@dataclass(frozen=True)
class Life:
    """What a daemon did from its start to its end."""

    calls: list[Call]
    idle: list[Call]  # while nobody wanted anything of it
    said_while_idle: list[str]  # lines of its log
    own: list[Path]
    sound: Path  # the folder of the sound server


@pytest.fixture(scope="module")
def life(models_folder: Path, speak: Speak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A conversation: idle, a question and another one after it, a timer, status, a reload, and the end."""
    folder = tmp_path_factory.mktemp("silence")
    own = [folder / name for name in ("state", "run", "temporary")]
    for each in (*own, folder / "home"):
        each.mkdir()
    server, config = SoundServer(folder / "sound"), folder / "config.yaml"
    config.write_text(
        f"models: {{folder: {models_folder}}}\n"
        "llm: {temperature: 0, max_tokens: 16}\n"
        "audio: {input: pulse, output: pulse}\n"
        "clock: {always_right: true}\n"
        "log: {level: debug}\n"
    )
    server.start()
    server.environment |= {
        "HOME": str(folder / "home"),
        "STATE_DIRECTORY": str(own[0]),
        "RUNTIME_DIRECTORY": str(own[1]),
        "TMPDIR": str(own[2]),
        "PULSE_COOKIE": str(server.folder / "cookie"),  # which PulseAudio's client makes; on a Pi it is ALSA that plays
        "PYTHONDONTWRITEBYTECODE": "1",  # installed, all of it is compiled before and cannot be written
    }

    def type_in(*words: str) -> None:
        command = [sys.executable, "-m", "assistant", "--config", str(config), *words]
        subprocess.run(command, env=server.environment, check=True, capture_output=True, timeout=60)

    def say(text: str, before_s: float) -> None:
        threading.Thread(target=server.play, args=(speak(text, before_s=before_s),)).start()

    trace = folder / "trace"
    traced = under_strace(WITHOUT_TRIAL + running_daemon.WITH_BUTTON, trace)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(running_daemon, "WITH_BUTTON", traced)
            with running_daemon.started(config, server) as running:
                time.sleep(3.0)  # what it says often is synthesized
                begin_s, n_lines = time.time(), len(running.lines)
                time.sleep(IDLE_S)
                end_s, said = time.time(), running.lines[n_lines:]
                say("Hey Jarvis, tell me about the moon.", before_s=0.3)
                running.wait_for("speaking", r"turn 1: endpoint .*done")
                say("What time is it?", before_s=0.6)
                running.wait_for(r"turn 2: endpoint .*done", "idle")
                type_in("ask", "set a timer for one second")
                running.wait_for("ringing")
                type_in("stop")
                type_in("status")
                type_in("reload")
                running.wait_for("new settings: ")
                assert running.stop() == 0
    finally:
        server.kill()
    found = list(calls(trace))
    idle = [call for call in found if begin_s < call.at_s < end_s]
    yield Life(found, idle, said, own, server.folder)


def test_in_a_whole_conversation_no_network_is_reached_for_and_nothing_foreign_is_changed(life: Life) -> None:
    assert offences(life.calls, [*life.own, life.sound]) == []
    # It was all seen: its store, its model's process, its socket, its sound.
    seen = "\n".join(call.rest for call in life.calls)
    for sign in ("assistant.db-wal", ".kv", "control.sock", "pulse.sock", "oom_score_adj"):
        assert sign in seen


def test_while_nobody_wants_anything_nothing_is_written(life: Life) -> None:
    assert life.idle  # it hears
    assert written(life.idle) == []
    assert life.said_while_idle == []


CLEAN = """
own = os.getcwd() + "/own/"
open(own + "one", "w").write("x")
os.rename(own + "one", own + "other")
os.unlink(own + "other")
"""
TELLTALE = {
    "socket.socket(socket.AF_INET)": "socket(AF_INET",
    "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)": "socket(AF_INET6",
    "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)": "socket(AF_NETLINK",
    "socket.socket(socket.AF_UNIX).connect_ex('/run/dbus/system_bus_socket')": "connect(",
    "socket.create_connection(('127.0.0.1', 9), 0.1)": "connect(",
    "subprocess.run([sys.executable, '-c', 'import socket; socket.socket(socket.AF_INET)'])": "socket(AF_INET",
    "open(os.path.expanduser('~/note'), 'w')": "openat(",
    "open(os.path.expanduser('~/note'), 'a')": "openat(",
    "open(own + '../note', 'w')": "openat(",
    "os.open('note', os.O_CREAT | os.O_WRONLY, dir_fd=os.open(os.path.expanduser('~'), os.O_RDONLY))": "openat(",
    "os.rename('own', os.path.expanduser('~/own'))": "rename(",
    "os.unlink(os.path.expanduser('~/there'))": "unlink(",
    "os.mkdir(os.path.expanduser('~/folder'))": "mkdir(",
    "os.symlink('own', os.path.expanduser('~/own'))": "symlink(",
    "os.chmod(os.path.expanduser('~/there'), 0o600)": "chmod(",
}


def judged(deed: str, folder: Path) -> list[Call]:
    for each in ("own", "home"):
        (folder / each).mkdir()
    (folder / "home" / "there").touch()
    program = (
        f"import contextlib, os, socket, subprocess, sys\n{CLEAN}\nwith contextlib.suppress(OSError):\n    {deed}\n"
    )
    environment = os.environ | {"HOME": str(folder / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", under_strace(program, folder / "trace")]
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=60)
    return list(calls(folder / "trace"))


def test_a_program_that_keeps_to_itself_is_found_to_do_so(tmp_path: Path) -> None:
    found = judged("socket.socket(socket.AF_UNIX)", tmp_path)
    assert offences(found, [tmp_path / "own"]) == []
    assert len(written(found)) == 4  # opened, written, renamed, removed


@pytest.mark.parametrize(("deed", "sign"), TELLTALE.items())
def test_what_does_not_is_caught(deed: str, sign: str, tmp_path: Path) -> None:
    told = offences(judged(deed, tmp_path), [tmp_path / "own"])
    assert told
    assert told[-1].startswith(sign), told
