import subprocess
import sys
from fractions import Fraction
from importlib.resources import files
from itertools import product
from threading import Thread

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.doing.calculator import CalculationError, Reason
from assistant.doing.units import convert, warm

FOLDER = files("assistant.doing").joinpath("languages")
LANGUAGES = sorted(file.name for file in FOLDER.iterdir() if file.name.endswith(".yaml"))


def units_of(language: str) -> list[str]:
    source = yaml.safe_load(FOLDER.joinpath(language).read_text(encoding="utf-8"))
    return [unit["out"] for unit in source["lists"]["unit"]["values"]]


NAMES = units_of("en.yaml")


def reason_for(from_unit: str, to_unit: str) -> Reason:
    with pytest.raises(CalculationError) as caught:
        convert(1, from_unit, to_unit)
    return caught.value.reason


def is_convertible(from_unit: str, to_unit: str) -> bool:
    try:
        convert(1, from_unit, to_unit)
    except CalculationError as error:
        assert error.reason is Reason.DIFFERENT_KINDS
        return False
    return True


ALIKE = [pair for pair in product(NAMES, NAMES) if is_convertible(*pair)]


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "result"),
    [
        ("5", "mile", "kilometer", "8.04672"),
        ("1", "foot", "inch", "12"),
        ("1", "stone", "pound", "14"),
        ("1", "metric_ton", "kilogram", "1000"),
        ("1", "ounce", "gram", "28.349523125"),
        ("2.5", "gallon", "cup", "40"),
        ("1", "pint", "fluid_ounce", "16"),
        ("1", "tablespoon", "teaspoon", "3"),
        ("1", "cup", "milliliter", "236.5882365"),
        ("3", "week", "hour", "504"),
        ("1", "gigabyte", "megabyte", "1000"),
        ("100", "kilometer / hour", "mile / hour", "15625000/251460"),
        ("1", "foot ** 2", "meter ** 2", "0.09290304"),
        ("100", "hectare", "meter ** 2", "1000000"),
    ],
)
def test_an_amount_is_converted_exactly(value: str, from_unit: str, to_unit: str, result: str) -> None:
    assert convert(Fraction(value), from_unit, to_unit) == Fraction(result)


@pytest.mark.parametrize(("celsius", "fahrenheit"), [("100", "212"), ("0", "32"), ("-40", "-40"), ("36.6", "97.88")])
def test_temperatures_know_where_their_scales_begin(celsius: str, fahrenheit: str) -> None:
    assert convert(Fraction(celsius), "degree_Celsius", "degree_Fahrenheit") == Fraction(fahrenheit)
    assert convert(Fraction(fahrenheit), "degree_Fahrenheit", "degree_Celsius") == Fraction(celsius)


@pytest.mark.parametrize(
    ("from_unit", "to_unit", "result"), [("cup", "ounce", 8), ("ounce", "cup", Fraction(1, 8)), ("pound", "ounce", 16)]
)
def test_an_ounce_is_a_fluid_one_beside_a_volume(from_unit: str, to_unit: str, result: Fraction) -> None:
    assert convert(1, from_unit, to_unit) == result


@pytest.mark.parametrize(
    ("from_unit", "to_unit"),
    [
        ("pound", "meter"),
        ("pound", "liter"),
        ("ounce", "meter"),
        ("degree_Celsius", "meter"),
        ("meter ** 2", "meter"),
        ("mile / hour", "mile"),
    ],
)
def test_units_of_different_kinds_are_told_apart(from_unit: str, to_unit: str) -> None:
    assert reason_for(from_unit, to_unit) is Reason.DIFFERENT_KINDS


@pytest.mark.parametrize(
    "unit", ["", "parrot", "if", "nan", "12", "2 * meter", "meter ** 9 ** 9 ** 9", "meter; 1", "m" * 1_000_000]
)
def test_an_unknown_unit_is_told(unit: str) -> None:
    assert reason_for(unit, "meter") is Reason.UNKNOWN_UNIT
    assert reason_for("meter", unit) is Reason.UNKNOWN_UNIT


def test_units_that_are_logarithms_are_not_known() -> None:
    assert reason_for("decibel", "neper") is Reason.UNKNOWN_UNIT


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_unit_that_can_be_said_is_known(language: str) -> None:
    names = units_of(language)
    assert names and all(convert(3, name, name) == 3 for name in names)


@given(st.sampled_from(ALIKE), st.fractions(-(10**6), 10**6, max_denominator=1000))
def test_there_and_back_is_where_it_was(pair: tuple[str, str], value: Fraction) -> None:
    unit, other = pair
    assert convert(convert(value, unit, other), other, unit) == value


@given(
    st.one_of(st.text(), st.from_regex(r"[a-z_]{1,6}( ?\*\* ?[23])?( ?/ ?[a-zA-Z]{1,3})?", fullmatch=True)),
    st.sampled_from(NAMES),
)
def test_no_name_raises_anything_but_a_calculation_error(name: str, known: str) -> None:
    for pair in ((name, known), (known, name), (name, name)):
        try:
            assert isinstance(convert(1, *pair), Fraction)
        except CalculationError as error:
            assert error.reason in {Reason.UNKNOWN_UNIT, Reason.DIFFERENT_KINDS}


def test_threads_may_convert_at_once_while_the_units_load() -> None:
    results: list[Fraction] = []
    threads = [Thread(target=lambda: results.append(convert(1, "mile", "meter"))) for _ in range(4)]
    threads.append(Thread(target=warm))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [Fraction("1609.344")] * 4


def test_the_units_are_loaded_only_when_they_are_wanted() -> None:
    script = (
        "import sys; from assistant.doing.units import convert, warm; assert 'pint' not in sys.modules;"
        "warm(); assert 'pint' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
