"""Opens the pins. gpiozero drives them, and lgpio below it on a Pi, which comes with the system and not from PyPI."""

import contextlib
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from typing import TypeVar

from gpiozero import Device
from gpiozero.exc import GPIOZeroError

log = logging.getLogger(__name__)

T = TypeVar("T")


def pin_errors() -> tuple[type[Exception], ...]:
    """What gpiozero raises, and what lgpio raises through it."""
    lgpio = sys.modules.get("lgpio")
    return (GPIOZeroError, ImportError, OSError, *((lgpio.error,) if lgpio else ()))


def open_gpio() -> None:
    """Chooses what drives the pins: lgpio, unless $GPIOZERO_PIN_FACTORY names another. Raises one of `pin_errors`.

    Left to itself gpiozero tries others too, which load on a Pi 5 or on a new kernel and do nothing there.
    """
    if Device.pin_factory is not None:
        return
    # lgpio makes a FIFO in the working directory when it is imported, and holds it open. $LG_WD would name another
    # directory, but then it also makes that one the working directory of the whole process, for good.
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or None
    with tempfile.TemporaryDirectory(prefix="lgpio-", dir=runtime) as folder, contextlib.chdir(folder):
        if os.environ.get("GPIOZERO_PIN_FACTORY"):
            Device.ensure_pin_factory()
        else:
            Device.pin_factory = importlib.import_module("gpiozero.pins.lgpio").LGPIOFactory()


def opened(what: str, opens: Callable[[], T]) -> T | None:
    """What `opens` gives; where it fails the log says so, and it is done without."""
    try:
        return opens()
    except pin_errors() as error:
        log.warning("%s cannot be used: %s", what, error)
        return None
