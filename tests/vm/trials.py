"""What a device goes through: each trial does one thing to it, after which it answers again and has lost nothing.

scripts/test-vm runs them.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from conftest import Speak, Understand

from vm.agent import MachineError
from vm.image import copy_source
from vm.machine import Machine, slowness
from vm.room import LOUD, READY_S, UNIT, Room

SETUP_S = 400.0
WATCHDOG_S, STOP_S = 30.0, 15.0  # of the unit
OFF_S = 400.0
TOLERANCE_S = 5.0
TIMERS = "/var/lib/assistant/assistant.db"

See = Callable[[str], None]

pytestmark = pytest.mark.timeout(600 * slowness())


@pytest.fixture
def see(record_property: Callable[[str, object], None]) -> See:
    """Tells what was seen, for the line of the trial."""
    seen: list[str] = []

    def tell(what: str) -> None:
        seen.append(what)
        record_property("seen", "; ".join(seen))

    return tell


@contextmanager
def unharmed(room: Room) -> Iterator[None]:
    """What happens within leaves the assistant able to answer, and its timers as they were."""
    try:
        if not (before := due_times(room)):
            room.ask("Hey Jarvis, set a timer for three hours.")
            before = due_times(room)
            assert before
        yield
        room.answers()
        after = due_times(room)
        assert all(any(abs(due_s - still_s) < TOLERANCE_S for still_s in after) for due_s in before), (before, after)
    except Exception as error:
        with contextlib.suppress(MachineError):
            error.add_note(room.machine.run(f"journalctl --boot --unit={UNIT} --output=short-monotonic --lines=80"))
        room.machine.cut_power()  # the next trial begins with a boot
        raise


def due_times(room: Room) -> list[float]:
    """When its timers are due, by the machine's time."""
    timers = room.status()["timers"]
    now_s = float(room.machine.run("date +%s.%N"))
    return [now_s + timer["left_s"] for timer in timers]


def test_setup_installs_it_offline_and_it_starts_at_boot(
    bare_machine: Machine, speak: Speak, understand: Understand, see: See
) -> None:
    room = Room(bare_machine, speak, understand)
    copy_source(bare_machine.room / "source")
    bare_machine.start()
    said = bare_machine.run(f"/room/source/setup.sh install --offline {bare_machine.open_bundle()}", SETUP_S)
    see(re.findall(r"reply: .*", said)[0])
    bare_machine.run("show-what-is-heard")
    bare_machine.shut_down()
    bare_machine.start()
    room.wait_until_ready()
    see(f"ready after {float(room.shows('ActiveEnterTimestampMonotonic')) / 1e6:.0f} s")
    see(room.answers())


def test_it_starts_at_boot_without_a_network(room: Room, see: See) -> None:
    with unharmed(room):
        assert room.machine.run("ls /sys/class/net") == "lo"
        assert room.shows("NRestarts") == "0"
        see(f"ready after {float(room.shows('ActiveEnterTimestampMonotonic')) / 1e6:.0f} s")
        network = room.status()["network"]
        assert network == {"locked": True, "open_sockets": 0}


def test_killed_it_starts_again(room: Room, see: See) -> None:
    with unharmed(room):
        pid = room.shows("MainPID")
        room.machine.run(f"kill -KILL {pid}")
        see(f"ready again after {room.wait_until_ready(other_than=pid):.0f} s")


def test_hung_the_watchdog_ends_it(room: Room, see: See) -> None:
    with unharmed(room):
        since, pid = room.now(), room.shows("MainPID")
        room.machine.run(f"kill -STOP {pid}")
        see(f"ready again after {room.wait_until_ready(other_than=pid, within_s=WATCHDOG_S + STOP_S + READY_S):.0f} s")
        room.wait_for("with result .watchdog", since, 10)


def test_a_sound_card_that_goes_is_sought_and_found(room: Room, see: See) -> None:
    with unharmed(room):
        since, pid = room.now(), room.shows("MainPID")
        # As when it is pulled out: a module that is in use cannot be unloaded.
        room.machine.run("timeout 30 sh -c 'echo snd_aloop.0 >/sys/bus/platform/drivers/snd_aloop/unbind'", 40)
        room.machine.run("modprobe --remove snd-aloop")
        room.wait_for("microphone lost", since, 30)
        assert "no soundcards" in room.machine.run("cat /proc/asound/cards")
        faults = {fault["part"] for fault in room.status()["faults"]}
        see(f"lost: {', '.join(sorted(faults))}")
        assert {"microphone", "speaker"} <= faults
        since = room.now()
        room.machine.run("modprobe snd-aloop")
        room.wait_for("microphone found again", since, 60)
        room.wait_for("nothing was asked", since, 20)  # it says that it hears again
        assert room.shows("MainPID") == pid


