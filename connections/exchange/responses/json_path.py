"""JSONPath (RFC 9535) as far as its cost stays bounded by the size of the answer.

A path can make work that grows with a power of the answer's size. So a path may hold at
most one `..`, one `?` filter and one list of selectors, starts at `$` only once, and has
none of the functions that match regular expressions.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from jsonpath import JSONPathEnvironment
from jsonpath.exceptions import JSONPathError

Find = Callable[[object], Sequence[object]]

MAX_MATCHES = 1_000
MAX_STEPS = 20
"""Of a path that searches: each may look once more at all that is below."""
_NOTHING = object()
_STEP = r"""\.[A-Za-z_][A-Za-z0-9_]*|\[-?[0-9]{1,9}\]|\['[^'\\]*'\]|\["[^"\\]*"\]"""
_EVERY = r"\.\*|\[\*\]"
_SIMPLE = re.compile(rf"\$(?:{_STEP})*")
_SIMPLE_FOR_EVERY = re.compile(rf"\$(?:{_STEP}|{_EVERY})*")
_STEPS = re.compile(rf"{_STEP}|{_EVERY}")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_BOUNDS = (
    ("..", 1, 'one ".."'),
    ("?", 1, 'one "?" filter'),
    (",", 1, "one list of two selectors"),
    ("$", 1, 'one "$", at its start'),
)


class JsonPathError(ValueError):
    """A path that cannot be used; the message is a sentence for the user."""


def _environment() -> JSONPathEnvironment:
    environment = JSONPathEnvironment(strict=True)
    for name in ("match", "search"):
        del environment.function_extensions[name]
    return environment


_ENVIRONMENT = _environment()


def compile_json_path(path: str) -> Find:
    """Return a function from parsed JSON to the values that the path finds in it.

    *Raises* JsonPathError for a path that is wrong or too costly.
    """
    if _SIMPLE.fullmatch(path):
        return _walk(path)
    if _SIMPLE_FOR_EVERY.fullmatch(path):
        return _walk_for_every(path)
    _refuse_costly(path)
    try:
        query = _ENVIRONMENT.compile(path)
    except (JSONPathError, RecursionError) as error:
        cause = str(error).splitlines()[0] if str(error) else "it is nested too deeply"
        hint = """write names with other signs than letters, digits, - and _ like $['@a.b']"""
        raise JsonPathError(f'"{path}" is not a JSONPath: {cause}; {hint}') from error

    def find(document: object) -> Sequence[object]:
        if not isinstance(document, dict | list):
            return ()
        try:
            return [match.obj for match in islice(query.finditer(document), MAX_MATCHES)]
        except (JSONPathError, RecursionError, TypeError, ArithmeticError):
            return ()  # an answer too deep, or values that a filter cannot compare

    return find


def is_search(path: str) -> bool:
    """Say whether a path has to look further than names, indexes and `[*]` lead."""
    return _SIMPLE_FOR_EVERY.fullmatch(path) is None


def _walk(path: str) -> Find:
    """Follow names and indexes only: what nearly every rule needs, ten times as fast."""
    steps = [_step(text) for text in _STEPS.findall(path)]

    def find(document: object) -> Sequence[object]:
        value = document
        for step in steps:
            value = _child(value, step)
            if value is _NOTHING:
                return ()
        return (value,)

    return find


def _walk_for_every(path: str) -> Find:
    """Follow names, indexes and `[*]`; each step looks at each value once."""
    steps = [None if "*" in text[:2] else _step(text) for text in _STEPS.findall(path)]

    def find(document: object) -> Sequence[object]:
        values = [document]
        for step in steps:
            if step is None:
                values = [child for value in values for child in _children(value)]
            else:
                found = [_child(value, step) for value in values]
                values = [value for value in found if value is not _NOTHING]
        return values[:MAX_MATCHES]

    return find


def _child(value: object, step: str | int) -> object:
    if isinstance(step, str):
        return value.get(step, _NOTHING) if isinstance(value, dict) else _NOTHING
    if isinstance(value, list) and -len(value) <= step < len(value):
        return value[step]
    return _NOTHING


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _step(text: str) -> str | int:
    if text.startswith("."):
        return text[1:]
    inside = text[1:-1]
    return inside[1:-1] if inside[0] in "'\"" else int(inside)


def _refuse_costly(path: str) -> None:
    if not path.startswith("$"):
        raise JsonPathError(f'a JSONPath starts with "$": write "$.{path.lstrip(".")}"')
    bare = _QUOTED.sub("''", path)
    for name in ("match(", "search("):
        if name in bare:
            raise JsonPathError(
                f'"{name[:-1]}" is not offered in a JSONPath: use the operator "matches"'
            )
    for sign, limit, allowed in _BOUNDS:
        if bare.count(sign) > limit:
            raise JsonPathError(f"a JSONPath here may hold {allowed}: make it more exact")
    if bare.count(".") + bare.count("[") > MAX_STEPS:
        raise JsonPathError(f"a JSONPath that searches has {MAX_STEPS} steps at most: shorten it")
