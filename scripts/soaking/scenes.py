"""What happens to a daemon in a soak: questions, interruptions, faults. On the thread `script`.

Each scene does one thing in a way that is drawn by lot. It waits for what should follow, but does not insist: whether
all turns ended, and whether it is at rest again, is looked at after every scene.
"""

import os
import signal
from dataclasses import replace
from random import Random

from assistant import config
from assistant.audio.sound_card import MICROPHONE, SPEAKER
from assistant.bench.processes import family
from assistant.bench.script import rambling
from assistant.control.client import ask_daemon
from assistant.errors import ConfigError
from assistant.events import (
    Announced,
    ButtonPressed,
    ButtonReleased,
    FirstToken,
    Heard,
    HeardNothing,
    PartFound,
    Partial,
    Rang,
    Saying,
    Spoken,
    Typed,
)
from assistant.thinking.loading import LANGUAGE_MODEL
from soaking.script import ANNOUNCEMENTS, CALL, COMMANDS, LOAD_S, QUESTIONS, Scene, Script

LONG_SPEECH, OTHER_VOICE = "long speech", "other voice"  # scenes that are not drawn by lot


def _question(script: Script) -> None:
    script.say(f"{CALL}, {script.random.choice(QUESTIONS)}")
    script.wait(Spoken)


def _command(script: Script) -> None:
    script.say(f"{CALL}, {script.random.choice(COMMANDS)}")
    script.wait(Spoken)


def _typed(script: Script) -> None:
    script.post(Typed(script.random.choice((*QUESTIONS, *COMMANDS)), script.now_s))
    script.wait(Spoken)


def _read(script: Script) -> None:
    script.ask_aside(script.random.choice((*QUESTIONS, *COMMANDS)))


def _barge_in(script: Script) -> None:
    script.say(f"{CALL}, {script.random.choice(QUESTIONS)}")
    if script.wait(Saying):
        for _ in range(script.random.randint(1, 3)):
            script.linger(2.0)
            script.interrupt()


def _cut_off(script: Script) -> None:
    """Interrupted while it listens or thinks."""
    script.say(f"{CALL}, {script.random.choice(QUESTIONS)}")
    script.wait(script.random.choice((Partial, Heard, FirstToken)))
    script.interrupt()


def _button(script: Script) -> None:
    held = script.random.random() < 0.5
    script.post(ButtonPressed(script.now_s, held=held))
    script.say(script.random.choice(("What time is it?", "Tell me about the moon.")))
    if held:
        script.linger(1.0)
        script.post(ButtonReleased(script.now_s))
    script.wait(Spoken, HeardNothing)


def _follow_up(script: Script) -> None:
    script.say(f"{CALL}, {script.random.choice(QUESTIONS)}")
    if script.wait(Spoken):
        script.linger(1.0)
        script.say("What time is it?")
        script.accounts.happened.clear()
        script.wait(Spoken, HeardNothing)


def _silence(script: Script) -> None:
    script.pick(lambda: script.say(f"{CALL}."), lambda: script.post(ButtonPressed(script.now_s)))
    script.wait(HeardNothing)


def _muted(script: Script) -> None:
    ask_daemon("mute")
    script.say(f"{CALL}, {script.random.choice(COMMANDS)}")
    script.linger(3.0)
    script.pick(lambda: ask_daemon("unmute"), lambda: script.post(ButtonPressed(script.now_s)))
    script.linger(1.0)
    ask_daemon("unmute")


def _timer(script: Script) -> None:
    script.ask_aside("set a timer for one second")
    if script.random.random() < 0.5:
        script.say(f"{CALL}, {script.random.choice(QUESTIONS)}")
    if script.wait(Rang):
        script.linger(2.0)
        for _ in range(2):
            script.interrupt()
            script.linger(1.0)


def _announcement(script: Script) -> None:
    text = script.random.choice(ANNOUNCEMENTS)
    script.pick(lambda: script.post(Announced(text)), lambda: ask_daemon("say", text=text))
    script.wait(Spoken)


