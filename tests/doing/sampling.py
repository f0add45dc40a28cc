"""Random sentences of hassil's templates: hassil's own sampler lists them all in order, which takes for ever."""

from random import Random

from hassil import (
    Alternative,
    Expression,
    Intents,
    ListReference,
    Permutation,
    RangeSlotList,
    RuleReference,
    Sequence,
    TextChunk,
    TextSlotList,
)
from hassil.numbers import get_rbnf_engine

ANYTHING = ("pasta", "the blue bike", "aunt mary")


def sample(part: Expression, grammar: Intents, chance: Random) -> str:
    """One sentence that the template accepts, numbers in words where the list knows them."""
    match part:
        case TextChunk():
            return part.text
        case Alternative():
            return sample(chance.choice(part.items), grammar, chance)
        case Sequence():
            return "".join(sample(item, grammar, chance) for item in part.items)
        case Permutation():
            return " ".join(sample(item, grammar, chance) for item in chance.sample(part.items, len(part.items)))
        case RuleReference():
            return sample(grammar.expansion_rules[part.rule_name].expression, grammar, chance)
        case ListReference():
            return _sample_list(part.list_name, grammar, chance)
    raise TypeError(part)


def _sample_list(name: str, grammar: Intents, chance: Random) -> str:
    slots = grammar.slot_lists[name]
    if isinstance(slots, TextSlotList):
        return sample(chance.choice(slots.values).text_in, grammar, chance)
    if isinstance(slots, RangeSlotList):
        number = chance.randint(slots.start, slots.stop)
        if not slots.words:
            return str(number)
        return get_rbnf_engine(grammar.language).format_number(number).text.replace("-", " ")
    return chance.choice(ANYTHING)
