from fractions import Fraction
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.doing.calculator import CalculationError, Reason, SpokenNumber, evaluate, spoken_number
from assistant.doing.commands import Commands

SIGNS = st.text("0123456789.+-*/√∛()×÷^ ", max_size=110)
WHOLE = st.integers(-(10**15), 10**15)
BEYOND_SPEECH = {Reason.TOO_LARGE, Reason.TOO_SMALL}


@st.composite
def sums(draw: st.DrawFn, depth: int = 3) -> tuple[str, Fraction | None]:
    """A sum, and what Python's fractions make of it (None if they divide by zero on the way)."""
    if depth == 0 or draw(st.booleans()):
        number = draw(st.one_of(st.integers(0, 9999).map(str), st.decimals(0, 99, places=2).map(str)))
        return number, Fraction(number)
    left_text, left = draw(sums(depth - 1))
    operator = draw(st.sampled_from(["+", "-", "*", "/", "**", "negative"]))
    if operator == "negative":
        return f"-({left_text})", None if left is None else -left
    if operator == "**":
        exponent = draw(st.integers(-2, 3))
        undefined = left is None or (left == 0 and exponent < 0)
        return f"({left_text})**{exponent}", None if undefined or left is None else Fraction(left**exponent)
    right_text, right = draw(sums(depth - 1))
    text = f"({left_text}){operator}({right_text})"
    if left is None or right is None or (operator == "/" and right == 0):
        return text, None
    results = {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1)}
    return text, results[operator]


def reason_for(expression: str) -> Reason:
    with pytest.raises(CalculationError) as caught:
        evaluate(expression)
    return caught.value.reason


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("12*7", "84"),
        ("3.1+4", "7.1"),
        ("20/100*80", "16"),
        ("50+20/100*80", "66"),
        ("5**2", "25"),
        ("-3+4", "1"),
        ("5--3", "8"),
        ("2+3*4", "14"),
        ("(2+3)*4", "20"),
        ("10-4-3", "3"),
        ("24/4/2", "3"),
        ("-3**2", "-9"),
        ("2**-2", "1/4"),
        ("2**3**2", "512"),
        ("0**0", "1"),
        (" 6 × 4 ÷ 3 − 2^2 ", "4"),
        (".5*4", "2"),
    ],
)
def test_a_sum_is_worked_out_with_the_usual_precedence(expression: str, value: str) -> None:
    assert evaluate(expression) == Fraction(value)


@pytest.mark.parametrize(("expression", "value"), [("0.1+0.2", "0.3"), ("1/3*3", "1"), ("4.35*100", "435")])
def test_decimals_and_fractions_are_exact(expression: str, value: str) -> None:
    assert evaluate(expression) == Fraction(value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("√16", "4"),
        ("√2.25", "1.5"),
        ("√(1/9)", "1/3"),
        ("√0", "0"),
        ("∛27", "3"),
        ("∛-27", "-3"),
        ("√√81", "3"),
        ("√16**2", "16"),
        ("√9+7", "10"),
        ("√(9+7)", "4"),
        ("16**0.5", "4"),
        ("4**1.5", "8"),
        ("√(10**60)", "1" + "0" * 30),
    ],
)
def test_a_root_that_is_a_fraction_is_exact(expression: str, value: str) -> None:
    assert evaluate(expression) == Fraction(value)


def test_other_roots_are_right_to_many_digits() -> None:
    assert abs(evaluate("√2") ** 2 - 2) < Fraction(1, 10**45)
    assert abs(evaluate("∛10") ** 3 - 10) < Fraction(1, 10**45)


@pytest.mark.parametrize("expression", ["10/0", "1/(2-2)", "0**-1", "0**-0.5"])
def test_division_by_zero_is_told(expression: str) -> None:
    assert reason_for(expression) is Reason.DIVISION_BY_ZERO


@pytest.mark.parametrize("expression", ["√-4", "√(1-5)", "(-8)**0.5"])
def test_an_imaginary_result_is_told(expression: str) -> None:
    assert reason_for(expression) is Reason.NO_REAL_RESULT


@pytest.mark.parametrize(
    "expression",
    ["", " ", "abc", "1+", "*2", "(1", "1)", "1 2", "2(3)", "√", "1..2", "1,000", "* *", "٣+٤", "2 ** ", "()", "0x10"],
)
def test_what_is_no_sum_is_told(expression: str) -> None:
    assert reason_for(expression) is Reason.NOT_A_SUM


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("999999999**999999999", Reason.TOO_LARGE),
        ("(-999999999)**999999999", Reason.TOO_LARGE),
        ("9**9**9**9", Reason.TOO_LARGE),
        ("**".join(["9"] * 34), Reason.TOO_LARGE),
        ("*".join(["9**999"] * 14), Reason.TOO_LARGE),
        ("999999999**-999999999", Reason.TOO_SMALL),
        ("9" * 1_000_000, Reason.TOO_LARGE),
        ("(" * 1_000_000, Reason.TOO_LARGE),
        ("(" * 100, Reason.NOT_A_SUM),
    ],
)
def test_a_sum_beyond_all_measure_is_refused_at_once(expression: str, reason: Reason) -> None:
    begun = perf_counter()
    assert reason_for(expression) is reason
    assert perf_counter() - begun < 0.1


