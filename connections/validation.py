"""What pydantic found wrong, as pointers and sentences for people."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from accounts.errors import Problem
from connections.exchange.config import Document
from connections.exchange.problems import suggestion

Place = tuple[str | int, ...]

_WANTED = {
    "string_type": "text",
    "string_unicode": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "an object",
    "tuple_type": "a list",
    "none_required": "null",
}
_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "string_too_short": lambda _: "This is empty: write something here.",
    "string_too_long": lambda context: f"Write at most {context['max_length']:,} characters.",
    "too_short": lambda context: f"Give at least {context['min_length']}.",
    "too_long": lambda context: f"Give at most {context['max_length']}.",
    "greater_than_equal": lambda context: f"Write {context['ge']} or more.",
    "less_than_equal": lambda context: f"Write {context['le']} or less.",
    "enum": lambda context: f"Write one of {_listed(context['expected'])}.",
    "literal_error": lambda context: f"Write one of {_listed(context['expected'])}.",
    "union_tag_invalid": lambda context: f"Write one of {_listed(context['expected_tags'])}.",
    "union_tag_not_found": lambda _: "Say which type this is.",
    "value_error": lambda context: _sentence(str(context["error"])),
}
_EXAMPLES = {
    "environments": '{"production": {"url": "https://api.example.com/leads"}}',
    "production": '{"url": "https://api.example.com/leads"}',
    "headers": '[{"name": "X-Source", "value": "referral"}]',
    "query": '[{"name": "source", "value": "referral"}]',
    "body": '{"encoding": "json", "template": "…"}',
    "fields": '[{"name": "contact.email", "value": "{{ email }}"}]',
    "template": r'"{\"email\": \"{{ email }}\"}", or give fields instead',
    "captures": '[{"name": "lead_id", "source": "json", "path": "$.id"}]',
    "reason": '{"source": "json", "path": "$.message"}',
    "retry_after": '{"source": "header", "path": "X-Reset"}',
}
"""What the parts of a configuration look like that people take for something else."""
_PATTERNS = {
    r"^[A-Za-z][A-Za-z0-9_]{0,63}$": (
        "Use letters, digits and underscores only, a letter first, at most 64 characters."
    ),
    r"^https?://\S+$": "Write an address that starts with https:// or http://.",
    r"^(https?://\S+)?$": "Write an address that starts with https:// or http://.",
}


def problems_of(refused: ValidationError, raw: object, pointer: str) -> list[Problem]:
    """Return one problem for each place, in the order in which they were found.

    A place that may hold several kinds of value makes pydantic complain once for each kind;
    what people read is one sentence that names all of them.
    """
    found: dict[Place, list[ErrorDetails]] = defaultdict(list)
    for error in refused.errors(include_url=False, include_input=False):
        found[_place(error, raw)].append(error)
    return [
        Problem(pointer + _joined(place), _code(errors[0]), _detail(errors, place))
        for place, errors in found.items()
        if not any(_is_within(other, place) for other in found)
    ]


def unkeepable_texts(value: object, pointer: str) -> Iterator[Problem]:
    """Yield a problem for each text with a NUL character, which PostgreSQL cannot store."""
    if isinstance(value, str):
        if "\x00" in value:
            detail = "This holds a NUL character, which cannot be kept: remove it."
            yield Problem(pointer, "nul_character", detail)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from unkeepable_texts(inner, f"{pointer}{_joined((name,))}")
    elif isinstance(value, Sequence):
        for index, inner in enumerate(value):
            yield from unkeepable_texts(inner, f"{pointer}/{index}")


def _place(error: ErrorDetails, raw: object) -> Place:
    """Return where the error is in the input, without the names of union branches."""
    place: list[str | int] = []
    here: Any = raw
    for part in error["loc"]:
        is_item = isinstance(here, list | tuple) and isinstance(part, int)
        if is_item or (isinstance(here, Mapping) and part in here):
            here = here[part]
            place.append(part)
    if error["type"] == "missing":
        place.append(error["loc"][-1])
    elif error["type"].startswith("union_tag"):
        place.append("type")
    return tuple(place)


def _is_within(inner: Place, outer: Place) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _code(error: ErrorDetails) -> str:
    return {"extra_forbidden": "unknown_field", "value_error": "invalid"}.get(
        error["type"], error["type"]
    )


def _detail(errors: list[ErrorDetails], place: Place) -> str:
    wanted = list(dict.fromkeys(filter(None, map(_wanted, errors))))
    if wanted:
        *first, last = wanted
        kinds = f"{', '.join(first)} or {last}" if first else last
        example = _EXAMPLES.get(str(place[-1]) if place else "")
        return f"Write {kinds} here{f', like {example}' if example else ''}."
    error = errors[0]
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return f'"{place[-1]}" is missing: add it.'
        case "extra_forbidden":
            name, known = str(place[-1]), _field_names(Document)
            hint = "" if name in known else suggestion(name, known)
            return f'There is no field "{name}" here.{hint}'
        case "string_pattern_mismatch":
            return _PATTERNS[context["pattern"]]
        case known if known in _SENTENCES:
            return _SENTENCES[known](context)
    return _sentence(error["msg"])


def _wanted(error: ErrorDetails) -> str | None:
    if error["type"] == "model_type":
        is_secret = error.get("ctx", {}).get("class_name") == "SecretReference"
        return '{"secret": "its name"}' if is_secret else "an object"
    return _WANTED.get(error["type"])


def _listed(quoted: str) -> str:
    return quoted.replace("'", "")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _joined(place: Place) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)


@cache
def _field_names(document: type[Document]) -> frozenset[str]:
    fields = document.model_fields
    names = frozenset(field.alias or name for name, field in fields.items())
    return names.union(*map(_field_names, document.__subclasses__()))
