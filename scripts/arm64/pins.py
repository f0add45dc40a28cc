"""The panel on a real gpiochip: line 3 is the machine's power button, which whoever runs it presses when asked to.

python pins.py NAME [SECONDS]       tells what it found as JSON; runs in the virtual machine
"""

import datetime
import json
import logging
import queue
import re
import resource
import sys
import threading
import time
from pathlib import Path

import gpiod  # type: ignore[import-not-found]

from assistant import config
from assistant.panel.panel import Panel

CHIP = "/dev/gpiochip0"
BUTTON, LED, OUTPUT = 3, 5, 6  # 3 is pulled up on a Pi, so gpiozero takes no button there that is active high
PRESS_S = 30.0  # a machine under emulation takes its time
SETTINGS = config.Panel(board="plain", talk_pin=BUTTON, led="single", led_pin=LED)
OUTPUTS = (config.Output("lamp", OUTPUT),)

Found = dict[str, object]


def pins() -> Found:
    """The output is switched, and the kernel says so; the button is pressed, and that is posted."""
    posted: queue.Queue[object] = queue.Queue()
    panel = Panel(SETTINGS, OUTPUTS, posted.put)
    levels = [level(OUTPUT)]
    panel.start()
    levels.append(level(OUTPUT))
    for state in ("on", "off", "toggle"):
        panel.outputs.switch("lamp", state)
        levels.append(level(OUTPUT))
    ask_for_press()
    event = posted.get(timeout=PRESS_S)
    panel.stop()
    return {"levels": [*levels, level(OUTPUT)], "posted": type(event).__name__}


def nothing(seconds: str) -> Found:
    """What Python costs that waits."""
    return cost(float(seconds))


def outputs(seconds: str) -> Found:
    """What the panel costs without a button."""
    return panel_cost(config.Panel(), float(seconds))


def button(seconds: str) -> Found:
    """What the panel costs while nobody touches its button."""
    return panel_cost(SETTINGS, float(seconds))


def panel_cost(settings: config.Panel, seconds: float) -> Found:
    """What it costs with these settings."""
    panel = Panel(settings, OUTPUTS, lambda event: None)
    panel.start()
    found = cost(seconds)
    panel.stop()
    return found


def libgpiod(seconds: str) -> Found:
    """What a button costs that waits for the kernel's edges, and what comes of a press."""
    settings = gpiod.LineSettings(
        edge_detection=gpiod.line.Edge.BOTH, debounce_period=datetime.timedelta(milliseconds=30)
    )
    edges: queue.Queue[str] = queue.Queue()
    with gpiod.request_lines(CHIP, {BUTTON: settings}, consumer="assistant") as lines:

        def watch() -> None:
            while True:
                for event in lines.read_edge_events():
                    edges.put(event.event_type.name)

        threading.Thread(target=watch, daemon=True).start()
        found = cost(float(seconds))
        ask_for_press()
        return {**found, "edges": [edges.get(timeout=PRESS_S) for _ in range(2)]}


def cost(seconds: float) -> Found:
    """The share of a core that this process takes while the main thread sleeps, and how often it wakes."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    time.sleep(seconds)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    n_wakes = after.ru_nvcsw - before.ru_nvcsw
    return {"core_percent": round(100 * cpu_s / seconds, 2), "wakes_per_s": round(n_wakes / seconds, 1)}


def ask_for_press() -> None:
    """On the console, as standard output is kept for what was found."""
    Path("/dev/console").write_text("\n@@press\n")


def level(pin: int) -> str:
    """Direction and level of a line, as the kernel has it."""
    told = Path("/sys/kernel/debug/gpio").read_text()
    (first,) = re.findall(r"^gpiochip0: GPIOs (\d+)-", told, re.MULTILINE)
    found = re.search(rf"gpio-{int(first) + pin} .*\) (\w+) +(\w+)", told)
    return " ".join(found.groups()) if found else "free"


PROBES = {one.__name__: one for one in (pins, nothing, outputs, button, libgpiod)}

if __name__ == "__main__":
    logging.basicConfig()
    name, *arguments = sys.argv[1:]
    sys.stdout.write(json.dumps(PROBES[name](*arguments)) + "\n")
