"""Money, measures, ranges and sums as an English voice should say them. Pure logic, any thread.

espeak reads "$3.50" as "dollar three point five zero", "5 kg" as "five K G", "1/2" as "one slash two", "5-10" as "five
dash ten" and "100th" as "one hundred th". Other plain numbers (1,000, 3.5, 22nd) it reads well; they are left to it.
"""

from re import Match

from assistant.speaking.rewriting import NUMBER, NUMBER_STARTS, Rules, any_of

_CURRENCIES = {  # and the hundredth part
    "$": ("dollar", "cent"),
    "€": ("euro", "cent"),
    "£": ("pound", "penny"),
    "¥": ("yen", "sen"),
    "₹": ("rupee", "paisa"),
}
_SCALES = {
    "thousand": "thousand k K",
    "million": "million m M",
    "billion": "billion bn B",
    "trillion": "trillion tn T",
}
_FRACTIONS = {"2": "half", "3": "third", "4": "quarter", "5": "fifth", "6": "sixth", "8": "eighth"}
_POWERS = {"2": "square ", "3": "cubic "}
_UNITS = {
    "percent": "%",
    "degree": "°",
    "degree Celsius": "°C",
    "degree Fahrenheit": "°F",
    "cent": "¢",
    "milligram": "mg",
    "gram": "g",
    "kilogram": "kg",
    "ounce": "oz",
    "pound": "lb lbs",
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    "kilometer": "km",
    "foot": "ft",
    "yard": "yd",
    "mile": "mi",
    "hectare": "ha",
    "milliliter": "ml mL",
    "centiliter": "cl",
    "deciliter": "dl",
    "liter": "l L",
    "gallon": "gal",
    "teaspoon": "tsp",
    "tablespoon": "tbsp",
    "millisecond": "ms",
    "second": "sec",
    "minute": "min",
    "hour": "h hr hrs",
    "mile per hour": "mph",
    "kilometer per hour": "kph",
    "hertz": "Hz",
    "kilohertz": "kHz",
    "megahertz": "MHz",
    "gigahertz": "GHz",
    "decibel": "dB",
    "volt": "V",
    "milliamp": "mA",
    "milliamp-hour": "mAh",
    "watt": "W",
    "kilowatt": "kW",
    "kilowatt-hour": "kWh",
    "kilojoule": "kJ",
    "kilocalorie": "kcal",
    "hectopascal": "hPa",
    "kilobyte": "KB kB",
    "megabyte": "MB",
    "gigabyte": "GB",
    "terabyte": "TB",
    "megabit per second": "Mbps",
    "gigabit per second": "Gbps",
}
_IRREGULAR = {"foot": "feet", "half": "halves", "penny": "pence"}
_UNCHANGING = ("percent", "hertz", "yen", "sen", "paisa")


def _by_sign(signs_of: dict[str, str]) -> dict[str, str]:
    return {sign: noun for noun, signs in signs_of.items() for sign in signs.split()}


_SCALE_OF, _UNIT_OF = _by_sign(_SCALES), _by_sign(_UNITS)
_PER = {
    **_UNIT_OF,
    "s": "second",
    **{noun: noun for noun in (*_UNITS, "day", "night", "week", "month", "year", "person")},
}
_PROPER_FRACTION = "(?=1/[234568]|2/[35]|3/[458]|4/5|5/[68]|7/8)([1-7])/([234568])"
_SIGN = f"([{''.join(_CURRENCIES)}])"


def _plural(noun: str) -> str:
    head, space, rest = noun.partition(" ")  # degrees Celsius, miles per hour
    return (head if head.endswith(_UNCHANGING) else _IRREGULAR.get(head, head + "s")) + space + rest


def _counted(number: str, noun: str) -> str:
    return f"{number} {noun if number == '1' else _plural(noun)}"


def _phone_number(match: Match[str]) -> str:
    groups = "".join(character if character.isdecimal() else " " for character in match[0]).split()
    return ("plus " if match[0][0] == "+" else "") + ", ".join(" ".join(group) for group in groups)


