"""The room that the machine stands in, and the assistant in it: asked aloud, heard, and looked at from inside.

The sound card is snd-aloop: whatever is played into its device 0 is heard from device 1, and the other way round.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from conftest import Speak, Understand

from assistant.audio.chunk import RATE_HZ
from assistant.audio.recording import read_sound
from vm.machine import Machine

CARD = "plughw:CARD=Loopback,DEV=0"
LOUD = 1000  # of 32,767: the room is silent but for what it says
READY_S = 60.0
ANSWER_S = 60.0
UNIT = "assistant.service"
QUESTION, TIME = "Hey Jarvis, what time is it?", r"(\d+)[:.](\d+)"
ASK_STATUS = """
import socket
asked = socket.socket(socket.AF_UNIX)
asked.connect("/run/assistant/control.sock")
asked.sendall(b"{\\"protocol\\": 1, \\"do\\": \\"status\\"}\\n")
print(asked.makefile().read())
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question."""

    written: str
    heard: str  # by an independent ear
    loudest: int
    turn: str  # the line of the log that ends the turn


class Room:
    """Speaks to the assistant, listens to it, and reads its log and its status."""

    def __init__(self, machine: Machine, speak: Speak, understand: Understand) -> None:
        self.machine = machine
        self._speak = speak
        self.understand = understand

    def answers(self) -> str:
        """Asks it the time, and gives what was heard; AssertionError when that is not the answer."""
        answer = self.ask(QUESTION)
        assert answer.loudest > LOUD, answer
        assert re.findall(TIME, answer.heard) == re.findall(TIME, answer.written) != [], answer
        return answer.heard

    def ask(self, text: str) -> Answer:
        """Says it, and waits for the end of the reply."""
        since = self.now()
        with self.recording() as recorded:
            self.say(text)
            lines = self.wait_for("turn [0-9]+: endpoint", since, ANSWER_S)
        return Answer(
            written=" ".join(re.findall(r"sentence: (.*)", lines)),
            heard=self.understand(recorded),
            loudest=self.loudest(recorded),
            turn=re.findall("turn .*", lines)[-1],
        )

    def say(self, text: str, **how: float) -> None:
        """Says it into the microphone, to its end, as `speak` does."""
        shutil.copy(self._speak(text, **how), self.machine.room / "said.wav")
        self.machine.run(f"aplay -q -D {CARD} /room/said.wav")

    @staticmethod
    def loudest(recorded: Path) -> int:
        """The largest sample."""
        return int(np.abs(read_sound(recorded).astype(np.int32)).max(initial=0))

    @contextmanager
    def recording(self) -> Iterator[Path]:
        """Records what it says, into a WAV file of the host that is whole at the end."""
        file = self.machine.room / "recorded.wav"
        file.unlink(missing_ok=True)
        recorder = self.machine.spawn(f"exec arecord -q -D {CARD} -f S16_LE -r {RATE_HZ} -c 1 /room/{file.name}")
        try:
            yield file
        finally:
            self.machine.run(f"kill -INT {recorder}")
            self.machine.wait_for(recorder, 10.0, "arecord")

    def now(self) -> str:
        """This place in the log."""
        shown = self.machine.run("journalctl --lines=1 --show-cursor --quiet --output=cat")
        return str(re.findall(r"^-- cursor: (.*)$", shown, re.MULTILINE)[-1])

    def wait_for(self, pattern: str, since: str, within_s: float) -> str:
        """The log from that place up to a line with this (an extended regular expression); "" is the machine's start.

        Raises:
            MachineError: there is none in time.
        """
        place = f"--after-cursor='{since}'" if since else "--boot"
        log = f"journalctl --unit={UNIT} --output=cat --lines=all --follow {place}"
        return self.machine.run(f"timeout {within_s} sed -u -E '/{pattern}/q' <({log})", within_s + 10)

    def wait_until_ready(self, other_than: str = "", within_s: float = READY_S) -> float:
        """Until the unit is active, with a main process that has not this number; gives how many seconds it took.

        It is active when the assistant says so. Raises MachineError: it is not in time.
        """
        ready = f'systemctl -q is-active {UNIT} && [ "$(systemctl show -P MainPID {UNIT})" != "{other_than}" ]'
        waiting = f"timeout {within_s} bash -c 'until {ready}; do sleep 1; done; echo $SECONDS'"
        return float(self.machine.run(waiting, within_s + 10))

    def shows(self, name: str) -> str:
        """A property of the unit."""
        return self.machine.run(f"systemctl show --property={name} --value {UNIT}")

    def status(self) -> dict[str, Any]:
        """What `assistant status` asks the control socket for; the command takes long to start under emulation."""
        status: dict[str, Any] = json.loads(self.machine.run(f"python3 -c '{ASK_STATUS}'"))
        return status

    def set(self, name: str, settings: str) -> None:
        """Writes a file of settings, or removes it where there are none."""
        file = f"/etc/assistant/config.d/{name}.yaml"
        self.machine.run(f"printf '%s\\n' '{settings}' >{file}" if settings else f"rm -f {file}")
