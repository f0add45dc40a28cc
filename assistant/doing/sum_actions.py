"""Sums and units. On the doer's thread, and the thinker's for tools."""

from assistant.doing.answer import Action, Answer, Slots
from assistant.doing.calculator import CalculationError, evaluate, spoken_number
from assistant.doing.says import Says
from assistant.doing.units import convert


class SumActions:
    """What a small language model gets wrong."""

    def __init__(self, says: Says) -> None:
        self._says = says

    def actions(self) -> dict[str, Action]:
        """By intent."""
        return {"calculate": self._calculate, "convert": self._convert}

    def _calculate(self, slots: Slots) -> Answer:
        try:
            number = spoken_number(evaluate(str(slots["value"])), self._says("decimal_point"))
        except CalculationError as error:
            return Answer(self._says(f"sum_{error.reason.name.lower()}"), done=False)
        return Answer(self._says("about_number" if number.rounded else "number", number=number.text))

    def _convert(self, slots: Slots) -> Answer:
        unit = str(slots["to_unit"])
        try:
            value = convert(evaluate(str(slots["value"])), str(slots["from_unit"]), unit)
            number = spoken_number(value, self._says("decimal_point"))
        except CalculationError as error:
            return Answer(self._says(f"sum_{error.reason.name.lower()}"), done=False)
        one, many = self._says.unit(unit)
        amount = f"{number.text} {one if number.text == '1' else many}"
        return Answer(self._says("about_number" if number.rounded else "number", number=amount))