def test_out_of_memory_costs_the_language_model_alone(room: Room, see: See) -> None:
    with unharmed(room):
        room.wait_for("language model ready", "", 120)
        since, pid = room.now(), room.shows("MainPID")
        anonymous = "awk '/^RssAnon/ {print $2}' /proc/$pid/status"
        own, model = room.machine.run(f"for pid in {pid} $(pgrep --parent {pid}); do {anonymous}; done").split()
        room.machine.run(f"systemctl set-property --runtime {UNIT} MemoryMax={int(own) + int(model) // 2}K")
        room.wait_for("language model is lost", since, 60)
        see(f"with {(int(own) + int(model) // 2) // 1024} MiB the model is lost, and it heard: {room.answers()}")
        room.machine.run(f"systemctl set-property --runtime {UNIT} MemoryMax=infinity")
        room.wait_for("language model ready", since, 180)
        assert room.shows("MainPID") == pid


def test_a_full_disk_is_told_and_heals(room: Room, see: See) -> None:
    with unharmed(room):
        before = due_times(room)
        room.machine.run("fallocate --length=100G /full || cat /dev/zero >>/full || df /")
        answer = room.ask("Hey Jarvis, set a timer for two hours.")
        see(answer.written)
        n_kept = len(due_times(room)) - len(before)
        assert n_kept == (0 if "full" in answer.written else 1)
        room.answers()
        room.machine.run("rm /full")
        answer = room.ask("Hey Jarvis, set a timer for two hours.")
        see(answer.written)
        assert len(due_times(room)) == len(before) + n_kept + 1


def test_a_timer_that_fell_due_in_a_power_cut_rings_late(room: Room, see: See) -> None:
    with unharmed(room):
        room.ask("Hey Jarvis, set a timer for five minutes.")
        now_s = float(room.machine.run("date +%s"))
        room.machine.cut_power()
        room.machine.start(clock_s=now_s + OFF_S)
        with room.recording() as recorded:
            room.wait_for("ringing", "", READY_S)
            room.machine.run("sleep 8")
        heard = room.understand(recorded)
        see(heard)
        assert re.search("time.?s up.*ago", heard, re.IGNORECASE)
        since = room.now()
        room.say("Stop.", before_s=1.0, after_s=1.0)
        room.wait_for("^.*DEBUG +idle", since, 20)
        with room.recording() as recorded:
            room.machine.run("sleep 3")
        assert room.loudest(recorded) < LOUD


def test_good_settings_are_taken_over(room: Room, see: See) -> None:
    with unharmed(room):
        since, pid = room.now(), room.shows("MainPID")
        room.set("trial", "wake: {phrase: [hey_jarvis, alexa]}")
        room.machine.run("systemctl reload assistant")
        see(room.wait_for("new settings", since, 30).splitlines()[-1])
        assert room.status()["wake_phrases"] == ["hey_jarvis", "alexa"]
        assert room.shows("MainPID") == pid


def test_bad_settings_are_refused_and_told(room: Room, see: See) -> None:
    with unharmed(room):
        since, pid = room.now(), room.shows("MainPID")
        before = room.status()["wake_phrases"]
        room.set("trial", "wake: {phras: alexa}")
        try:
            room.machine.run("systemctl reload assistant")
            room.wait_for("the old ones stay", since, 30)
            status = room.status()
        finally:
            room.set("trial", "")
        see(str(status["settings_fault"]))
        assert "did you mean phrase" in status["settings_fault"]
        assert status["wake_phrases"] == before
        room.machine.run("systemctl reload assistant")
        assert room.shows("MainPID") == pid


def test_an_upgrade_that_does_not_start_goes_back(room: Room, see: See) -> None:
    with unharmed(room):
        machine, current = room.machine, "readlink /opt/assistant/current"
        before = machine.run(current)
        # It answers a recorded question, but the daemon does not start.
        breaks = '/"""Be the assistant/a\\    raise RuntimeError("broken on purpose")'
        machine.run(f"cp -r /usr/src/assistant /broken && sed -i '{breaks}' /broken/assistant/cli.py")
        setup = f"/broken/setup.sh upgrade --offline {machine.open_bundle()}"
        code, said = machine.wait_for(machine.spawn(setup), 2 * SETUP_S, setup)
        see(said.strip().splitlines()[-2])
        assert code == 1
        assert "broken on purpose" in said
        assert machine.run(current) == before
        machine.run("rm -r /broken")
