"""What can be said of a sample answer in one condition, the steadiest things first."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import nsmallest
from itertools import islice

from connections.exchange.config import Condition, Operator, Outcome, ResponseSample, Source
from connections.exchange.responses import Reading, ReceivedResponse
from connections.exchange.responses.conditions import as_text
from connections.exchange.responses.xml_path import FRAGMENT, Element
from connections.exchange.rule_lint import received_sample

_MOST_LEAVES = 150
_MOST_LEVELS = 12
_MOST_FOUND = 5_000
_MOST_KEPT = 250
_LONGEST_MESSAGE = 400
_LONGEST_PATH = 200
_BESIDE_XML = 30
"""What elements say is steadier than their text."""
_LONGEST_VALUE = 60
_STEADY = (
    "status", "code", "errorcode", "error", "type", "title", "result", "success", "action",
    "resultcode", "outcome", "state", "reason", "key", "errorkey", "errorid",
)  # fmt: skip
_WORDY = ("message", "detail", "description", "faultstring", "text", "msg", "errormessage")
_FLEETING = re.compile(
    r"""\S+@\S+ | https?:// | [0-9]{5,} | [0-9a-f]{8}-[0-9a-f]{4} | (?=[a-z_-]*[0-9])[a-z0-9_-]{16,}
    | [0-9]{4}-[0-9]{2}-[0-9]{2}""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGNALS: Mapping[Outcome, re.Pattern[str]] = {
    Outcome.DELIVERED: re.compile(
        r"\b(?:success\w*|accepted|created|matched|ok|true|added|thank)", re.IGNORECASE
    ),
    Outcome.DUPLICATE: re.compile(r"\b(?:duplicat\w*|already|exists?|conflict)", re.IGNORECASE),
    Outcome.REJECTED: re.compile(
        r"\b(?:invalid|reject\w*|not valid|error|fail\w*|missing|required|denied|suppress\w*"
        r"|bounced|unmatched|false)",
        re.IGNORECASE,
    ),
    Outcome.RETRY: re.compile(
        r"\b(?:limit\w*|too many|try again|later|unavailable|timeout)", re.IGNORECASE
    ),
    Outcome.HOLD: re.compile(
        r"\b(?:unauthori[sz]ed|not authori[sz]ed|key|token|credential\w*|expired|forbidden|access"
        r"|permission|session)",
        re.IGNORECASE,
    ),
}
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD = re.compile(r"[^\W_][\w'-]*|<[^<>]{1,40}>")


@dataclass(frozen=True, slots=True)
class Feature:
    """A place of an answer and what stands there: one condition that it fulfils."""

    source: Source
    path: str | None
    operator: Operator
    value: str
    cost: int
    """How little one would build on it: a code costs less than a word of a message."""


