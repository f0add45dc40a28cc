"""What is to happen in a run of `live`: written by `speed`, in a process of its own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """One turn of the script."""

    audio: str  # a WAV file
    end_s: float  # of the speech in it
    reply: str
    tokens_per_s: float | None = None  # which the reply is not to exceed
    stop_s: float | None = None  # after the reply began to sound it is interrupted


@dataclass(frozen=True)
class Scenario:
    """What happens; its fields are those of the JSON object."""

    model: str
    recognizer: str
    voice: str
    script: str  # a file, for `forced_child`
    system_prompt: str
    n_ctx: int
    memory: str
    turns: list[Asked]
    n_threads: int = 0  # as many as prove fastest, which takes its time
    watch: bool = False  # which part works when
    weigh: bool = False  # how much memory is taken
    to_the_end: bool = True  # the last reply is heard out, not only written
