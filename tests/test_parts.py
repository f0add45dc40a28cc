"""What the parts tell the daemon of themselves."""

from collections.abc import Callable

import pytest

from assistant import parts
from assistant.audio.echo import NoEcho
from assistant.config import Audio
from assistant.events import Event
from assistant.faults import Faults


def test_an_echo_that_cannot_be_cancelled_is_in_the_log_and_among_the_faults_until_it_can_be(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Callable[[str], None]] = []

    def canceller(changed: Callable[[str], None]) -> NoEcho:
        told.append(changed)
        return NoEcho(changed)

    monkeypatch.setitem(parts.ECHOES, "cancel", canceller)
    events: list[Event] = []
    parts.build_echo(Audio(echo="cancel"), events.append)
    faults = Faults()
    told[0]("the echo cannot be cancelled: it does not listen while it speaks")
    faults.note(events[-1], 5.0)
    assert [(fault.part, fault.reason) for fault in faults.now] == [
        ("echo canceller", "the echo cannot be cancelled: it does not listen while it speaks")
    ]
    assert "it does not listen while it speaks" in caplog.text
    told[0]("")
    faults.note(events[-1], 9.0)
    assert faults.now == ()
