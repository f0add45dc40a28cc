"""Lists, and what it was told to remember. On the doer's thread, and the thinker's for tools."""

from collections.abc import Callable, Sequence

from assistant.doing.answer import LAST, Action, Answer, Asked, Effect, Slots
from assistant.doing.lists import ListFullError, Lists
from assistant.doing.memory import Fact, Memory, TooMuchError
from assistant.doing.says import Says

MOST_READ = 12


class KeepingActions:
    """Writes down, reads out and strikes off."""

    def __init__(self, lists: Lists, memory: Memory, says: Says, tell: Callable[[str], None]) -> None:
        """`tell` lets the language model know at once."""
        self._lists = lists
        self._memory = memory
        self._says = says
        self._tell = tell

    def actions(self) -> dict[str, Action]:
        """By intent."""
        return {
            "add_to_list": self._add,
            "remove_from_list": self._remove,
            "read_list": self._read,
            "clear_list": self._clear,
            "remember": self._remember,
            "list_memories": self._recall,
            "forget_fact": self._forget,
            "forget_that": self._forget_that,
            "forget_everything": self._forget_everything,
        }

    def _called(self, slots: Slots) -> tuple[str, str]:
        """A list's name, and what it is called in this language."""
        name = str(slots.get("list", "shopping"))
        return name, self._says(f"list_{name.replace(' ', '_')}")

    def _add(self, slots: Slots) -> Answer:
        name, called = self._called(slots)
        item = str(slots["item"])
        try:
            added = self._lists.add(name, item)
        except ListFullError:
            return Answer(self._says("list_full", list=called), done=False)
        if not added:
            return Answer(self._says("already_on_list", item=item, list=called))
        return Answer(self._says("added", item=item, list=called))

    def _remove(self, slots: Slots) -> Answer:
        name, called = self._called(slots)
        item = str(slots["item"])
        if not self._lists.remove(name, item):
            return Answer(self._says("not_on_list", item=item, list=called), done=False)
        return Answer(self._says("removed", item=item, list=called))

    def _read(self, slots: Slots) -> Answer:
        name, called = self._called(slots)
        items = self._lists.items(name)
        if not items:
            return Answer(self._says("list_empty", list=called))
        more = [self._says.count("more", len(items) - MOST_READ)] if len(items) > MOST_READ else []
        return Answer(self._says("on_list", list=called, items=self._says.all_of([*items[:MOST_READ], *more])))

    def _clear(self, slots: Slots) -> Answer:
        name, called = self._called(slots)
        self._lists.clear(name)
        return Answer(self._says("list_cleared", list=called))

    def _remember(self, slots: Slots) -> Answer:
        fact = str(slots["fact"])
        try:
            self._memory.remember(fact)
        except TooMuchError:
            return Answer(self._says("too_much_to_remember"), done=False)
        self._tell(self._says("tell_model", fact=fact))
        return Answer(self._says("remembered", fact=fact))

    def _recall(self, _slots: Slots) -> Answer:
        facts = [fact.text for fact in self._memory.facts()]
        if not facts:
            return Answer(self._says("nothing_remembered"))
        return Answer(self._says("remembered_all", facts=". ".join(facts[-MOST_READ:])))

    def _forget(self, slots: Slots) -> Answer:
        forgotten = self._memory.forget(str(slots["fact"]))
        if not forgotten:
            return Answer(self._says("nothing_to_forget", fact=slots["fact"]), done=False)
        return self._forgotten(forgotten)

    def _forget_that(self, slots: Slots) -> Answer:
        """The fact that was just kept, or what the model and the person talked about last."""
        if slots.get(LAST) == "remember":
            return self._forgotten(self._memory.forget_last())
        if slots.get(LAST):
            return Answer(self._says("forgot_nothing"), done=False)
        return Answer(self._says("forgot_that"), effect=Effect.FORGET_LAST)

    def _forgotten(self, facts: Sequence[Fact]) -> Answer:
        forgotten = ". ".join(fact.text for fact in facts)
        self._tell(self._says("tell_model_forget", facts=forgotten))
        return Answer(self._says("forgotten", facts=forgotten))

    def _forget_everything(self, slots: Slots) -> Answer:
        if "sure" not in slots:
            asked = Asked("forget_everything", frozenset({"yes", "no"}), {"sure": 1})
            return Answer(self._says("forget_all_sure"), done=False, asked=asked)
        self._memory.forget_all()
        return Answer(self._says("forgot_all"), effect=Effect.NEW_CONVERSATION)
