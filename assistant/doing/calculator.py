"""Works out sums that a person says, and writes numbers as a voice should say them. Pure, any thread.

Sums are worked out in fractions, so that 0.1+0.2 is 0.3 and 1/3*3 is 1. What is no fraction (√2), or would take too
many digits, is rounded to 50 of them: nothing that can be said takes longer than a few milliseconds.
"""

import re
from collections import deque
from dataclasses import dataclass
from decimal import Context, Decimal, Overflow, Underflow
from enum import Enum
from fractions import Fraction
from itertools import count
from math import floor

from assistant.errors import AssistantError

_MAX_CHARACTERS = 100
_MAX_EXACT_BITS = 2048
_N_DIGITS = 50  # of what is not kept as an exact fraction
_NOISE = Fraction(1, 10**40)  # a relative difference that only such rounding makes
_MAX_EXPONENT = 2000  # of ten: twice what the product of two exact numbers can reach

_MAX_SPOKEN = 10**15
_MIN_SPOKEN = Fraction(1, 10**12)

_TOKEN = re.compile(r"\*\*|[-+*/√∛()]|[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_OTHER_SIGNS = str.maketrans({"×": "*", "÷": "/", "−": "-", "^": "**"})
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 3}
_DEGREES = {"√": 2, "∛": 3}


class Reason(Enum):
    """Why there is no result."""

    NOT_A_SUM = "that is not a sum"
    DIVISION_BY_ZERO = "nothing can be divided by zero"
    NO_REAL_RESULT = "no real number is the result"
    TOO_LARGE = "that is too large to work out or to say"
    TOO_SMALL = "that is too close to zero to work out or to say"
    UNKNOWN_UNIT = "one of the units is not known"
    DIFFERENT_KINDS = "the units measure different things"


class CalculationError(AssistantError):
    """A sum or a conversion has no result, or none that can be said."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SpokenNumber:
    """A number as it is to be said."""

    text: str
    rounded: bool  # the number itself is a little more or less: "about"


def evaluate(expression: str) -> Fraction:
    """The value of a sum: numbers, + - * / ** √ ∛, parentheses, signs (and × ÷ ^).

    Roots go before powers, powers before signs: √16**2 is 16 and -3**2 is -9. CalculationError for a text that is no
    sum, is longer than a hundred characters or has no result.
    """
    if len(expression) > _MAX_CHARACTERS:
        raise CalculationError(Reason.TOO_LARGE)
    text = expression.translate(_OTHER_SIGNS)
    tokens = deque(_TOKEN.findall(text))
    if "".join(tokens) != "".join(text.split()):
        raise CalculationError(Reason.NOT_A_SUM)
    try:
        value = _expression(tokens)
    except Overflow as error:
        raise CalculationError(Reason.TOO_LARGE) from error
    except Underflow as error:
        raise CalculationError(Reason.TOO_SMALL) from error
    if tokens:
        raise CalculationError(Reason.NOT_A_SUM)
    return value


def spoken_number(value: Fraction | int, decimal_point: str = ".") -> SpokenNumber:
    """The number in figures, with three decimals at most, or below one three figures that count: 3.142, 0.00012.

    Thousands are set apart, as a voice may take 1984 for a year: 1,984 or, if the decimal point is a comma, 1.984.
    CalculationError beyond 10**15 and, zero aside, within 10**-12 of zero.
    """
    size = abs(Fraction(value))
    if size > _MAX_SPOKEN:
        raise CalculationError(Reason.TOO_LARGE)
    if 0 < size < _MIN_SPOKEN:
        raise CalculationError(Reason.TOO_SMALL)
    first_place = next(n for n in count(1) if size * 10**n >= 1) if size else 1  # of a figure, 2 in 0.05
    n_decimals = first_place + 2
    scale = 10**n_decimals
    figures = floor(size * scale + Fraction(1, 2))
    whole, part = divmod(figures, scale)
    separator = "." if decimal_point == "," else ","
    text = ("-" if value < 0 else "") + f"{whole:,}".replace(",", separator)
    if part:
        text += decimal_point + f"{part:0{n_decimals}}".rstrip("0")
    return SpokenNumber(text, rounded=abs(Fraction(figures, scale) - size) > size * _NOISE)


def _expression(tokens: deque[str], above: int = 0) -> Fraction:
    """Takes the longest sum from the tokens whose operators bind tighter than `above`."""
    value = _operand(tokens)
    while tokens and (binding := _BINDING.get(tokens[0], 0)) > above:
        operator = tokens.popleft()
        from_the_right = operator == "**"  # 2**3**2 is 2**9
        value = _bounded(_applied(operator, value, _expression(tokens, binding - from_the_right)))
    return value


def _operand(tokens: deque[str]) -> Fraction:
    token = tokens.popleft() if tokens else ""
    if token == "-":
        return -_expression(tokens, _BINDING["*"])
    if token in _DEGREES:
        return _root(_operand(tokens), _DEGREES[token])
    if token == "(":
        value = _expression(tokens)
        if tokens and tokens.popleft() == ")":
            return value
        raise CalculationError(Reason.NOT_A_SUM)
    if token in {"", ")", *_BINDING}:
        raise CalculationError(Reason.NOT_A_SUM)
    return Fraction(token)


def _applied(operator: str, left: Fraction, right: Fraction) -> Fraction:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            if right == 0:
                raise CalculationError(Reason.DIVISION_BY_ZERO)
            return left / right
        case _:
            return _power(left, right)


def _root(value: Fraction, degree: int) -> Fraction:
    if value < 0 and degree % 2:
        return -_root(-value, degree)
    return _power(value, Fraction(1, degree))


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    whole = exponent.denominator == 1
    if base == 0:
        if exponent < 0:
            raise CalculationError(Reason.DIVISION_BY_ZERO)
        return Fraction(exponent == 0)
    if base < 0 and not whole:
        raise CalculationError(Reason.NO_REAL_RESULT)
    n_bits = max(base.numerator.bit_length(), base.denominator.bit_length()) - 1  # so that ones have none
    if whole and n_bits * abs(exponent) <= _MAX_EXACT_BITS:
        return Fraction(base**exponent.numerator)
    size = _approximate_power(abs(base), exponent)
    return -size if base < 0 and exponent.numerator % 2 else size


def _approximate_power(base: Fraction, exponent: Fraction) -> Fraction:
    """To 50 digits; a fraction that comes so close to the result that it must be the result is returned exactly."""
    context = _context()
    power = Fraction(context.power(_decimal(base, context), _decimal(exponent, context)))
    simple = power.limit_denominator(10**15)
    return simple if abs(simple - power) < power * _NOISE else power


def _bounded(value: Fraction) -> Fraction:
    """The value, to 50 digits if it has too many for exact sums to stay quick."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) <= _MAX_EXACT_BITS:
        return value
    return Fraction(_decimal(value, _context()))


def _context() -> Context:
    """Of its own for each use, as a context may not be shared by threads."""
    return Context(_N_DIGITS, Emin=-_MAX_EXPONENT, Emax=_MAX_EXPONENT, traps=[Overflow, Underflow])


def _decimal(value: Fraction, context: Context) -> Decimal:
    return context.divide(context.create_decimal(value.numerator), context.create_decimal(value.denominator))
