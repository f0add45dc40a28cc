import pytest

from assistant.speaking.speakable import speakable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("$3.50", "3 dollars 50"),
        ("$3.05", "3 dollars and 5 cents"),
        ("$0.99", "99 cents"),
        ("$1", "1 dollar"),
        ("$1.00", "1 dollar"),
        ("$1,234.56.", "1,234 dollars 56."),
        ("$3.5", "3.5 dollars"),
        ("£3.01", "3 pounds and 1 penny"),
        ("£0.50", "50 pence"),
        ("€5 or 5 € or 5€", "5 euros or 5 euros or 5 euros"),
        ("¥500", "500 yen"),
        ("5¢", "5 cents"),
        ("$2 million", "2 million dollars"),
        ("$2.5M", "2.5 million dollars"),
        ("$5k", "5 thousand dollars"),
        ("$10-$20", "10 to 20 dollars"),
        ("$10–20", "10 to 20 dollars"),
        ("-$5", "minus 5 dollars"),
        ("US$5", "5 dollars"),
        ("$5/month", "5 dollars per month"),
        ("$3/kg", "3 dollars per kilogram"),
    ],
)
def test_money(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("3.5 °C", "3.5 degrees Celsius"),
        ("-5°F", "minus 5 degrees Fahrenheit"),
        ("1 °C", "1 degree Celsius"),
        ("20°", "20 degrees"),
        ("60 km/h", "60 kilometers per hour"),
        ("1 mph", "1 mile per hour"),
        ("5 kg", "5 kilograms"),
        ("5kg.", "5 kilograms."),
        ("1 kg", "1 kilogram"),
        ("5 ft. tall", "5 feet tall"),
        ("2 L or 250 ml", "2 liters or 250 milliliters"),
        ("5 m²", "5 square meters"),
        ("7 m^3", "7 cubic meters"),
        ("10 m/s", "10 meters per second"),
        ("2.4 GHz", "2.4 gigahertz"),
        ("5 kWh", "5 kilowatt-hours"),
        ("7 l/100 km", "7 liters per 100 kilometers"),
        ("50%", "50 percent"),
        ("1/2 kg", "1 half kilogram"),
        ("1½ kg", "1 and 1 half kilograms"),
        ("he is 5'10\" tall", "he is 5 foot 10 tall"),
        ("5 more, 5 in all, 5G", "5 more, 5 in all, 5G"),
    ],
)
def test_a_measure(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("5-10 or 5–10", "5 to 10 or 5 to 10"),
        ("5 – 10", "5 to 10"),
        ("50%-60%", "50 percent to 60 percent"),
        ("500-1000 words", "500 to 1000 words"),
        ("-5 to -10", "minus 5 to minus 10"),
        ("−5", "minus 5"),
        ("Monday–Friday", "Monday to Friday"),
        ("a well-known 5-star COVID-19 hotel", "a well-known 5-star COVID-19 hotel"),
        ("1-2-3", "1 2 3"),
    ],
)
def test_a_range(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("555-1234", "5 5 5, 1 2 3 4"),
        ("(555) 123-4567", "5 5 5, 1 2 3, 4 5 6 7"),
        ("+1 555-123-4567", "plus 1, 5 5 5, 1 2 3, 4 5 6 7"),
        ("Call 911 now", "Call 9 1 1 now"),
    ],
)
def test_a_phone_number_is_said_digit_by_digit(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("5 - 3 = 2", "5 minus 3 equals 2"),
        ("2+2=4", "2 plus 2 equals 4"),
        ("3 × 4, 3 * 4, 3*4, 3 x 4", "3 times 4, 3 times 4, 3 times 4, 3 times 4"),
        ("8 ÷ 2, 8 / 2, 8/2", "8 divided by 2, 8 divided by 2, 8 over 2"),
        ("x² + y³", "x squared plus y cubed"),
        ("2^10 or 10⁻³", "2 to the power of 10 or 10 to the power of minus 3"),
        ("1920x1080", "19 20 by 1080"),
        ("16:9", "16 to 9"),
        ("1/2 cup and ¾", "1 half cup and 3 quarters"),
        ("2 2/3 cups", "2 and 2 thirds cups"),
        ("8/10", "8 out of 10"),
        ("120/80", "120 over 80"),
        ("the 100th of 1,000th", "the 1 hundredth of 1 thousandth"),
    ],
)
def test_a_sum_or_a_fraction(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize("number", ["5", "3.5", "1,000,000", "2nd", "21st", "3.5.2", "0042", "1234567"])
def test_a_plain_number_is_left_to_the_voice(number: str) -> None:
    assert speakable(number) == number
