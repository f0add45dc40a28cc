"""One turn as spans in lanes, and its picture for the README. Bench commands only; matplotlib is imported late.

Zero is the end of speech. Every chain gets a panel of its own, under one time axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPEAKS, SILENCE, RECOGNIZER = "person speaks", "silence", "recognizer"
READS, WRITES = "model reads", "model writes"
SYNTHESIZES, PLAYS = "voice synthesizes", "speaker plays"

# From top to bottom, in colors that people of any sight tell apart (Okabe and Ito's), and in those of writing on them.
LANES = {
    SPEAKS: ("#5f6b76", "white"),
    SILENCE: ("#d5dade", "#24292f"),
    RECOGNIZER: ("#56b4e9", "#24292f"),
    READS: ("#0072b2", "white"),
    WRITES: ("#e69f00", "#24292f"),
    SYNTHESIZES: ("#cc79a7", "#24292f"),
    PLAYS: ("#009e73", "white"),
}
OTHER = ("#8c959f", "white")
INK, FAINT_INK, RULE, STRIPE = "#24292f", "#57606a", "#d0d7de", "#f6f8fa"
SOUND_INK = "#00755a"  # the speaker's color, dark enough to be read on white

WIDTH_PX, PX_PER_INCH = 900, 96
LANE_PX, TITLE_PX, AXIS_PX, ABOVE_PX = 25, 38, 46, 0
NAMES_PX, MARGIN_PX = 140, 14
BAR = 0.68  # of a lane's height
GAP_PX = 5  # between a bar and what is written beside it
SPEECH_SHOWN = 0.22  # of the time after it, at most
REPLY_SHOWN = 0.2  # of the time before the last first sound
SHARPNESS = 2  # pixels of a PNG for one of the page

_STYLE: Any = {
    "font.family": "sans-serif",
    # The first comes with matplotlib, so that the layout is everywhere the same; the second is as wide.
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 12 * 72 / PX_PER_INCH,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "assistant",
}


@dataclass(frozen=True, slots=True)
class Span:
    """Something that goes on in a lane; seconds from the end of speech."""

    lane: str
    begin_s: float
    end_s: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """A turn as one chain of parts went through it; `endpoint_s` is when it took the utterance for ended."""

    title: str
    spans: tuple[Span, ...]
    endpoint_s: float | None = None

    @property
    def first_sound_s(self) -> float | None:
        return min((span.begin_s for span in self.spans if span.lane == PLAYS), default=None)


def draw(chains: Sequence[Chain], path: Path) -> None:
    """Draws the chains one below the other into an .svg or .png; SVGs of equal chains are equal.

    Raises:
        AssistantError: matplotlib is missing, the suffix is another, or the file cannot be written.
    """
    if path.suffix not in (".svg", ".png"):
        raise AssistantError(f"bench: {path} is no picture that can be drawn; name it .svg or .png")
    try:
        from matplotlib import rc_context  # noqa: PLC0415
    except ImportError as error:
        raise AssistantError("bench: matplotlib is not installed; run: pip install matplotlib") from error
    with rc_context(_STYLE):
        figure = _figure(chains)
        try:
            if path.suffix == ".svg":
                figure.savefig(path, metadata={"Date": None, "Creator": None})
            else:
                figure.savefig(path, dpi=SHARPNESS * PX_PER_INCH)
        except OSError as error:
            raise AssistantError(f"bench: {path} cannot be written: {error.strerror}") from error


def _figure(chains: Sequence[Chain]) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    lanes = _lanes(chains)
    panel_px = TITLE_PX + LANE_PX * len(lanes)
    height_px = ABOVE_PX + panel_px * len(chains) + AXIS_PX
    figure = Figure((WIDTH_PX / PX_PER_INCH, height_px / PX_PER_INCH), dpi=PX_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)  # measures what is written, also for an SVG
    shown_s = _shown_s(chains)
    for number, chain in enumerate(chains):
        bottom_px = height_px - ABOVE_PX - panel_px * (number + 1)
        axes = figure.add_axes(
            (
                NAMES_PX / WIDTH_PX,
                bottom_px / height_px,
                (WIDTH_PX - NAMES_PX - MARGIN_PX) / WIDTH_PX,
                LANE_PX * len(lanes) / height_px,
            )
        )
        _frame(axes, lanes, shown_s, last=number == len(chains) - 1)
        _heading(axes, chain)
        for row, lane in enumerate(lanes):
            _lane(axes, row, sorted((s for s in chain.spans if s.lane == lane), key=lambda s: s.begin_s))
        _moments(axes, chain)
    return figure


def _lanes(chains: Sequence[Chain]) -> list[str]:
    """Those in use, the known ones first, in their order."""
    used = dict.fromkeys(span.lane for chain in chains for span in chain.spans)
    return [*(lane for lane in LANES if lane in used), *(lane for lane in used if lane not in LANES)]


def _shown_s(chains: Sequence[Chain]) -> tuple[float, float]:
    """From which second to which: what leads to the first sound, and a little of what is before and after it."""
    firsts = [chain.first_sound_s for chain in chains]
    spans = [span for chain in chains for span in chain.spans]
    last_s = max((first for first in firsts if first is not None), default=max(span.end_s for span in spans))
    begin_s = min(span.begin_s for span in spans)
    return max(begin_s, -SPEECH_SHOWN * last_s), min(max(span.end_s for span in spans), last_s * (1 + REPLY_SHOWN))


def _frame(axes: "Axes", lanes: Sequence[str], shown_s: tuple[float, float], *, last: bool) -> None:
    axes.set_xlim(*shown_s)
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_yticks(range(len(lanes)), lanes)
    axes.tick_params(length=0, colors=FAINT_INK, pad=6, labelbottom=last)
    axes.spines[:].set_visible(False)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    for row in range(len(lanes)):
        axes.axhspan(row - 0.5, row + 0.5, color=_ground(row), linewidth=0, zorder=0)
    if last:
        axes.set_xlabel("seconds from the end of speech", color=FAINT_INK, labelpad=5)


def _heading(axes: "Axes", chain: Chain) -> None:
    """Its name, and when it is first heard, above the panel."""
    left = (MARGIN_PX - NAMES_PX) / (WIDTH_PX - NAMES_PX - MARGIN_PX)
    _above(axes, left, chain.title, ha="left", color=INK, weight="bold")
    if chain.first_sound_s is not None:
        _above(axes, 1.0, f"first sound after {chain.first_sound_s:.1f} s", ha="right", color=SOUND_INK, weight="bold")


def _above(axes: "Axes", at: float, told: str, coordinates: str = "axes fraction", **style: Any) -> None:
    axes.annotate(told, (at, 1), (0, 4), xycoords=(coordinates, "axes fraction"), textcoords="offset points", **style)


def _lane(axes: "Axes", row: int, spans: Sequence[Span]) -> None:
    for number, span in enumerate(spans):
        fill, _ = LANES.get(span.lane, OTHER)
        axes.barh(row, span.end_s - span.begin_s, left=span.begin_s, height=BAR, color=fill, linewidth=0, zorder=2)
        if span.label:
            follower_s = spans[number + 1].begin_s if number + 1 < len(spans) else float("inf")
            before_s = spans[number - 1].end_s if number else float("-inf")
            _label(axes, row, span, before_s, follower_s)


def _label(axes: "Axes", row: int, span: Span, before_s: float, after_s: float) -> None:
    """Writes into the bar, or where there is room beside it, or not at all."""
    left_s, right_s = axes.get_xlim()
    s_per_px = (right_s - left_s) / axes.get_window_extent().width
    begin_s, end_s = max(span.begin_s, left_s), min(span.end_s, right_s)
    fill, ink = LANES.get(span.lane, OTHER)
    text = axes.text((begin_s + end_s) / 2, row, span.label, ha="center", va="center_baseline", zorder=5)
    needed_s = (text.get_window_extent().width + 2 * GAP_PX) * s_per_px
    if needed_s <= end_s - begin_s:
        text.set(color=ink)
    elif end_s + needed_s <= min(after_s, right_s):
        text.set(color=INK, x=end_s + GAP_PX * s_per_px, ha="left")
        fill = _ground(row)
    elif begin_s - needed_s >= max(before_s, left_s):
        text.set(color=INK, x=begin_s - GAP_PX * s_per_px, ha="right")
        fill = _ground(row)
    else:
        text.remove()
    # No line goes through what is written.
    text.set_bbox({"facecolor": fill, "linewidth": 0, "pad": 0.8})


def _ground(row: int) -> str:
    return "white" if row % 2 else STRIPE


def _moments(axes: "Axes", chain: Chain) -> None:
    """The end of speech and the endpoint as lines across the lanes."""
    axes.axvline(0, color=INK, linewidth=0.9, zorder=4)
    if chain.endpoint_s is not None:
        axes.axvline(chain.endpoint_s, color=INK, linewidth=0.9, linestyle=(0, (3, 2)), zorder=4)
        _above(axes, chain.endpoint_s, "endpoint", "data", ha="center", color=FAINT_INK)
