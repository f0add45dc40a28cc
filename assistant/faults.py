"""The parts that do not work now, since when and why. Pure; the main thread notes, any thread reads."""

from dataclasses import dataclass

from assistant.events import Event, PartFound, PartLost


@dataclass(frozen=True, slots=True)
class Fault:
    """A part that does not work."""

    part: str
    reason: str
    since_s: float  # monotonic


class Faults:
    """Kept from what is lost and found."""

    def __init__(self) -> None:
        self.now: tuple[Fault, ...] = ()

    def note(self, event: Event, at_s: float) -> None:
        """Takes in any event; a part that is lost again keeps its time, and gets the new reason."""
        if not isinstance(event, PartLost | PartFound):
            return
        before = {fault.part: fault for fault in self.now}
        known = before.pop(event.part, None)
        if isinstance(event, PartLost):
            before[event.part] = Fault(event.part, event.reason, known.since_s if known else at_s)
        self.now = tuple(before.values())
