"""The whole assistant, talking with a script in real time: `python -m assistant.bench.live SCENARIO` prints JSON.

It is `service.run` with all its engines and threads; only the sound card is the bench's own. A process of its own,
since a start is measured from the very first instruction, and memory from nothing.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant import config, service
from assistant.audio.recording import read_sound
from assistant.bench.live_room import Room
from assistant.bench.processes import PeakMemory, Watcher, calm_s, cpu_s, family, memory
from assistant.bench.scenario import Asked, Scenario
from assistant.bench.script import write_script
from assistant.bench.told import Told
from assistant.errors import AssistantError
from assistant.events import (
    ButtonPressed,
    Event,
    Failed,
    Heard,
    HeardNothing,
    PartFound,
    PartLost,
    Ready,
    Replied,
    Saying,
    Spoken,
    Stopped,
)
from assistant.service import Surroundings
from assistant.thinking.loading import LANGUAGE_MODEL

PRESS_S = 0.3  # from the button to the first word
PAUSE_S = 1.0  # between two turns, in which the cache is rebuilt
PATIENCE_S = 200.0  # for anything; a part that hangs is lost before
WATCH_S = 1.0  # for how long, at most, it is watched how an interruption goes


class Conversation:
    """The script at work, on a thread of its own."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.listening_s: float | None = None
        self.ready_s: float | None = None
        self.told: list[Told] = []
        self.peak_mib = 0.0
        self.anonymous_mib = 0.0  # after the last turn
        self.failed = "the script broke off"  # why; empty once it is done
        self._room: Room | None = None
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="script", daemon=True)

    def room(self, *parts: Any) -> Room:
        """The sound card of the daemon."""
        self._room = Room(*parts)
        self._thread.start()
        return self._room

    def observe(self, event: Event) -> None:
        now_s = time.monotonic()
        if isinstance(event, Ready):
            self.listening_s = now_s
        if isinstance(event, PartFound) and event.part == LANGUAGE_MODEL:
            self.ready_s = now_s
        if self.told:
            self.told[-1].note(event, now_s)
        self._events.put(event)

    def _wait(self, *kinds: type[Event]) -> Event:
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                event = self._events.get(timeout=max(0.0, deadline_s - time.monotonic()))
            except queue.Empty:
                names = " or ".join(kind.__name__ for kind in kinds)
                raise AssistantError(f"nothing came of it in {PATIENCE_S:g} s, not even {names}") from None
            if isinstance(event, PartLost):
                raise AssistantError(f"the {event.part} was lost: {event.reason}")
            if isinstance(event, kinds):
                return event

    def _run(self) -> None:
        peak = PeakMemory(os.getpid()) if self._scenario.weigh else None
        try:
            while self.ready_s is None or self.listening_s is None:
                self._wait(Ready, PartFound)
            for number, asked in enumerate(self._scenario.turns, 1):
                time.sleep(PAUSE_S)
                self._ask(asked, to_the_end=self._scenario.to_the_end or number < len(self._scenario.turns))
            if peak:
                time.sleep(PAUSE_S)
                self.anonymous_mib, self.peak_mib = memory(family(os.getpid())).anonymous_mib, peak.stop()
            self.failed = ""
        except AssistantError as error:
            self.failed = str(error)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def _ask(self, asked: Asked, *, to_the_end: bool) -> None:
        assert self._room
        told = Told()
        self.told.append(told)
        n_given = len(self._room.given_s)
        write_script(Path(self._scenario.script), asked.reply, asked.tokens_per_s)
        self._room.post(ButtonPressed(time.monotonic()))
        time.sleep(PRESS_S)
        told.speech_end_s = self._room.say(read_sound(Path(asked.audio))) + asked.end_s
        watcher = Watcher(_parts()) if self._scenario.watch else None
        # What comes late of the turn before comes before this.
        heard = isinstance(self._wait(Heard, HeardNothing), Heard)
        if heard and isinstance(self._wait(Saying, Spoken), Saying):
            if asked.stop_s is None:
                self._hear_out(told, to_the_end=to_the_end)
            else:
                time.sleep(asked.stop_s)
                self._interrupt(told)
        if watcher:
            told.busy = watcher.stop()
        if told.failed:
            raise AssistantError(f"there was no reply: {told.failed}")
        if given_s := self._room.given_s[n_given:]:
            told.first_sound_s, told.last_sound_s = given_s[0], given_s[-1]

    def _hear_out(self, told: Told, *, to_the_end: bool) -> None:
        if told.replied_s is None and told.failed is None:
            self._wait(Replied, Failed)
        if to_the_end:
            self._wait(Spoken)

    def _interrupt(self, told: Told) -> None:
        """Has the reply stopped, and watches how long speaker and cores go on; what does not end counts as long."""
        assert self._room
        pids = family(os.getpid())
        begin_s = time.monotonic()
        self._room.post(Stopped(begin_s))
        worked = [(begin_s, cpu_s(pids))]
        told.silent_s = told.idle_s = WATCH_S
        while worked[-1][0] < begin_s + WATCH_S and WATCH_S in (told.silent_s, told.idle_s):
            time.sleep(0.005)
            worked.append((time.monotonic(), cpu_s(pids)))
            told.idle_s = min(WATCH_S, calm_s(worked))
            if self._room.speaker.aborted_s > begin_s:
                told.silent_s = self._room.speaker.aborted_s - begin_s


def _parts() -> dict[str, list[Path]]:
    """Where the kernel counts the work of the stages' threads, and of the model's process."""
    ids = {thread.name: thread.native_id for thread in threading.enumerate()}
    own = {name: [Path(f"/proc/self/task/{ids[name]}")] for name in ("listener", "talker")}
    model = [task for pid in family(os.getpid())[1:] for task in Path(f"/proc/{pid}/task").iterdir()]
    return own | {"model": model}


def main() -> None:
    """Runs the scenario and prints what became of it."""
    wanted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    scenario = Scenario(**(wanted | {"turns": [Asked(**asked) for asked in wanted["turns"]]}))
    settings = config.Settings(
        audio=config.Audio(echo="none", earcons=0.0),
        dialogue=config.Dialogue(follow_up_s=0.0, answer_s=0.0),
        recognizer=config.Recognizer(scenario.recognizer),
        llm=config.Llm(
            model=scenario.model,
            n_ctx=scenario.n_ctx,
            threads=scenario.n_threads,
            memory=scenario.memory,
            system_prompt=scenario.system_prompt,
        ),
        voice=config.Voice(scenario.voice),
    )
    conversation = Conversation(scenario)
    program = ("-m", "assistant.bench.forced_child", scenario.script)
    try:
        service.run(settings, surroundings=Surroundings(conversation.room, conversation.observe, program))
    except AssistantError as error:
        sys.exit(str(error))
    if conversation.failed:
        sys.exit(conversation.failed)
    found = {
        "listening_s": conversation.listening_s,
        "ready_s": conversation.ready_s,
        "peak_mib": conversation.peak_mib,
        "anonymous_mib": conversation.anonymous_mib,
        "turns": [asdict(told) for told in conversation.told],
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
