import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "scripts" / "fuzz-settings"


def test_a_thousand_damaged_settings_files_load_or_are_refused_clearly_and_soon() -> None:
    command = [sys.executable, str(SCRIPT), "--mutations", "1000", "--seed", "2"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counts = re.match(r"(\d+) loaded, (\d+) were refused", done.stdout)
    assert counts
    assert min(int(counts[1]), int(counts[2])) > 50