def _model_killed(script: Script) -> None:
    script.pick(
        lambda: None,
        lambda: script.say(f"{CALL}, {script.random.choice(QUESTIONS)}"),
        lambda: script.post(Typed(QUESTIONS[0], script.now_s)),
    )
    script.linger(1.5)
    script.accounts.happened.clear()
    for pid in family(os.getpid())[1:]:
        os.kill(pid, signal.SIGKILL)
    script.wait(PartFound, part=LANGUAGE_MODEL, timeout_s=LOAD_S)


def _part_lost(script: Script) -> None:
    part = script.random.choice((MICROPHONE, SPEAKER))
    script.pick(
        lambda: None,
        lambda: script.say(f"{CALL}, {script.random.choice(QUESTIONS)}"),
        lambda: script.post(Announced(ANNOUNCEMENTS[0])),
    )
    script.linger(4.0)
    script.house.room.lose(part)
    script.linger(2.0)
    script.pick(lambda: None, lambda: script.post(ButtonPressed(script.now_s)), lambda: script.ask_aside(COMMANDS[0]))
    script.house.room.find(part)
    script.wait(PartFound, part=part)


def _other_settings(script: Script) -> None:
    now = script.settings
    wanted = script.random.choice(
        (
            replace(now, wake=replace(now.wake, sensitivity=0.6, phrase=("hey_jarvis", "alexa"))),
            replace(now, endpoint=replace(now.endpoint, patience=0.8)),
            replace(now, llm=replace(now.llm, top_k=1)),
            replace(now, dialogue=replace(now.dialogue, follow_up_s=2.0)),
            replace(now, privacy=replace(now.privacy, history=5)),
        )
    )
    script.reload(wanted)
    script.say(f"{CALL}, {script.random.choice(COMMANDS)}")
    script.wait(Spoken)
    script.settle("a reload")
    script.accounts.happened.clear()
    script.reload(now)
    if wanted.llm != now.llm:
        script.wait(PartFound, part=LANGUAGE_MODEL, timeout_s=LOAD_S)


def _bad_settings(script: Script) -> None:
    now = script.settings
    script.reload(
        script.random.choice(
            (
                ConfigError("config.yaml:1: wake.sensitivity is 7; at most 1"),
                replace(now, llm=replace(now.llm, model="gemma-4-e2b")),
                replace(now, wake=replace(now.wake, phrase=("xyzzy plugh",))),  # known when the old ears are gone
            )
        )
    )
    script.wanted = now


def _long_speech(script: Script) -> None:
    """As long as no reply is: the voice then has all the memory that it ever takes."""
    words = rambling(script.random.randrange(1_000_000)).replace(".", "").replace(",", "").split()
    script.post(Announced(" ".join(words[:24])))
    script.wait(Spoken)


def _other_voice(script: Script) -> None:
    now = script.settings
    script.pick(
        lambda: script.reload(replace(now, voice=replace(now.voice, rate=1.1))),
        lambda: script.reload(replace(now, audio=replace(now.audio, earcons=0.1, echo="none"))),
        lambda: script.reload(replace(now, voice=replace(now.voice, rate=1.2), wake=config.Wake(phrase=("xyzzy",)))),
    )
    script.say(f"{CALL}, {script.random.choice(COMMANDS)}")
    script.wait(Spoken)
    script.settle("a reload")
    script.reload(now)


SCENES: dict[str, tuple[float, Scene]] = {
    "question": (14, _question),
    "command": (12, _command),
    "typed": (10, _typed),
    "read": (12, _read),
    "barge-in": (14, _barge_in),
    "cut off": (8, _cut_off),
    "button": (7, _button),
    "follow-up": (6, _follow_up),
    "silence": (4, _silence),
    "muted": (2, _muted),
    "timer": (4, _timer),
    "announcement": (4, _announcement),
    "model killed": (1, _model_killed),
    "part lost": (2, _part_lost),
    "other settings": (1, _other_settings),
    "bad settings": (1, _bad_settings),
    LONG_SPEECH: (0, _long_speech),
    OTHER_VOICE: (0, _other_voice),
}
BY_LOT = [name for name, (weight, _) in SCENES.items() if weight]


def drawn(random: Random) -> str:
    """The name of a scene."""
    return random.choices(list(SCENES), [weight for weight, _ in SCENES.values()])[0]
