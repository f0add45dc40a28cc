"""Converts amounts from one unit into another. Any thread; conversions wait for one another.

The units are pint's, so cups, pints and gallons are those of the United States. Importing pint and reading its units
takes 0.3 s on a desktop and more on a Raspberry Pi: that is done once, by the first conversion or by `warm`.
"""

import re
from fractions import Fraction
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from assistant.doing.calculator import CalculationError, Reason

if TYPE_CHECKING:
    from pint import Unit, UnitRegistry

_ONE_UNIT = r"[A-Za-z_]{1,40}(?: ?\*\* ?[23])?"
_UNIT = re.compile(rf"{_ONE_UNIT}(?: ?/ ?{_ONE_UNIT})?")  # pint itself would work out "meter ** 9 ** 9 ** 9"

_pint_in_use = Lock()


def warm() -> None:
    """Loads the units, so that the first conversion need not."""
    with _pint_in_use:
        _registry()


def convert(value: Fraction | int, from_unit: str, to_unit: str) -> Fraction:
    """The amount in the other unit, exactly.

    Units by their names in pint: "ounce", "degree_Celsius", "meter ** 2", "kilometer / hour". An ounce is a fluid ounce
    beside a volume. CalculationError when a unit is not known, or when the two measure different things.
    """
    with _pint_in_use:
        unit, other = _unit(from_unit), _unit(to_unit)
        unit, other = _fluid_beside(other, unit), _fluid_beside(unit, other)
        return _converted(value, unit, other)


@cache
def _registry() -> "UnitRegistry[Fraction]":
    from pint import UnitRegistry  # noqa: PLC0415  # slow, see above

    return UnitRegistry(non_int_type=Fraction)


def _unit(name: str) -> "Unit":
    from pint import UndefinedUnitError  # noqa: PLC0415

    if not _UNIT.fullmatch(name):
        raise CalculationError(Reason.UNKNOWN_UNIT)
    try:
        return _registry().Unit(name)
    except (UndefinedUnitError, ValueError) as error:  # pint takes "nan" for a number
        raise CalculationError(Reason.UNKNOWN_UNIT) from error


def _fluid_beside(neighbor: "Unit", unit: "Unit") -> "Unit":
    """The unit as people mean it beside the other: "how many ounces in a cup"."""
    units = _registry()
    is_volume = neighbor.dimensionality == units.Unit("liter").dimensionality
    return units.Unit("fluid_ounce") if is_volume and unit == units.Unit("ounce") else unit


def _converted(value: Fraction | int, unit: "Unit", other: "Unit") -> Fraction:
    from pint import DimensionalityError  # noqa: PLC0415

    try:
        return Fraction(_registry().Quantity(Fraction(value), unit).to(other).magnitude)
    except DimensionalityError as error:
        raise CalculationError(Reason.DIFFERENT_KINDS) from error
    except TypeError as error:  # a logarithmic unit (decibel), for which pint wants floats
        raise CalculationError(Reason.UNKNOWN_UNIT) from error
