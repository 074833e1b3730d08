"""One condition or one extract of a response rule, compiled to a function."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from connections.exchange.config import Condition, Extract, Operator, Source
from connections.exchange.responses.json_path import JsonPathError, compile_json_path
from connections.exchange.responses.received import MISSING, Found, Reading, storable
from connections.exchange.responses.verdict import ConditionTrace
from connections.exchange.responses.xml_path import XmlPathError, compile_xml_path

MAX_FOUND_CHARACTERS = 200
MAX_TEXT_CHARACTERS = 262_144
MAX_PATTERN_CHARACTERS = 500
MAX_SEARCHED_CHARACTERS = 65_536
"""How far a pattern reads into what stands at a place."""
_PATTERN_MEMORY_BYTES = 1 << 20

Find = Callable[[Reading], Sequence[object]]
"""From a response to what stands at one place of it; empty when nothing does."""
Test = Callable[[Reading], ConditionTrace]
Compare = Callable[[Found], bool]

_STATUS_PART = re.compile(r"([1-5])xx|([1-5][0-9]{2})(?:\s*-\s*([1-5][0-9]{2}))?")
_NEGATIVE = {Operator.NOT_EQUALS: Operator.EQUALS, Operator.NOT_CONTAINS: Operator.CONTAINS}
_ANY_RESULT = frozenset({True, False})
_CERTAIN_OF_A_PART = {
    Operator.CONTAINS: frozenset({True}),
    Operator.MATCHES: frozenset({True}),
    Operator.EXISTS: frozenset({True}),
    Operator.NOT_CONTAINS: frozenset({False}),
    Operator.NOT_EXISTS: frozenset({False}),
}
"""What the beginning of a text says of the whole: that something stands there, never that not."""
_WITH_PATH = frozenset({Source.HEADER, Source.JSON, Source.XML})
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class RuleError(Exception):
    """A part of a rule that cannot be used; `field` is the part's name in the configuration."""

    field: str
    code: str
    detail: str


def compile_condition(condition: Condition) -> Test:
    """Return the test that a condition stands for.

    A condition on a place where several values stand holds when one of them fits. The
    negative operators are the exact opposite of the positive ones, so they hold when
    nothing stands there: a missing `$.error` is not equal to `limit`. JSON `null` exists
    for no one: `{"id": null}` does not have an id.

    *Raises* RuleError.
    """
    find = compile_place(condition)
    compare = _compile_compare(condition)
    place = f"{condition.source.value} {condition.path}"

    def test(reading: Reading) -> ConditionTrace:
        found = reading.found.get(place)
        if found is None:
            found = reading.found[place] = _look(find, reading)
        return ConditionTrace(compare(found), found.shown)

    return test


def certain_results(condition: Condition) -> frozenset[bool]:
    """Return which results of a condition hold although only the beginning of the body is known.

    Half a document is neither JSON nor XML, so of what stands in it nothing is certain.
    """
    if condition.source in (Source.STATUS, Source.HEADER):
        return _ANY_RESULT
    if condition.source is Source.BODY:
        return _CERTAIN_OF_A_PART.get(condition.operator, frozenset())
    return frozenset()


def compile_extract(extract: Extract) -> Callable[[Reading], str | None]:
    """Return the function that reads the first value at a place, or None. *Raises* RuleError."""
    find = compile_place(extract)
    if extract.pattern is None:

        def read(reading: Reading) -> str | None:
            return next((as_text(value) for value in find(reading) if value is not None), None)

        return read
    cut = _compile_cut(extract.pattern)

    def read_part(reading: Reading) -> str | None:
        texts = _searched(_texts([value for value in find(reading) if value is not None]))
        return next((part for part in map(cut, texts) if part is not None), None)

    return read_part


def pattern_size(pattern: str) -> int:
    """Return in how many steps RE2 writes a pattern: each may be taken once for each character."""
    size: int = _compile_pattern(pattern, field="pattern", case_sensitive=False).programsize
    return size


def _compile_cut(pattern: str) -> Callable[[str], str | None]:
    compiled = _compile_pattern(pattern, field="pattern", case_sensitive=False)
    group = 1 if compiled.groups else 0

    def cut(text: str) -> str | None:
        match = compiled.search(text)
        return match.group(group) if match else None

    return cut


def compile_place(place: Condition | Extract) -> Find:
    """Return the function that finds the values at a source and path. *Raises* RuleError."""
    if place.source in _WITH_PATH:
        if not place.path:
            raise RuleError("path", "missing", f"say what to look at in the {place.source.value}")
        return _WITH_PATH_FINDERS[place.source](place.path)
    if place.path:
        raise RuleError("path", "not_used", f"{place.source.value} has no path: leave it empty")
    return _status if place.source is Source.STATUS else _body


def as_text(value: object) -> str:
    """Return a value as JSON writes it, except that a text has no quotes around it."""
    if isinstance(value, str):
        return storable(value)
    if not isinstance(value, dict | list | bool | None):
        return str(value)
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except RecursionError:
        return ""
    return storable(text)


