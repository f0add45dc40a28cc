"""What goes over the pipe between the thinker and the language model's own process."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from assistant.thinking.tool_calls import Call, Malformed, Tool

Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its reply as the tokens that stand in the KV cache, without the template around them."""

    question: Tokens
    reply: Tokens


@dataclass(frozen=True, slots=True)
class Load:
    """To the model: the first message, and the only one of its kind."""

    path: Path
    system_prompt: str
    n_ctx: int
    n_threads: int  # 0: as many as are found to be fastest
    max_tokens: int
    temperature: float
    top_k: int
    top_p: float
    tools: tuple[Tool, ...] = ()  # a model whose chat template knows none is not told of them
    lean: bool = False  # less memory, slower
    folder: Path | None = None  # where it keeps what another start need not find out again
    sense: bool = True  # whether it must find plain sentences likely; random weights do not


@dataclass(frozen=True, slots=True)
class SetPrompt:
    """To the model: begin every later prompt with this."""

    system_prompt: str


@dataclass(frozen=True, slots=True)
class Prepare:
    """To the model: evaluate, unless something else comes, what the next prompt begins with."""

    history: tuple[Exchange, ...]
    text: str = ""  # of the question, as far as it is known


@dataclass(frozen=True, slots=True)
class Generate:
    """To the model: reply to the question, after these exchanges."""

    number: int  # of the turn; they rise
    history: tuple[Exchange, ...]
    question: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the model: this turn and all before it are over."""

    number: int


@dataclass(frozen=True, slots=True)
class ToolResult:
    """To the model: what its call gave, as `tool_calls.response` words it; the reply goes on."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """From the model: the prompt's prefix is evaluated, questions may come."""

    n_ctx: int  # what the model can do may be less than what was asked for
    n_prefix: int  # tokens of the prompt before the first question
    n_around: int  # tokens of the template around one exchange
    n_evaluated: int  # tokens of the prefix that were not found in a file
    n_threads: tuple[int, int]  # for a token, for a batch
    skips_unread: bool  # llama.cpp was built to read the prompts of Gemma 4 fast


@dataclass(frozen=True, slots=True)
class Refused:
    """From the model: it cannot be loaded."""

    reason: str


@dataclass(frozen=True, slots=True)
class Evaluated:
    """From the model: a sign of life while a long prompt is read."""


@dataclass(frozen=True, slots=True)
class Piece:
    """From the model: a token, and the text that it completes (often a word, sometimes nothing).

    All tokens of a reply come, in their order, so that it can be told again as it stands in the KV cache: thoughts,
    calls and their results too, with no text.
    """

    number: int
    token: int
    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """From the model: the reply waits for a `ToolResult`. The tokens of the call came before."""

    number: int
    call: Call | Malformed


class Ending(Enum):
    """Why a reply ended."""

    END = "the model ended it"
    MAX_TOKENS = "max_tokens was reached, or results of tools filled the context"
    REPEATS = "the model repeats itself"
    CANCELLED = "the turn was cancelled"
    TOO_LONG = "prompt and reply do not fit into the context"


@dataclass(frozen=True, slots=True)
class Finished:
    """From the model: no piece follows."""

    number: int
    ending: Ending
    question: Tokens = ()
    n_prompt: int = 0
    n_evaluated: int = 0
    n_generated: int = 0
    per_second: float = 0.0


ToModel = Load | SetPrompt | Prepare | Generate | Cancel | ToolResult
FromModel = Loaded | Refused | Evaluated | Piece | Called | Finished
