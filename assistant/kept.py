"""All that is kept over a restart, over one store: timers, lists, memory, history, how it speaks. Any thread."""

from pathlib import Path

from assistant import phrases
from assistant.config import Settings
from assistant.doing.alarm_actions import AlarmActions
from assistant.doing.boots import noted_utc_s
from assistant.doing.clock import Clock, SystemClock
from assistant.doing.device_actions import Sound
from assistant.doing.history import History
from assistant.doing.lists import Lists
from assistant.doing.memory import Memory
from assistant.doing.says import Says
from assistant.doing.schedule import Kind, Ringing, Schedule
from assistant.doing.timer_actions import TimerActions
from assistant.language import language_file
from assistant.store import Store, store_path

LATE_S = 60.0  # from then on it says how late something rings


class Kept:
    """The store, and what stands in it."""

    def __init__(self, settings: Settings, store: Path | None = None) -> None:
        """`store` is its file, where not the usual one. Raises StoreError when it cannot be opened."""
        phrases.choose(settings.language)
        self.says = Says(language_file(settings.language)["says"])
        self.store = Store(store or store_path())
        self.clock: Clock = SystemClock(trusted=settings.clock.always_right, noted_utc_s=noted_utc_s(self.store))
        self.schedule = Schedule(self.store, self.clock)
        self.lists, self.memory = Lists(self.store), Memory(self.store)
        self.history = History(self.store, settings.privacy.history)
        # A quarter of the context, at three characters a token, which is few in any language.
        self._n_most_characters = settings.llm.n_ctx // 4 * 3
        self.timers = TimerActions(self.schedule, self.says)
        self.alarms = AlarmActions(self.schedule, self.clock, self.says)

    def mishap(self) -> str:
        """What the person is to be told of a store that was found damaged; "" where it was sound."""
        if self.store.put_aside is None:
            return ""
        return phrases.STORE_RESTORED if self.store.restored else phrases.STORE_LOST

    def what_rings(self, ringing: Ringing) -> str:
        """What is said of something that rings."""
        entry, says = ringing.entry, self.says
        match entry.kind:
            case Kind.TIMER:
                said = says("timer_rings", timer=self.timers.called(entry))
            case Kind.ALARM:
                said = says("alarm_rings", time=says.time(self.clock.now()))
            case Kind.REMINDER:
                said = says("reminder_rings", what=entry.name)
        if ringing.late_s < LATE_S:
            return said
        return f"{said} {says('was_late', duration=says.about(ringing.late_s))}"

    def for_model(self) -> str:
        """What the model is told beside its prompt: its language, and what it was asked to remember; a line each."""
        facts = ". ".join(self._newest_facts())
        told = [self.says("model_language"), self.says("facts_for_model", facts=facts) if facts else ""]
        return "\n".join(filter(None, told))

    def _newest_facts(self) -> list[str]:
        """As many of the newest as may stand in the prompt, the oldest of them first."""
        texts: list[str] = []
        for fact in reversed(self.memory.facts()):
            if sum(map(len, texts)) + len(fact.text) > self._n_most_characters:
                break
            texts.insert(0, fact.text)
        return texts

    def sound(self) -> Sound:
        """How loud and how fast it was set to speak."""
        volume, muted, pace = (self.store.get(key) for key in ("volume", "muted", "pace"))
        return Sound(int(volume or 100), bool(muted), float(pace or 1.0))

    def muted(self) -> bool:
        """Whether the microphone was closed when it was last told of it."""
        return bool(self.store.get("microphone_muted"))

    def keep_muted(self, muted: bool) -> None:
        self.store.put("microphone_muted", int(muted))

    def keep_sound(self, sound: Sound) -> None:
        self.store.put("volume", sound.volume)
        self.store.put("muted", int(sound.muted))
        self.store.put("pace", sound.pace)
