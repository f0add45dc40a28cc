"""What a message to the model's process and back costs beyond computing; on the calling thread.

`python -m assistant.bench.pipe PIPE` is that process without a model: each request is answered by one piece at once.
"""

import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from assistant.bench.figures import percentile
from assistant.thinking.messages import Ending, Finished, Generate, Load, Loaded, Piece
from assistant.thinking.model_process import ModelProcess

LOAD = Load(Path(), "", n_ctx=0, n_threads=0, max_tokens=0, temperature=0.0, top_k=0, top_p=0.0)
N_WARM_UP = 50


def round_trip_p95_ms(n_times: int) -> float | None:
    """From a request to its first piece, through pipes and threads as in `assistant run`; 95 % take no longer."""
    process = ModelProcess(LOAD, program=("-m", "assistant.bench.pipe"))
    try:
        process.start()
        times_ms = [_round_trip_s(process, number) * 1e3 for number in range(N_WARM_UP + n_times)]
    finally:
        process.close()
    return percentile(times_ms[N_WARM_UP:], 95)


def _round_trip_s(process: ModelProcess, number: int) -> float:
    began_s = time.perf_counter()
    replying = process.reply(number, (), "Why is the sky blue?")
    next(replying)
    taken_s = time.perf_counter() - began_s
    for _ in replying:
        pass
    return taken_s


def main() -> None:
    """Answers until the pipe closes."""
    pipe = Connection(int(sys.argv[-1]))
    pipe.recv()
    pipe.send(Loaded(0, 0, 0, 0, (1, 1), skips_unread=False))
    with suppress(EOFError):
        while True:
            request = pipe.recv()
            if isinstance(request, Generate):
                pipe.send(Piece(request.number, 1, " word"))
                pipe.send(Finished(request.number, Ending.END))


if __name__ == "__main__":
    main()
