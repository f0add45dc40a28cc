"""What of a reply is said aloud, token by token. Runs in the language model's process."""

import codecs
from typing import Protocol

from assistant.thinking.call_parser import CallParser
from assistant.thinking.prompt import ChatFormat, Thoughts
from assistant.thinking.tool_calls import Call, Malformed

Pieces = list[tuple[int, str]]  # tokens, and the text that each completes


class Vocabulary(Protocol):
    """What is asked of a language model; `LanguageModel` says what the methods do."""

    def text_of(self, token: int) -> str: ...
    def piece(self, token: int) -> bytes: ...


class Speech:
    """One reply: pairs its tokens with what they say aloud, which is nothing of thoughts and calls.

    The tokens of a call are given out when it has ended, so those of one that does not end are dropped.
    """

    def __init__(self, vocabulary: Vocabulary, chat: ChatFormat) -> None:
        self._vocabulary = vocabulary
        self._marks = chat.call_marks
        self._thoughts = Thoughts(chat)
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._parser = CallParser()
        self._held: list[int] = []  # tokens that were not given out yet
        self._unsaid = ""  # what they say for certain

    @property
    def in_call(self) -> bool:
        """Whether the next token is part of a call."""
        return self._parser.inside

    def feed(self, token: int) -> tuple[Pieces, list[Call | Malformed]]:
        """What can be given out after this token, and the calls that ended with it."""
        if not self._marks:
            return [(token, self._text(token))], []
        found = self._parser.feed(self._text(token))
        calls = [part for part in found if not isinstance(part, str)]
        self._held.append(token)
        self._unsaid += "".join(part for part in found if isinstance(part, str))
        return ([] if self._parser.holding and not calls else self._release()), calls

    def finish(self) -> Pieces:
        """What is left at the end of the reply."""
        if self._parser.inside:
            self._held = self._held[:1] if self._unsaid else []
        self._unsaid += self._parser.finish()
        return self._release()

    def _release(self) -> Pieces:
        silent, said = self._held[:-1], self._held[-1:]
        pieces = [(token, "") for token in silent] + [(token, self._unsaid) for token in said]
        self._held, self._unsaid = [], ""
        return pieces

    def _text(self, token: int) -> str:
        if self.in_call:
            is_mark = token in self._marks
        elif self._thoughts.hide(token):
            return ""
        else:
            is_mark = token in self._marks[:1]
        return self._vocabulary.text_of(token) if is_mark else self._decode(self._vocabulary.piece(token))
