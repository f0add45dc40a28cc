"""A process that works with the assistant's own Schedule and Store until it is killed, and the ledger of it."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from assistant.doing.clock import SystemClock
from assistant.doing.schedule import Entry, Kind, Schedule, State
from assistant.store import Store, StoreFullError
from crashing.killed import Step, Tell, Timer, Timers, found_in, in_process, timer_of, timers_of

LONGEST_LIFE_S = 0.06
MOST_TIMERS = 40
KINDS = "set set set set add pause resume cancel ring ring ring stop snooze"


@dataclass
class Ledger:
    """What has been acknowledged, and what was found to contradict it."""

    timers: Timers = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)  # told to be uncommitted: they ring, or not, until a restart
    faults: list[str] = field(default_factory=list)
    n_acknowledged: int = 0
    n_refused: int = 0
    n_under_way: int = 0

    def read(self, lines: list[str]) -> Step | None:
        """Takes in what a process told; gives the step that it was in when it was killed."""
        under_way: Step | None = None
        for line in lines:
            step = json.loads(line)
            if "begin" in step:
                under_way = step
                continue
            under_way = None
            self.doubtful.update(step["doubtful"])
            if "refused" in step:
                self.n_refused += 1
                continue
            self.n_acknowledged += 1
            done = {int(id_): tuple(timer) if timer else None for id_, timer in step["done"].items()}
            if risen := self.ended & done.keys():
                self.faults.append(f"changed or rang after they were ended: {sorted(risen)}")
            after = self.timers | done
            self._become({id_: timer for id_, timer in after.items() if timer})
        self.n_under_way += under_way is not None
        return under_way

    def check(self, found: Timers, ringing: list[int], integrity: str, under_way: Step | None) -> None:
        """Compares with what another process found in the store."""
        if integrity != "ok":
            self.faults.append(f"integrity_check: {integrity}")
        if risen := self.ended & {*found, *ringing}:
            self.faults.append(f"there after they were ended: {sorted(risen)}")
        before, after = ({i: t for i, t in timers.items() if i not in self.doubtful} for timers in (self.timers, found))
        changed = {id_: (before.get(id_), after.get(id_)) for id_ in changed_ids(before, after)}
        if changed and not (under_way and is_whole_effect(under_way, before, after)):
            self.faults.append(f"within {under_way}, acknowledged and found: {changed}")
        self.doubtful.clear()
        self._become(found)

    def _become(self, timers: Timers) -> None:
        self.ended |= self.timers.keys() - timers.keys()
        self.timers = timers


def changed_ids(before: Timers, after: Timers) -> set[int]:
    """Those that are new, gone or different."""
    return {id_ for id_ in before.keys() | after.keys() if before.get(id_) != after.get(id_)}


def is_whole_effect(step: Step, before: Timers, after: Timers) -> bool:
    """Whether a step, done as a whole, leads from the timers before to those after it."""
    changed = changed_ids(before, after)
    ringing = {id_ for id_, timer in before.items() if timer[0] == State.RINGING}
    gone, states = changed - after.keys(), {after[id_][0] for id_ in changed & after.keys()}
    match step["begin"]:
        case "set":
            return len(changed) == 1 and not gone and [after[id_][:2] for id_ in changed] == [("set", step["name"])]
        case "add" | "pause" | "resume":
            return changed == {step["id"]} and not gone
        case "cancel":
            return changed == gone == {step["id"]}
        case "cancel_all":
            return not after
        case "stop":
            return changed == gone == ringing
        case "snooze":
            return changed == ringing and not gone and states == {"set"}
        case "ring":
            waiting_s = [timer[2] for id_, timer in after.items() if timer[0] == "set" and id_ not in changed]
            rung_s = [before[id_][2] for id_ in changed if id_ in before]
            in_order = max(filter(None, rung_s), default=0) <= min(
                filter(None, waiting_s), default=time.monotonic() * 2
            )
            return not gone and states == {"ringing"} and in_order
    return False


class Life:
    """One process, until it is killed."""

    def __init__(self, path: Path, random: Random, tell: Tell, *, full: bool) -> None:
        self.store = Store(path)
        self.schedule = Schedule(self.store, SystemClock(trusted=True))
        self.random = random
        self.tell = tell
        with self.store.transaction() as db:
            db.execute("DELETE FROM settings WHERE key LIKE 'filler%'")
        if full:
            self._fill()

    def _fill(self) -> None:
        with self.store.transaction() as db:
            (n_pages,) = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count = {n_pages}")
        with suppress(StoreFullError):
            for number in range(1000):
                self.store.put(f"filler {number}", "x" * 3000)

    def live(self) -> None:
        """Takes steps until it is killed."""
        while True:
            step = self._next_step()
            self.tell(step)
            ringing = self.schedule.ringing()
            try:
                outcome: Step = {"done": self._do(step), "doubtful": []}
            except StoreFullError:
                silenced = [one.entry.id for one in ringing] if step["begin"] == "stop" else []
                outcome = {"refused": True, "doubtful": silenced}
            outcome["doubtful"] += [one.entry.id for one in self.schedule.ringing() if not one.is_kept]
            self.tell({"end": step["begin"]} | outcome)

    def _next_step(self) -> Step:
        known = list(timers_of(self.schedule))
        kinds = (
            "cancel stop cancel_all" if len(known) >= MOST_TIMERS else "set ring stop snooze" if not known else KINDS
        )
        kind = self.random.choice(kinds.split())
        seconds = self.random.choice([0.001, 0.01, 0.1, 600.0])
        name = f"{self.random.random()} {'n' * self.random.randrange(250)}"
        return {"begin": kind, "id": self.random.choice([*known, 0]), "name": name, "seconds": seconds}

    def _do(self, step: Step) -> dict[int, Timer | None]:
        """Does it, and gives what the method says that it did: how timers are now, None for those ended."""
        schedule, id_, seconds = self.schedule, step["id"], step["seconds"]
        changed: list[Entry | None] = []
        match step["begin"]:
            case "set":
                changed = [schedule.set_timer(seconds, step["name"])]
            case "add":
                changed = [schedule.add_to_timer(id_, seconds)]
            case "pause":
                changed = [schedule.pause(id_)]
            case "resume":
                changed = [schedule.resume(id_)]
            case "snooze":
                changed += schedule.snooze(seconds)
            case "ring":
                changed += [one.entry for one in schedule.ring_due() if one.is_kept]
            case "cancel":
                return {id_: None} if schedule.cancel(id_) else {}
            case "cancel_all":
                known = timers_of(schedule)
                schedule.cancel_all(Kind.TIMER)
                return dict.fromkeys(known)
            case "stop":
                return {one.entry.id: None for one in schedule.stop_ringing()}
        return {entry.id: timer_of(entry) for entry in changed if entry}


def live_and_look(path: Path, random: Random, ledger: Ledger, *, full: bool) -> None:
    """One life, and what is left of it."""
    seed = random.random()
    life_s = random.uniform(0, LONGEST_LIFE_S)
    under_way = ledger.read(in_process(lambda tell: Life(path, Random(seed), tell, full=full).live(), life_s))
    ledger.check(*found_in(path), under_way)
