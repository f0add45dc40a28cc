"""The chain that anybody would write first, timed: `python -m assistant.bench.naive SCENARIO`, JSON out.

Recognizer, model and voice are those of the assistant, with the same settings, each used as its manual has it; every
part waits for the one before. A process of its own (`children.naive_turns` starts it), since llama.cpp shares none with
Silero VAD. On the main thread.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

from assistant.audio.chunk import CHUNK_SAMPLES, RATE_HZ, Samples
from assistant.audio.recording import read_sound
from assistant.errors import AssistantError
from assistant.listening.recognizer import VoskRecognizer
from assistant.speaking.voice import Piper
from assistant.thinking.sentences import SentenceCutter

ENDPOINT_S = 0.7  # of silence, after which a person is taken to be done
SAMPLING = {"temperature": 1.0, "top_k": 64, "top_p": 0.95, "min_p": 0.0}
WARM_UP = "Good morning."

Message = dict[str, str]


@dataclass(frozen=True)
class Asked:
    """One turn: a WAV file, and what the model is to say."""

    audio: str
    reply: str


@dataclass(frozen=True)
class Scenario:
    """What happens; its fields are those of the JSON object."""

    model: str
    voice: str
    recognizer: str
    n_ctx: int
    n_threads: int
    system_prompt: str
    turns: list[Asked]
    mode: str  # "cold": each turn is the first of all; "warm": they are one conversation


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a turn; times are seconds from the end of speech."""

    question: str
    endpoint_s: float
    transcript_s: float
    first_token_s: float
    first_sentence_s: float
    first_audio_s: float
    n_prompt: int
    n_evaluated: int  # of those; the others were found in the KV cache


class ForcedLlama(llama_cpp.Llama):  # type: ignore[misc]
    """Says what it is told to, at the price of any other words."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._left: list[int] = []
        self.n_prompt = self.n_evaluated = 0

    def say_next(self, text: str) -> None:
        """What the next reply is to be."""
        self._left = [*self.tokenize(text.encode(), add_bos=False, special=False), self.token_eos()]
        self.n_prompt = self.n_evaluated = 0

    def eval(self, tokens: Sequence[int]) -> None:
        if not self.n_prompt:
            self.n_evaluated += len(tokens)
        super().eval(tokens)

    def sample(self, *arguments: Any, **settings: Any) -> int:
        self.n_prompt = self.n_prompt or self.n_tokens
        super().sample(*arguments, **settings)
        return self._left.pop(0)

    def forget(self) -> None:
        """Leaves nothing in the KV cache."""
        self.reset()
        self._ctx.kv_cache_clear()


class Chain:
    """Recognizer, model and voice, one after the other."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._recognizer = VoskRecognizer(Path(scenario.recognizer))
        self._model = ForcedLlama(
            scenario.model,
            n_ctx=scenario.n_ctx,
            n_threads=scenario.n_threads,
            n_threads_batch=scenario.n_threads,
            flash_attn=True,
            verbose=False,
        )
        self._voice = Piper(Path(scenario.voice), 1.0)
        self._system: Message = {"role": "system", "content": scenario.system_prompt}
        self._messages: list[Message] = [self._system]

    def warm_up(self) -> None:
        """Has all that is read from files in memory, and nothing in the KV cache."""
        self._model.say_next(WARM_UP)
        for _ in self._stream([self._system, {"role": "user", "content": WARM_UP}]):
            pass
        self._voice.synthesize(WARM_UP)
        self._model.forget()

    def ask(self, asked: Asked) -> Told:
        """One turn."""
        if self._scenario.mode == "cold":
            self._model.forget()
            self._messages = [self._system]
        self._recognizer.start()
        for chunk in _chunks(read_sound(Path(asked.audio))):  # not timed: it keeps up with who speaks
            self._recognizer.hear(chunk)
        begin_s = time.perf_counter() - ENDPOINT_S
        question = " ".join(word.text for word in self._recognizer.finish())
        transcript_s = time.perf_counter() - begin_s
        self._messages.append({"role": "user", "content": question})
        self._model.say_next(asked.reply)
        first_s = self._reply(begin_s)
        return Told(
            question, ENDPOINT_S, round(transcript_s, 4), *first_s, self._model.n_prompt, self._model.n_evaluated
        )

    def _reply(self, begin_s: float) -> tuple[float, float, float]:
        """When the first token, sentence and sound were there."""
        cutter, first_token_s, text = SentenceCutter(), 0.0, ""
        first_heard: tuple[float, float] | None = None
        for piece in self._stream(self._messages):
            first_token_s = first_token_s or time.perf_counter() - begin_s
            text += piece
            sentences = cutter.feed(piece)
            if sentences and not first_heard:  # those that follow are of no consequence here
                first_heard = self._say(sentences[0], begin_s)
        first_heard = first_heard or self._say(cutter.finish(), begin_s)
        self._messages.append({"role": "assistant", "content": text})
        return round(first_token_s, 4), *first_heard

    def _say(self, sentence: str, begin_s: float) -> tuple[float, float]:
        sentence_s = time.perf_counter() - begin_s
        if not len(self._voice.synthesize(sentence)):
            raise AssistantError(f"bench: the voice has no sound for {sentence!r}")
        return round(sentence_s, 4), round(time.perf_counter() - begin_s, 4)

    def _stream(self, messages: list[Message]) -> Iterator[str]:
        for part in self._model.create_chat_completion(messages, stream=True, **SAMPLING):
            if content := part["choices"][0]["delta"].get("content"):
                yield content


def _chunks(samples: Samples) -> Iterator[Samples]:
    """What the microphone gives until the endpoint."""
    heard = np.concatenate([samples, np.zeros(round(ENDPOINT_S * RATE_HZ), np.int16)])
    return (heard[start : start + CHUNK_SAMPLES] for start in range(0, len(heard), CHUNK_SAMPLES))


def main() -> None:
    """Runs the scenario and prints what became of its turns."""
    wanted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    scenario = Scenario(**(wanted | {"turns": [Asked(**asked) for asked in wanted["turns"]]}))
    try:
        chain = Chain(scenario)
        chain.warm_up()
        turns = [asdict(chain.ask(asked)) for asked in scenario.turns]
    except (AssistantError, OSError, ValueError) as error:  # llama-cpp-python raises the latter two
        sys.exit(str(error))
    sys.stdout.write(json.dumps({"turns": turns}) + "\n")


if __name__ == "__main__":
    main()
