"""An offline voice assistant: it hears, thinks and speaks, and nothing leaves the device."""

import os

# Libraries read these when they load, so they are set before any of them can be imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # onnxruntime from 1.29 on phones home unless told not to
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning OpenMP threads starve recognition and voice

__version__ = "0.1.0"