def shortened(text: str, limit: int) -> str:
    """Cut a text to `limit` characters, the last of them `…` when something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def parse_statuses(value: str | Sequence[str]) -> frozenset[str]:
    """Return the statuses that `200-299, 304`, `4xx` or a list of such names.

    *Raises* RuleError.
    """
    statuses: set[int] = set()
    for part in _parts(value):
        match = _STATUS_PART.fullmatch(part.lower())
        if match is None:
            raise RuleError(
                "value", "status", f'"{part}" is no status: write 201, 200-299 or 4xx, with commas'
            )
        first = int(match[1] or match[2]) * (100 if match[1] else 1)
        last = first + 99 if match[1] else int(match[3] or first)
        if last < first:
            raise RuleError("value", "status", f'"{part}" runs backwards: write the lower first')
        statuses.update(range(first, last + 1))
    return frozenset(map(str, statuses))


def _parts(value: str | Sequence[str]) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _status(reading: Reading) -> Sequence[object]:
    return (str(reading.response.status),)


def _body(reading: Reading) -> Sequence[object]:
    return (reading.text,) if reading.text else ()


def _header(name: str) -> Find:
    if _HEADER_NAME.fullmatch(name) is None:
        raise RuleError("path", "header_name", f'"{name}" is not a header name')
    wanted = name.lower()
    return lambda reading: reading.response.header_values(wanted)


def _json(path: str) -> Find:
    try:
        find = compile_json_path(path)
    except JsonPathError as error:
        raise RuleError("path", "json_path", str(error)) from error
    return lambda reading: () if reading.json is MISSING else find(reading.json)


def _xml(path: str) -> Find:
    try:
        find = compile_xml_path(path)
    except XmlPathError as error:
        raise RuleError("path", "xml_path", str(error)) from error
    return lambda reading: () if reading.xml is None else find(reading.xml)


_WITH_PATH_FINDERS = {Source.HEADER: _header, Source.JSON: _json, Source.XML: _xml}


def _compile_compare(condition: Condition) -> Compare:
    if condition.operator in (Operator.EXISTS, Operator.NOT_EXISTS):
        if condition.value not in (None, "", ()):
            raise RuleError("value", "not_used", "this operator compares nothing: leave it empty")
        wanted = condition.operator is Operator.EXISTS
        return lambda found: any(value is not None for value in found.values) is wanted
    if condition.operator is Operator.MATCHES:
        return _compile_matches(condition)
    fits = _compile_fits(condition, _NEGATIVE.get(condition.operator, condition.operator))
    negative = condition.operator in _NEGATIVE

    def compare(found: Found) -> bool:
        for text in found.texts:  # a plain loop: this is the hottest line of the rules
            if fits(text):
                return not negative
        return negative

    return compare


def _compile_matches(condition: Condition) -> Compare:
    value, case_sensitive = _one_value(condition), condition.case_sensitive
    pattern = _compile_pattern(value, field="value", case_sensitive=case_sensitive)
    return lambda found: any(pattern.search(text) for text in _searched(found.texts))


def _one_value(condition: Condition) -> str:
    value = condition.value
    if not value:
        raise RuleError("value", "missing", "say what to compare with")
    if isinstance(value, tuple):
        raise RuleError("value", "one_value", 'a list is for the operator "in": write one value')
    return value


def _compile_fits(condition: Condition, operator: Operator) -> Callable[[str], bool]:
    if operator is Operator.IN:
        return _compile_in(condition)
    value = _one_value(condition)
    if condition.source is Source.STATUS and operator is Operator.EQUALS and not value.isdigit():
        raise RuleError(
            "value", "status", f'"{value}" is more than one status: use the operator "in"'
        )
    return _compile_text(value, operator, case_sensitive=condition.case_sensitive)


def _compile_text(value: str, operator: Operator, *, case_sensitive: bool) -> Callable[[str], bool]:
    folded = value.casefold()
    match operator, case_sensitive:
        case Operator.EQUALS, True:
            return lambda text: text == value
        case Operator.EQUALS, False:
            return lambda text: text.casefold() == folded
        case _, True:
            return lambda text: value in text
        case _:
            return lambda text: folded in text.casefold()


def _compile_in(condition: Condition) -> Callable[[str], bool]:
    if not condition.value or not _parts(condition.value):
        raise RuleError("value", "missing", "list the values that fit")
    if condition.source is Source.STATUS:
        return parse_statuses(condition.value).__contains__
    listed = condition.value
    values = _parts(listed) if isinstance(listed, str) else [text.strip() for text in listed]
    if condition.case_sensitive:
        return frozenset(values).__contains__
    folded = frozenset(value.casefold() for value in values)
    return lambda text: text.casefold() in folded


def _compile_pattern(pattern: str, *, field: str, case_sensitive: bool) -> Any:
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise RuleError(field, "pattern", f"the pattern is over {MAX_PATTERN_CHARACTERS} long")
    options = re2.Options()
    options.max_mem = _PATTERN_MEMORY_BYTES
    options.log_errors = False
    options.case_sensitive = case_sensitive
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        cause = error.args[0] if error.args else "it is not understood"
        cause = cause.decode("utf-8", "replace") if isinstance(cause, bytes) else str(cause)
        detail = (
            f"this pattern cannot be used: {cause}. RE2 has no lookaround and no back reference"
        )
        raise RuleError(field, "pattern", detail) from error


def _look(find: Find, reading: Reading) -> Found:
    values = find(reading)
    texts = _texts(values)
    return Found(values, texts, _shown(texts))


def _texts(values: Sequence[object]) -> list[str]:
    """Return the values as texts, the last ones left out when they come to very much together.

    They can: where a path finds each of many containers inside each other.
    """
    texts: list[str] = []
    room = MAX_TEXT_CHARACTERS
    for value in values:
        texts.append(as_text(value))
        room -= len(texts[-1])
        if room < 0:
            break
    return texts


def _searched(texts: Sequence[str]) -> Iterator[str]:
    """Yield as much of the texts as a pattern reads."""
    room = MAX_SEARCHED_CHARACTERS
    for text in texts:
        if room > 0:
            yield text[:room]
        room -= len(text)


def _shown(texts: Sequence[str]) -> str | None:
    if not texts:
        return None
    text = texts[0] if len(texts) == 1 else ", ".join(texts[:MAX_FOUND_CHARACTERS])
    return shortened(text, MAX_FOUND_CHARACTERS)
