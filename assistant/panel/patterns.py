"""What a person sees of each phase, as levels over time. Pure, any thread."""

from dataclasses import dataclass
from math import inf

from assistant.states import Phase

Color = tuple[float, float, float]  # red, green, blue, each 0.0 to 1.0

BLACK: Color = (0.0, 0.0, 0.0)
WHITE: Color = (1.0, 1.0, 1.0)
RED: Color = (1.0, 0.0, 0.0)
ORANGE: Color = (1.0, 0.3, 0.0)
YELLOW: Color = (1.0, 0.7, 0.0)
GREEN: Color = (0.0, 1.0, 0.0)
BLUE: Color = (0.0, 0.2, 1.0)


@dataclass(frozen=True, slots=True)
class Motion:
    """Levels, 0.0 to 1.0, each with how long it is held or, where it is smooth, takes to the next; in a circle."""

    steps: tuple[tuple[float, float], ...]
    smooth: bool = False

    @property
    def period_s(self) -> float:
        return sum(duration_s for _, duration_s in self.steps)

    def at(self, t_s: float) -> tuple[float, float]:
        """The level so long after the beginning, and how long it stays: 0 while it moves, for ever if it never does."""
        if len(self.steps) == 1:
            return self.steps[0][0], inf
        left_s = t_s % self.period_s
        index = 0
        while left_s >= self.steps[index][1] and index < len(self.steps) - 1:
            left_s -= self.steps[index][1]
            index += 1
        level, duration_s = self.steps[index]
        if not self.smooth:
            return level, duration_s - left_s
        following = self.steps[(index + 1) % len(self.steps)][0]
        return level + (following - level) * left_s / duration_s, 0.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a phase looks."""

    color: Color
    motion: Motion
    colorless: Motion | None = None  # on an LED of one color, where it must look otherwise to be told from the rest
    wave: bool = False  # it runs along the strip


OFF = Motion(((0.0, inf),))
STEADY = Motion(((1.0, inf),))
DIM = Motion(((0.3, inf),))
FLASH = Motion(((1.0, 0.1), (0.0, 2.9)))
TWO_FLASHES = Motion(((1.0, 0.1), (0.0, 0.2), (1.0, 0.1), (0.0, 2.6)))
ALARM = Motion(((1.0, 0.1), (0.0, 0.1), (1.0, 0.1), (0.0, 0.5)))
BREATH = Motion(((0.0, 1.0), (1.0, 1.0)), smooth=True)
HURRY = Motion(((0.0, 0.3), (1.0, 0.3)), smooth=True)
TALK = Motion(((1.0, 0.6), (0.2, 0.6)), smooth=True)

PATTERNS = {
    Phase.STARTING: Pattern(WHITE, BREATH),
    Phase.IDLE: Pattern(BLACK, OFF),
    Phase.LISTENING: Pattern(BLUE, STEADY),
    Phase.THINKING: Pattern(BLUE, HURRY, wave=True),
    Phase.SPEAKING: Pattern(GREEN, TALK),
    Phase.RINGING: Pattern(YELLOW, ALARM),
    Phase.MUTED: Pattern(RED, DIM, colorless=FLASH),
    Phase.ERROR: Pattern(ORANGE, TWO_FLASHES),
}


def look(phase: Phase, t_s: float, n_pixels: int, *, colored: bool) -> tuple[list[Color], float]:
    """The pixels so long after the phase began, and how long they stay so: 0 while they move, for ever if never."""
    pattern = PATTERNS[phase]
    motion = pattern.motion if colored else pattern.colorless or pattern.motion
    red, green, blue = pattern.color if colored else WHITE
    shift_s = motion.period_s / n_pixels if pattern.wave else 0.0
    levels = [motion.at(t_s + index * shift_s) for index in range(n_pixels)]
    return [(red * level, green * level, blue * level) for level, _ in levels], min(stays_s for _, stays_s in levels)
