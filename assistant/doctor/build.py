"""llama.cpp as it was built: in a process of its own, since its libraries do not go with others of the daemon's."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from assistant.doctor.finding import Finding, Patient, ill, well

TIMEOUT_S = 120.0
CURE = "build it anew: sudo ./setup.sh uninstall && sudo ./setup.sh install (settings and state stay)"
# What makes the matrix kernels fast, as /proc/cpuinfo names it.
WANTED = {"aarch64": ("asimddp", "asimdhp"), "x86_64": ("avx2", "fma")}


def build(patient: Patient) -> Iterator[Finding]:
    """Whether this CPU has what llama.cpp likes, and whether the build computes rightly and reads fast."""
    features = set(Path("/proc/cpuinfo").read_text("utf-8", "replace").split())
    lacks = [name for name in WANTED.get(platform.machine(), ()) if name not in features]
    yield well("CPU", f"{platform.machine()}, without {' and '.join(lacks)}: slower" if lacks else platform.machine())
    try:
        command = [sys.executable, "-m", "assistant.doctor.build"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        found = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError):
        found, done = {}, None
    if not found:
        reason = f"it ended with {done.returncode}" if done else "it does not answer"
        yield ill("llama.cpp", f"cannot be used: {reason}", CURE)
    elif found["fault"]:
        yield ill("llama.cpp", found["fault"], CURE)
    elif not found["skips_unread"]:
        yield ill("llama.cpp", "computes rightly, but lacks gemma4-prefill.patch: Gemma 4 reads slowly", CURE)
    else:
        yield well("llama.cpp", "computes rightly, and reads prompts without what nobody needs")


def main() -> None:
    """In the child: tries the build, and prints what it found as one line of JSON."""
    from assistant.errors import ModelError  # noqa: PLC0415
    from assistant.thinking.language_model import skips_unread_rows  # noqa: PLC0415
    from assistant.thinking.self_test import check_build  # noqa: PLC0415

    fault = ""
    try:
        check_build(n_threads=2)
    except ModelError as error:
        fault = str(error)
    sys.stdout.write(json.dumps({"fault": fault, "skips_unread": skips_unread_rows()}) + "\n")


if __name__ == "__main__":
    main()
