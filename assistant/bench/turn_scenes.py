"""Can it be interrupted, and does one word give the other? Scenes of `assistant bench hearing`."""

from itertools import cycle

import numpy as np

from assistant.audio.chunk import RATE_HZ
from assistant.bench.air import SimulatedSpeaker
from assistant.bench.clips import Clip, to_level
from assistant.bench.echo_scenes import HOUR_S, SELF_OVER_DBFS, VOICE_DBFS, echo_gain, in_room
from assistant.bench.figures import percentile, share
from assistant.bench.kitchen import CHUNK_S, Kitchen
from assistant.bench.material import Material
from assistant.bench.noise import RADIO
from assistant.bench.rooms import Room, through
from assistant.config import Settings
from assistant.events import Heard, Saying, Spoken, Stopped

OVER_DB = 5.0  # the echo above who says stop
RADIO_DB = 6.0  # the echo above the radio
PAUSES_S = (0.3, 0.8, 1.5, 2.5)  # before a follow-up
BLOCK_S = SimulatedSpeaker.n_block / RATE_HZ  # which a real speaker's writer may be waiting for

Figures = dict[str, object]


class TurnScenes:
    """Replies that are interrupted, and such that are followed up."""

    def __init__(self, settings: Settings, material: Material, *, quick: bool) -> None:
        self._material = material
        self._quick = quick
        self._rooms = material.rooms[:2] if quick else material.rooms
        self._replies = [reply for reply in material.replies if reply.holds == "plain"]
        voice = {one.text: one.samples for reply in material.replies for one in reply.sentences}
        self._kitchen = Kitchen(settings, voice)

    def barge_in(self) -> Figures:
        """How soon it is silent when told to be, by word and by button."""
        clips = self._material.clips("stop")
        stops_s = [self._stop(clip, number) for number, clip in enumerate(clips)]
        buttons_s = [self._button(number) for number in range(4 if self._quick else 24)]
        return {
            "stop_recall": share([time_s is not None for time_s in stops_s]),
            "stop_p95_s": percentile([time_s for time_s in stops_s if time_s is not None], 95),
            "n_stops": len(stops_s),
            "button_p95_s": percentile(buttons_s, 95),
        }

    def _enter(self, number: int, echo_dbfs: float) -> Room:
        room = self._rooms[number % len(self._rooms)]
        self._kitchen.enter(room, echo_gain=echo_gain(echo_dbfs))
        return room

    def _speak(self, number: int) -> None:
        """Has it begin a reply of two."""
        replies = [self._replies[(number + i) % len(self._replies)] for i in range(2)]
        self._kitchen.say(*(one.text for reply in replies for one in reply.sentences))
        while not any(isinstance(one.event, Saying) for one in self._kitchen.quiet(CHUNK_S)):
            pass

    def _stop(self, clip: Clip, number: int) -> float | None:
        """From the end of the word to silence; None if it speaks on."""
        room = self._enter(number, VOICE_DBFS + OVER_DB)
        self._speak(number)
        self._kitchen.quiet(2.0)
        end_s = self._kitchen.now_s() + clip.speech_end_s
        happened = [*self._kitchen.hear(in_room(room, clip.samples)), *self._kitchen.quiet(1.0)]
        stopped = [one for one in happened if isinstance(one.event, Stopped) and one.acted]
        self._kitchen.rest()
        return stopped[0].at_s - end_s + BLOCK_S if stopped else None

    def _button(self, number: int) -> float:
        self._enter(number, VOICE_DBFS + OVER_DB)
        self._speak(number)
        self._kitchen.quiet(1.0 + 0.1 * number)
        pressed_s = self._kitchen.now_s()
        self._kitchen.press()
        self._kitchen.quiet(CHUNK_S)
        silent_s = self._kitchen.speaker.aborted_s
        self._kitchen.rest()
        return silent_s - pressed_s + BLOCK_S

    def false_stops(self) -> Figures:
        """How often a radio stops its replies."""
        hours = 0.05 if self._quick else 1.0
        n_stops, heard_s, at = 0, 0.0, 0
        radio = self._material.noise(RADIO)
        replies = cycle(self._material.replies)
        number = 0
        while heard_s < hours * HOUR_S:
            room = self._enter(number, SELF_OVER_DBFS)
            number += 1
            for reply in [next(replies) for _ in range(5)]:
                n_samples = round((sum(one.duration_s + 0.2 for one in reply.sentences) + 0.5) * RATE_HZ)
                near = np.take(radio, np.arange(at, at + n_samples), mode="wrap")
                at += n_samples
                self._kitchen.say(*(one.text for one in reply.sentences))
                arrived = to_level(through(near, room.radio)[:n_samples], SELF_OVER_DBFS - RADIO_DB)
                happened = self._kitchen.hear(arrived)
                n_stops += sum(isinstance(one.event, Stopped) and one.acted for one in happened)
                heard_s += n_samples / RATE_HZ
                self._kitchen.rest()
        return {"false_stops_per_hour": round(n_stops / (heard_s / HOUR_S), 3), "hours": round(heard_s / HOUR_S, 2)}

    def follow_ups(self) -> Figures:
        """How often a second question is heard, and how often one where nobody spoke."""
        clips = self._material.clips("follow-up")
        heard = [self._follow_up(clip, number) for number, clip in enumerate(clips)]
        captured = [self._follow_up(None, number) for number in range(len(clips))]
        return {"recall": share(heard), "self_capture": sum(captured), "n": len(heard)}

    def _follow_up(self, clip: Clip | None, number: int) -> bool:
        """Whether something is heard after a reply, to which a question led."""
        kitchen = self._kitchen
        room = self._enter(number, SELF_OVER_DBFS)
        questions = self._material.clips("question")
        reply = self._replies[number % len(self._replies)]
        kitchen.press()
        kitchen.script.sentences = tuple(one.text for one in reply.sentences)
        happened = kitchen.hear(in_room(room, questions[number % len(questions)].samples, before_s=0.4))
        n_most = round((sum(one.duration_s + 0.2 for one in reply.sentences) + 4.0) / CHUNK_S)
        for _ in range(n_most):
            if any(isinstance(one.event, Spoken) for one in happened):
                break
            happened = kitchen.quiet(CHUNK_S)
        happened = kitchen.quiet(PAUSES_S[number % len(PAUSES_S)])
        if clip:
            happened += kitchen.hear(in_room(room, clip.samples))
        happened += kitchen.quiet(6.0)
        kitchen.rest()
        return any(isinstance(one.event, Heard) for one in happened)
