from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.presence import announce, daemon_runs


def test_a_daemon_is_known_of_while_it_runs_and_is_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert not daemon_runs()
    presence = announce()
    assert daemon_runs()
    with pytest.raises(AssistantError, match="runs already"):
        announce()
    presence.close()
    assert not daemon_runs()
