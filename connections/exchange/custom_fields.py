"""Custom fields of an account: an advertiser's own words for what an attribute says."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from connections.exchange.attributes import CATALOGUE, AttributeValue
from connections.exchange.config import Document, Identifier
from connections.exchange.language.bindings import TAKEN
from connections.exchange.language.scope import ALONE
from connections.exchange.language.values import is_empty, text_of
from connections.exchange.problems import ConfigProblem, suggestion

MAX_MAPPINGS = 200

CustomValue = Annotated[str, StringConstraints(max_length=1_000)]

_RESERVED = TAKEN.union(ALONE, {"self"})  # which Jinja keeps for the template
_WORDS = frozenset({"and", "else", "false", "if", "in", "is", "none", "not", "or", "true"})


class Comparison(StrEnum):
    EQUALS = "equals"
    CONTAINS = "contains"


class CustomMapping(Document):
    match: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    value: CustomValue


class CustomField(Document):
    """A value that follows from an attribute; templates use it by its name, like an attribute."""

    name: Identifier
    source: str
    """The attribute that is looked at."""
    condition: Comparison = Comparison.EQUALS
    """How; case and white space around the attribute are ignored."""
    mappings: Annotated[tuple[CustomMapping, ...], Field(max_length=MAX_MAPPINGS)] = ()
    """The first one that matches decides."""
    default_when_empty: CustomValue | None = None
    default_when_nothing_matches: CustomValue | None = None

    def value_for(self, attribute: AttributeValue) -> str | None:
        """Return the field's value; None is sent as an attribute that the referral lacks."""
        text = text_of(attribute).strip().casefold()
        if is_empty(text):
            return self.default_when_empty
        for mapping in self.mappings:
            sought = mapping.match.casefold()
            if sought == text or (self.condition is Comparison.CONTAINS and sought in text):
                return mapping.value
        return self.default_when_nothing_matches


def check_custom_field(field: CustomField, *, taken: Iterable[str] = ()) -> list[ConfigProblem]:
    """Return what is wrong with a field beside the other ones of the account, called `taken`."""
    return list(_problems(field, frozenset(taken)))


def _problems(field: CustomField, taken: frozenset[str]) -> Iterator[ConfigProblem]:
    if field.source not in CATALOGUE:
        hint = suggestion(field.source, CATALOGUE)
        detail = f'there is no attribute "{field.source[:100]}".{hint}'
        yield ConfigProblem("/source", "unknown_attribute", detail)
    if field.name in CATALOGUE or field.name in taken:
        kind = "an attribute" if field.name in CATALOGUE else "a custom field"
        detail = f"there is {kind} called {field.name} already: choose another name"
        yield ConfigProblem("/name", "name_taken", detail)
    elif field.name in _RESERVED or field.name.lower() in _WORDS or "__" in field.name:
        detail = f"{field.name} means something else in templates: choose another name"
        yield ConfigProblem("/name", "name_reserved", detail)
    yield from _unreachable(field)


def _unreachable(field: CustomField) -> Iterator[ConfigProblem]:
    seen: set[str] = set()
    for index, mapping in enumerate(field.mappings):
        match = mapping.match.casefold()
        if match in seen:
            detail = f'"{mapping.match}" stands above already, and the first one decides: delete it'
            yield ConfigProblem(f"/mappings/{index}/match", "match_twice", detail)
        seen.add(match)
