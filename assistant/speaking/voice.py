"""Text to sound, with Piper. Runs on the talker's thread; the only module that knows Piper and ONNX Runtime."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from piper import PiperConfig, PiperVoice, SynthesisConfig

from assistant.audio.chunk import Samples
from assistant.errors import ModelError


class Piper:
    """A Piper voice."""

    def __init__(self, model: Path, rate: float) -> None:
        """Loads the voice from `model` (ONNX) and the `.json` beside it; `rate` 1.0 is its own pace.

        Raises:
            ModelError: ONNX Runtime or Piper refuses it.
        """
        options = onnxruntime.SessionOptions()
        # One thread is fastest for sentences of this size, and the model computes on the other cores.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_text(encoding="utf-8")))
            session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime raises nothing more definite
            raise ModelError(f"the voice {model.name} cannot be loaded: {error}") from error
        self._voice = PiperVoice(session=session, config=config)
        self._rate = rate
        self._length_scale = config.length_scale
        self.set_pace(1.0)
        self.rate_hz: int = config.sample_rate

    def set_pace(self, times: float) -> None:
        """From now on it speaks so many times as fast as it was made to."""
        self._synthesis = SynthesisConfig(length_scale=self._length_scale / (self._rate * times))

    def synthesize(self, text: str) -> Samples:
        """Speech, int16 `(n,)` at `rate_hz`."""
        chunks = [chunk.audio_int16_array for chunk in self._voice.synthesize(text, self._synthesis)]
        return np.concatenate(chunks) if chunks else np.zeros(0, np.int16)
