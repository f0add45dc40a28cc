"""Whether the board is too hot or its power too weak, told once each until it is over. On the main thread."""

from collections.abc import Callable
from dataclasses import dataclass, field

from assistant import phrases
from assistant.doing import device
from assistant.doing.device_actions import HOT_C
from assistant.events import Event, PartFound, PartLost

COOL_C = HOT_C - 5.0  # until then it may get hot again at any moment
LOOK_S = 20.0
COOLING, POWER = "cooling", "power supply"


@dataclass(slots=True)
class Health:
    """Looks at the board from time to time."""

    post: Callable[[Event], None]
    temperature_c: Callable[[], float | None] = device.temperature_c
    has_low_voltage: Callable[[], bool] = device.has_low_voltage
    _ill: set[str] = field(default_factory=set)
    _look_at_s: float = 0.0

    def look(self, now_s: float) -> None:
        """Looks if it is time to."""
        if now_s < self._look_at_s:
            return
        self._look_at_s = now_s + LOOK_S
        degrees_c = self.temperature_c() or 0.0
        limit_c = COOL_C if COOLING in self._ill else HOT_C
        self._tell(COOLING, degrees_c >= limit_c, f"the processor has {degrees_c:.0f} °C and slows down", "TOO_HOT")
        weak = "the voltage is too low; use the power supply that is made for this board"
        self._tell(POWER, self.has_low_voltage(), weak, "LOW_VOLTAGE")

    def _tell(self, part: str, ill: bool, reason: str, phrase: str) -> None:
        if ill and part not in self._ill:
            self._ill.add(part)
            self.post(PartLost(part, reason, getattr(phrases, phrase)))
        elif not ill and part in self._ill:
            self._ill.remove(part)
            self.post(PartFound(part))
