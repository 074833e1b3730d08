"""What the arguments of filters may be, and the sentences that say so."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeGuard

from connections.exchange.language.countries import region_of
from connections.exchange.language.digests import DIGEST_FORMS, HASHES, KEY_FORMS
from connections.exchange.language.filters import FILTERS, Takes
from connections.exchange.language.moments import is_date_format, is_time_zone

MAX_ARGUMENT_CHARACTERS = 100
MAX_LENGTH = 1_000
MAX_DIGITS = 6
MAX_ADDEND = 10**9


def how_many(name: str) -> str:
    known = FILTERS[name]
    if not known.arguments:
        return "no arguments"
    least, most = known.required, len(known.arguments)
    if least == most:
        return f"{most} in brackets"
    return f"{least} to {most} in brackets" if least else f"at most {most} in brackets"


def _is_short_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_ARGUMENT_CHARACTERS


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


ARGUMENT_CHECKS: Mapping[Takes, Callable[[object], bool]] = {
    Takes.TEXT: _is_short_text,
    Takes.SOUGHT: lambda value: _is_short_text(value) and value != "",
    Takes.FLAG: lambda value: isinstance(value, bool),
    Takes.REGION: lambda value: isinstance(value, str) and region_of(value) is not None,
    Takes.DATE_FORMAT: lambda value: (
        isinstance(value, str) and _is_short_text(value) and is_date_format(value)
    ),
    Takes.TIME_ZONE: lambda value: (
        isinstance(value, str) and _is_short_text(value) and is_time_zone(value)
    ),
    Takes.LENGTH: lambda value: _is_count(value) and 1 <= value <= MAX_LENGTH,
    Takes.DIGITS: lambda value: _is_count(value) and 0 <= value <= MAX_DIGITS,
    Takes.NUMBER: lambda value: _is_count(value) and value <= MAX_ADDEND,
    Takes.HASH: lambda value: value in HASHES,
    Takes.DIGEST_FORM: lambda value: value in DIGEST_FORMS,
    Takes.KEY_FORM: lambda value: value in KEY_FORMS,
}

ARGUMENT_SENTENCES: Mapping[Takes, str] = {
    Takes.TEXT: f"text in quotation marks, at most {MAX_ARGUMENT_CHARACTERS} characters",
    Takes.SOUGHT: f"text in quotation marks, 1 to {MAX_ARGUMENT_CHARACTERS} characters",
    Takes.FLAG: "true or false there",
    Takes.REGION: 'a country like "AU" there',
    Takes.DATE_FORMAT: 'a format like "%Y-%m-%d", or "iso", "epoch" or "epoch_ms", there',
    Takes.TIME_ZONE: 'a time zone like "America/New_York" there',
    Takes.LENGTH: f"a number of characters, 1 to {MAX_LENGTH}, there",
    Takes.DIGITS: f"a number of digits, 0 to {MAX_DIGITS}, there",
    Takes.NUMBER: f"a whole number, 0 to {MAX_ADDEND:,}, there",
    Takes.HASH: f"the name of a hash there, one of {_quoted(HASHES)}",
    Takes.DIGEST_FORM: f"how the result is written there, one of {_quoted(DIGEST_FORMS)}",
    Takes.KEY_FORM: f"how the key is written there, one of {_quoted(KEY_FORMS)}",
}
