"""Buttons, lights and outputs on the GPIO pins. The daemon has a `panel.Panel`, and depends on none of them working."""
