"""Numbers and amounts of money in the form that an API wants."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from connections.exchange.language.values import ValueProblem, is_empty, text_of

_MAX_DIGITS = 18
_MIN_EXPONENT = -100


def whole_number(value: object) -> object:
    return value if is_empty(value) else int(_decimal(value))


def rounded(value: object, digits: int = 0) -> object:
    """Return the number with so many digits after the point, half of one rounded away from 0."""
    return value if is_empty(value) else _rounded(_decimal(value), digits)


def cents(value: object) -> object:
    """Return an amount in hundredths, as a whole number."""
    return value if is_empty(value) else int(_rounded(_decimal(value) * 100, 0))


def plus(value: object, number: int) -> object:
    """Return the value so much larger; a whole number stays one."""
    if is_empty(value):
        return value
    total = _decimal(value) + number
    return int(total) if total == total.to_integral_value() else total


def _decimal(value: object) -> Decimal:
    try:
        number = Decimal(text_of(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    # The exponent is bounded: 1e999999 is short to write, slow to count and long to print.
    if not number.is_finite() or not _MIN_EXPONENT <= number.adjusted() < _MAX_DIGITS:
        raise ValueProblem("not_a_number", "this value is not a number, like 12 or 12.50")
    return number


def _rounded(number: Decimal, digits: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
