"""The section Settings of the editor: how the connection is tested, and how it sends."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from connections.exchange.attributes import CATALOGUE, AttributeType
from connections.exchange.config import DeliveryPolicy, Scalar, TestCase

_NUMBERS = frozenset({AttributeType.INTEGER, AttributeType.DECIMAL})


@dataclass(frozen=True, slots=True)
class TestCaseRow:
    """A lead to send with Test; its attributes are lines of `name = value`."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    name: str = ""
    attributes: str = ""
    expected_outcome: str = "delivered"

    @classmethod
    def of(cls, case: TestCase) -> "TestCaseRow":
        return cls(case.name, attributes_as_lines(case.attributes), case.expected_outcome.value)

    def document(self) -> dict[str, object]:
        return {
            "name": self.name,
            "attributes": lines_as_attributes(self.attributes),
            "expected_outcome": self.expected_outcome,
        }


def attributes_as_lines(attributes: Mapping[str, Scalar]) -> str:
    """Write attributes as lines; a value that a line cannot hold is written as JSON text."""
    return "\n".join(f"{name} = {_as_text(name, value)}" for name, value in attributes.items())


def lines_as_attributes(lines: str) -> dict[str, Scalar]:
    """Read lines of `name = value`.

    A line without `=` is a name without a value, so that the check of names refuses it with
    the line itself.
    """
    attributes: dict[str, Scalar] = {}
    for line in filter(str.strip, lines.split("\n")):
        name, _, text = line.partition("=")
        attributes[name.strip()] = _as_value(name.strip(), text.strip())
    return attributes


def _as_text(name: str, value: Scalar) -> str:
    plain = "" if value is None else str(value)
    fits = "\n" not in plain and _as_value(name, plain.strip()) == value
    return plain if fits or value is None else json.dumps(value)


def _as_value(name: str, text: str) -> Scalar:
    attribute = CATALOGUE.get(name)
    is_number = attribute is not None and attribute.type in _NUMBERS
    if not (text.startswith('"') or is_number):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, str | int) or _is_finite(value) else text


def _is_finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


@dataclass(frozen=True, slots=True)
class DeliveryForm:
    timeout_seconds: str = ""
    concurrency: str = ""
    rate_per_second: str = ""
    """Empty: no limit."""
    retry_for_hours: str = ""
    retry_on_timeout: bool = False

    @classmethod
    def of(cls, policy: DeliveryPolicy) -> "DeliveryForm":
        return cls(
            timeout_seconds=f"{policy.timeout_seconds:g}",
            concurrency=str(policy.concurrency),
            rate_per_second="" if policy.rate_per_second is None else f"{policy.rate_per_second:g}",
            retry_for_hours=f"{policy.retry_for_hours:g}",
            retry_on_timeout=policy.retry_on_timeout,
        )

    def document(self) -> dict[str, object]:
        numbers = {
            "timeout_seconds": self.timeout_seconds,
            "concurrency": self.concurrency,
            "retry_for_hours": self.retry_for_hours,
        }
        given = {name: text.strip() for name, text in numbers.items() if text.strip()}
        return {
            **given,
            "rate_per_second": self.rate_per_second.strip() or None,
            "retry_on_timeout": self.retry_on_timeout,
        }
