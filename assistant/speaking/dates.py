"""Dates, years and times of day as an English voice should say them. Pure logic, any thread.

espeak reads "1984" as "nineteen hundred eighty-four", "November 24" as "November twenty-four" and "7:05" as "seven zero
five". It is given "19 84", "November 24th" and "7 oh 5".
"""

from re import Match

from assistant.speaking.rewriting import NUMBER_STARTS, Rules

MONTHS = {
    "Jan": "January",
    "Feb": "February",
    "Mar": "March",
    "Apr": "April",
    "May": "May",
    "Jun": "June",
    "Jul": "July",
    "Aug": "August",
    "Sep": "September",
    "Oct": "October",
    "Nov": "November",
    "Dec": "December",
}
_DECADES = {
    "0": "hundreds",
    "1": "tens",
    "2": "twenties",
    "3": "thirties",
    "4": "forties",
    "5": "fifties",
    "6": "sixties",
    "7": "seventies",
    "8": "eighties",
    "9": "nineties",
}
_MONTH = rf"\b({'|'.join(MONTHS.values())}|{'|'.join(MONTHS)}|Sept)\b"
_DAY = r"(3[01]|[12][0-9]|0?[1-9])"


def _ordinal(number: int) -> str:
    ending = "th" if number in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _iso_date(match: Match[str]) -> str:
    year, month, day = match.groups()
    return f"{tuple(MONTHS.values())[int(month) - 1]} {_ordinal(int(day))}, {year}"


def _month_and_day(match: Match[str]) -> str:
    return f"{MONTHS[match[1][:3]]} {_ordinal(int(match[2]))}"


def _day_and_month(match: Match[str]) -> str:
    return f"{_ordinal(int(match[1]))} of {MONTHS[match[2][:3]]}"


def _two_digits(digits: str) -> str:
    """As they are said after an hour or a century."""
    return f"oh {digits[1]}" if digits[0] == "0" else digits


def _time(match: Match[str]) -> str:
    hour, minute, second, half = int(match[1]), match[2], match[3], match[4] or ""
    if minute != "00" or second:
        return f"{hour} {_two_digits(minute)}" + (f" {_two_digits(second)}" if second else "") + half
    if half:
        return f"{hour}{half}"
    return f"{hour} o'clock" if 1 <= hour <= 12 else f"{hour} hundred"


def _year(match: Match[str]) -> str:
    century, year, plural = match[1], match[2], match[3] or ""
    if plural and year[1] == "0":
        return f"{century} {_DECADES[year[0]]}"
    return f"{century} {'hundred' if year == '00' else _two_digits(year)}{plural}"


def _decade(match: Match[str]) -> str:
    return _DECADES[match[1]]


iso_dates = Rules((rf"{NUMBER_STARTS}(?<!-)([0-9]{{4}})-(0[1-9]|1[0-2])-{_DAY}(?![\w-])", _iso_date))
dates = Rules(
    # "July 1969" has become "July 19 69" when it is read again
    (rf"{_MONTH}\.? {_DAY}(?:st|nd|rd|th)?(?![\w:%]|[.,]\d| (?:[0-9]{{2}}|oh|hundred)\b)", _month_and_day),
    (rf"{NUMBER_STARTS}(?<![-:]){_DAY} {_MONTH}(?:\.(?= \S))?", _day_and_month),
)
half_days = Rules((r"(?<=\d) ?([AaPp])[Mm]\b", lambda match: f" {match[1].upper()}M"))
times = Rules(
    (rf"{NUMBER_STARTS}(?<!:)([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?(?![\w:])( [AP]M\b)?", _time),
)
years = Rules(
    (rf"{NUMBER_STARTS}(?<!-)(1[1-9])([0-9]{{2}})('?s)?(?!\w|[-.,:/]\d)", _year),
    (rf"{NUMBER_STARTS}(?<!-)(20)([1-9]0)('?s)(?!\w)", _year),
    (rf"{NUMBER_STARTS}([1-9])0'?s(?!\w)", _decade),
)
