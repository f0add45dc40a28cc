"""Text to sound, with Piper. Runs on the talker's thread; the only module that knows Piper and ONNX Runtime."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakSet, ref

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import Fail  # it has no public name
from piper import PiperConfig, PiperVoice, SynthesisConfig

from assistant.audio.chunk import Samples
from assistant.errors import ModelError
from assistant.turn import Turn

NOTHING = np.zeros(0, np.int16)


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
        self._session = _Session(session)
        self._voice = PiperVoice(session=self._session, config=config)
        self._rate = rate
        self._length_scale = config.length_scale
        self.set_pace(1.0)
        self.rate_hz: int = config.sample_rate

    def set_pace(self, times: float) -> None:
        """From now on it speaks so many times as fast as it was made to."""
        self._synthesis = SynthesisConfig(length_scale=self._length_scale / (self._rate * times))

    def synthesize(self, text: str, turn: Turn | None = None) -> Samples:
        """Speech, int16 `(n,)` at `rate_hz`; nothing as soon as the turn that it is for is cancelled."""
        self._session.begin(turn)
        try:
            chunks = [chunk.audio_int16_array for chunk in self._voice.synthesize(text, self._synthesis)]
        except Fail:
            if turn is None or not turn.cancelled:
                raise
            return NOTHING
        return np.concatenate(chunks) if chunks else NOTHING


class _Session:
    """Stands between Piper and ONNX Runtime, and ends what is computed for a turn when that is cancelled."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._under_way: tuple[Turn | None, Any] = None, onnxruntime.RunOptions()
        self._heeded: WeakSet[Turn] = WeakSet()

    def begin(self, turn: Turn | None) -> None:
        """What runs from now on is for this turn."""
        options = onnxruntime.RunOptions()
        self._under_way = turn, options
        if turn is None:
            return
        if turn not in self._heeded:
            self._heeded.add(turn)
            # A turn that is heard to its end would keep a voice that was replaced meanwhile, and itself.
            ours, its = ref(self), ref(turn)
            turn.on_cancel(lambda: _end(ours(), its()))
        if turn.cancelled:  # looked at last: a cancel before the assignment above has found other options than these
            options.terminate = True

    def run(self, names: Sequence[str] | None, inputs: Mapping[str, Any]) -> list[Any]:
        """Raises Fail: it was ended."""
        outputs: list[Any] = self._session.run(names, inputs, self._under_way[1])
        return outputs

    def end(self, turn: Turn) -> None:
        """In any thread: what runs for this turn is over."""
        under_way, options = self._under_way
        if under_way is turn:
            options.terminate = True


def _end(session: _Session | None, turn: Turn | None) -> None:
    if session and turn:
        session.end(turn)