def _money(match: Match[str]) -> str:
    unit, small_unit = _CURRENCIES[match[1]]
    whole, part, scale = match[2], match[3] or "", match[4]
    if scale:
        return f"{whole}{part} {_SCALE_OF[scale]} {_plural(unit)}"
    if len(part) != len(".50"):
        return _counted(whole + part, unit)
    n_small = int(part[1:])
    small = _counted(str(n_small), small_unit)
    if whole == "0":
        return small
    return _counted(whole, unit) + (f" {n_small}" if n_small > 9 else f" and {small}" if n_small else "")


def _fraction(match: Match[str]) -> str:
    whole, numerator, denominator = match.groups()
    part = _counted(numerator, _FRACTIONS[denominator])
    return f"{whole} and {part}" if whole else part


def _measure(match: Match[str]) -> str:
    number, unit, power, per = match.groups()
    one = number == "1" or ("/" in number and " " not in number)  # 1/2 liter, but 1 1/2 liters
    noun = _UNIT_OF[unit] if one else _plural(_UNIT_OF[unit])
    return f"{number} {_POWERS.get(power, '')}{noun}" + (f" per {_PER[per]}" if per else "")


phone_numbers = Rules(
    (r"(?<![\w-])(?:\+?\d{1,3}[ .-])?\d{3}[ .-]\d{3}[.-]\d{4}(?![\w-])", _phone_number),
    (rf"{NUMBER_STARTS}(?<![-$])(?!\d\d0-[1-9]\d\d0)\d{{3}}-\d{{4}}(?![\w-])", _phone_number),  # 500-1000 is a range
    (r"(?:(?<=\b[Cc]all )|(?<=\b[Dd]ial ))\d{3}(?![\w-])", _phone_number),
)
ranges = Rules(
    (rf"{_SIGN}({NUMBER}) ?[-–] ?\1?(?=\d)", r"\2 to \1"),
    (r"(?<=\d) – (?=-?\d)|(?<=[\w%])–(?=[-\w])|(?<=\d [AP]M) ?[-–] ?(?=\d)", " to "),
    (r"(?<![\w.,:-])(\d[\d.,:]*(?:%|°[CF]?)?)-(?=\d[\d.,:]*(?![\d.,:]|-\d))", r"\1 to "),
    (rf"(?<=[\d%]) - (?=\d)|(?<![\w%-])-(?=\d|{_SIGN}\d)", " minus "),
)
money = Rules(
    (rf"{NUMBER_STARTS}({NUMBER}) ?([€£¥₹])(?! ?\d)", r"\2\1"),
    (rf"(?:\bUS)?{_SIGN} ?(\d+(?:,\d{{3}})*)(\.\d+)?(?: ?({any_of(_SCALE_OF)})\b)?", _money),
)
measures = Rules(
    (
        rf"{NUMBER_STARTS}((?:\d+ )?\d/\d|{NUMBER}) ?({any_of(_UNIT_OF)})"
        rf"(?:\^?([23]))?(?: ?/ ?({any_of(_PER)}))?(?!\w)(?:\.(?= [a-z]))?",
        _measure,
    ),
    (rf"(?<=s) ?/ ?({any_of(_PER)})\b", lambda match: f" per {_PER[match[1]]}"),
    (r"(?<=s) ?/ ?(?=\d)", " per "),
)
sums = Rules(
    (rf"{NUMBER_STARTS}(?<!/)(?:(\d+) )?{_PROPER_FRACTION}(?![\w/]|[.,]\d)", _fraction),
    (rf"{NUMBER_STARTS}(?<!/)({NUMBER})/(10|100)(?![\w/]|[.,]\d)", r"\1 out of \2"),
    (r"(?<![\w/])(\d{1,4})/(\d{1,2})/(\d{2,4})(?![\w/])", r"\1 \2 \3"),
    (r"(?<=\d)/(?=\d)", " over "),
    (r"(?<=\d) / (?=\d)|÷", " divided by "),
    (r"(?<=\d)x(?=\d)", " by "),
    (r"×|(?<=\d) x (?=\d)", " times "),
    (r"\^2(?!\d)", " squared"),
    (r"\^3(?!\d)", " cubed"),
    (r"\^(?= ?\w)", " to the power of "),
    (r"(?<=\d):(?=\d)", " to "),
    (r"(?<=\d),?000th\b", " thousandth"),
    (r"(?<=\d)00th\b", " hundredth"),
)