def test_many_digits_do_not_spoil_a_result_of_common_size() -> None:
    assert evaluate("0.999999**1000000") == pytest.approx(0.999999**1000000)
    assert evaluate("3**2000/3**1999") == pytest.approx(3)
    assert evaluate("(-1)**999999999") == -1


@given(st.one_of(st.text(), SIGNS))
def test_no_text_raises_anything_but_a_calculation_error(text: str) -> None:
    try:
        spoken_number(evaluate(text))
    except CalculationError as error:
        assert error.reason.value == str(error)


@given(sums())
def test_sums_agree_with_pythons_fractions(expression: tuple[str, Fraction | None]) -> None:
    text, value = expression
    if len(text) > 100:
        assert reason_for(text) is Reason.TOO_LARGE
    elif value is None:
        assert reason_for(text) is Reason.DIVISION_BY_ZERO
    else:
        assert evaluate(text) == value


@given(st.fractions(0, 10**6, max_denominator=10**6))
def test_the_roots_of_squares_and_cubes_are_exact(value: Fraction) -> None:
    assert evaluate(f"√({value**2})") == value
    assert evaluate(f"∛({value**3})") == value


@pytest.mark.parametrize(
    ("value", "text", "rounded"),
    [
        ("84", "84", False),
        ("0", "0", False),
        ("-12", "-12", False),
        ("2.5", "2.5", False),
        ("100", "100", False),
        ("3.14159", "3.142", True),
        ("1/3", "0.333", True),
        ("-2/3", "-0.667", True),
        ("2.0005", "2.001", True),
        ("0.05", "0.05", False),
        ("0.00012", "0.00012", False),
        ("0.000123456", "0.000123", True),
        ("0.9996", "1", True),
        ("29.99999", "30", True),
        ("1984", "1,984", False),
        ("1234567.8915", "1,234,567.892", True),
        ("1000000000000000", "1,000,000,000,000,000", False),
        ("0.000000000001", "0.000000000001", False),
    ],
)
def test_a_number_is_said_with_the_decimals_that_matter(value: str, text: str, rounded: bool) -> None:
    assert spoken_number(Fraction(value)) == SpokenNumber(text, rounded)


def test_a_number_is_written_with_the_signs_of_the_language() -> None:
    assert spoken_number(Fraction("-1234.5"), decimal_point=",").text == "-1.234,5"


def test_a_root_multiplied_back_is_not_said_to_be_rounded() -> None:
    assert spoken_number(evaluate("√2*√2")) == SpokenNumber("2", rounded=False)
    assert spoken_number(evaluate("√2")) == SpokenNumber("1.414", rounded=True)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Fraction(10**15 + 1), Reason.TOO_LARGE),
        (Fraction(-(10**400)), Reason.TOO_LARGE),
        (Fraction(1, 10**13), Reason.TOO_SMALL),
    ],
)
def test_a_number_that_nobody_could_follow_is_refused(value: Fraction, reason: Reason) -> None:
    with pytest.raises(CalculationError) as caught:
        spoken_number(value)
    assert caught.value.reason is reason


@given(st.one_of(WHOLE.map(Fraction), st.fractions(-(10**6), 10**6)))
def test_what_is_said_is_near_the_number_and_tells_whether_it_is_the_number(value: Fraction) -> None:
    try:
        said = spoken_number(value)
    except CalculationError as error:
        assert error.reason in BEYOND_SPEECH
        return
    meant = Fraction(said.text.replace(",", ""))
    assert abs(meant - value) <= min(Fraction(1, 2000), abs(value) / 200)
    assert said.rounded == (meant != value)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("what is twenty percent of eighty", "16"),
        ("twelve times seven", "84"),
        ("what is three point one plus four", "7.1"),
        ("what is the square root of sixteen", "4"),
        ("cube root of twenty seven", "3"),
        ("five squared", "25"),
        ("minus three plus four", "1"),
        ("what is one million divided by three", "333,333.333"),
    ],
)
def test_sums_as_they_are_spoken_are_worked_out(commands: Commands, sentence: str, said: str) -> None:
    command = commands.parse(sentence)
    assert command is not None and command.intent == "calculate"
    assert spoken_number(evaluate(str(command.slots["value"]))).text == said


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands("en")
