"""gpiozero's mock pins, and what hangs on them."""

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockSPIDevice

from assistant.panel.gpio import open_gpio


@contextmanager
def mock_pins(monkeypatch: pytest.MonkeyPatch, pin_class: str = "mockpin") -> Iterator[MockFactory]:
    """Pins that are driven and read by the test; `mockpwmpin` can be dimmed, and cannot be SPI."""
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    monkeypatch.setenv("GPIOZERO_MOCK_PIN_CLASS", pin_class)
    monkeypatch.setattr(Device, "pin_factory", None)
    open_gpio()
    yield Device.pin_factory
    Device.pin_factory.reset()


class Recorder(MockSPIDevice):  # type: ignore[misc]
    """Listens on the wires of a strip."""

    def sent(self) -> bytes:
        """What came since it was asked last, or since the strip was last selected."""
        sent = bytes(
            int("".join(str(int(bit)) for bit in self.rx_buf[i : i + 8]), 2) for i in range(0, len(self.rx_buf), 8)
        )
        self.rx_buf.clear()
        return sent


class Watched(list[Any]):
    """Takes the place of the `states` of a pin, to wait for the next."""

    def __init__(self) -> None:
        super().__init__()
        self._states: queue.Queue[float] = queue.Queue()

    def append(self, state: Any) -> None:
        super().append(state)
        self._states.put(state.state)

    def next(self) -> float:
        return self._states.get(timeout=10)


class Timers:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def clock(self) -> float:
        return self.now_s

    def later(self, wait_s: float, do: Callable[[], None]) -> "Waiting":
        entry = (self.now_s + wait_s, do)
        self._waiting.append(entry)
        return Waiting(self._waiting, entry)

    def advance(self, duration_s: float) -> None:
        self.now_s += duration_s
        for entry in [entry for entry in self._waiting if entry[0] <= self.now_s]:
            self._waiting.remove(entry)
            entry[1]()


class Waiting:
    """A timer that may be cancelled, also when it has gone off."""

    def __init__(
        self, waiting: list[tuple[float, Callable[[], None]]], entry: tuple[float, Callable[[], None]]
    ) -> None:
        self._waiting = waiting
        self._entry = entry

    def cancel(self) -> None:
        if self._entry in self._waiting:
            self._waiting.remove(self._entry)