@dataclass(frozen=True, eq=False)
class Example:
    """A sample beside what may be said of it."""

    sample: ResponseSample

    @cached_property
    def received(self) -> ReceivedResponse:
        return received_sample(self.sample)

    @cached_property
    def reading(self) -> Reading:
        return Reading(self.received)

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The cheapest of what may be said; an answer of 64 KiB would give ten thousands."""
        return features_of(self.reading, self.sample.expected_outcome)


def features_of(reading: Reading, outcome: Outcome) -> tuple[Feature, ...]:
    """Return the cheapest of what may be said of an answer that means this."""
    found = islice(_features(reading, outcome), _MOST_FOUND)
    return tuple(nsmallest(_MOST_KEPT, found, key=lambda feature: feature.cost))


def condition_of(feature: Feature, values: tuple[str, ...] = ()) -> Condition:
    """Return the condition; with several values it is that one of them stands there."""
    if len(values) > 1:
        return Condition(
            source=feature.source, path=feature.path, operator=Operator.IN, value=values
        )
    bare = feature.operator in (Operator.EXISTS, Operator.NOT_EXISTS)
    return Condition(
        source=feature.source,
        path=feature.path,
        operator=feature.operator,
        value=None if bare else feature.value,
    )


def _features(reading: Reading, outcome: Outcome) -> Iterator[Feature]:
    signal = _SIGNALS[outcome]
    if isinstance(reading.json, dict | list):
        for path, name, value in _json_leaves(reading.json):
            yield from _of_leaf(Source.JSON, path, name, value, signal)
    elif reading.xml is not None:
        for path, name, value in _xml_leaves(reading.xml):
            yield from _of_leaf(Source.XML, path, name, value, signal)
        yield from _of_text(reading.text, signal, penalty=_BESIDE_XML)
    else:
        yield from _of_text(reading.text, signal)


def _of_text(text: str, signal: re.Pattern[str], *, penalty: int = 0) -> Iterator[Feature]:
    if 0 < len(text) <= _LONGEST_VALUE and not _FLEETING.search(text):
        yield Feature(Source.BODY, None, Operator.EQUALS, text, 45 + penalty)
    for phrase, cost in _phrases(text, signal):
        yield Feature(Source.BODY, None, Operator.CONTAINS, phrase, cost + penalty)


def _of_leaf(
    source: Source, path: str, name: str, value: object, signal: re.Pattern[str]
) -> Iterator[Feature]:
    text, simple = as_text(value), _simple(name)
    depth = min(path.count(".") + path.count("[") + path.count("/"), 10)
    steady = simple in _STEADY
    wordy = " " in text.strip() or simple in _WORDY
    is_id = simple.endswith("id") and not steady
    if text and len(text) <= _LONGEST_VALUE and not is_id and not _FLEETING.search(text):
        cost = 5 if steady else 40
        cost += 15 if wordy else 0
        yield Feature(source, path, Operator.EQUALS, text, cost + depth)
    if wordy:
        for phrase, cost in _phrases(text, signal):
            yield Feature(source, path, Operator.CONTAINS, phrase, cost + depth)
    if value is not None:
        cost = 25 if "error" in path.lower() else 75
        yield Feature(source, path, Operator.EXISTS, "", cost + depth)


def _phrases(text: str, signal: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """Return runs of one to three words that stay the same from answer to answer."""
    for segment in _FLEETING.split(text[:_LONGEST_MESSAGE]):
        words = [(found.start(), found.end()) for found in _WORD.finditer(segment)]
        for first, (start, _) in enumerate(words):
            for count, (_, end) in enumerate(words[first : first + 3], start=1):
                phrase = segment[start:end]
                if 2 < len(phrase) <= _LONGEST_VALUE:
                    # The one word that says it, else as many words as there are.
                    yield phrase, 30 + count if signal.search(phrase) else 80 - count


Leaf = tuple[str, str, object]
"""A path, the last name in it, and what stands there."""


def _json_leaves(document: object) -> list[Leaf]:
    return list(islice(_walk_json(document, "$", "", 0), _MOST_LEAVES))


def _walk_json(value: object, path: str, name: str, level: int) -> Iterator[Leaf]:
    if level > _MOST_LEVELS or len(path) > _LONGEST_PATH:
        return
    if isinstance(value, dict):
        for key, child in value.items():
            if step := _json_step(key):
                yield from _walk_json(child, path + step, key, level + 1)
    elif isinstance(value, list):
        for child in value[:1]:
            yield from _walk_json(child, f"{path}[0]", name, level + 1)
    else:
        yield path, name, value


def _json_step(key: str) -> str | None:
    if _PLAIN_NAME.fullmatch(key):
        return f".{key}"
    return f"['{key}']" if "'" not in key and "\\" not in key and key.isprintable() else None


def _xml_leaves(root: Element) -> list[Leaf]:
    # What is put around a fragment has no step in any path.
    path = "" if root.tag == FRAGMENT else f"/{_local(root.tag)}"
    return list(islice(_walk_xml(root, path, 0), _MOST_LEAVES))


def _walk_xml(element: Element, path: str, level: int) -> Iterator[Leaf]:
    if level > _MOST_LEVELS or len(path) > _LONGEST_PATH:
        return
    children = {
        _local(child.tag): child for child in reversed(element) if isinstance(child.tag, str)
    }
    for name, child in reversed(children.items()):
        yield from _walk_xml(child, f"{path}/{name}", level + 1)
    text = (element.text or "").strip()
    if text and not children:
        yield path, _local(element.tag), text
    for key, value in element.attrib.items():
        yield f"{path}/@{_local(key)}", _local(key), str(value)


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]


def _simple(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
