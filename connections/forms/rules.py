"""The section Response handling of the editor: ordered rules as rows."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from connections.exchange.config import (
    Capture,
    Condition,
    Extract,
    Operator,
    Outcome,
    ResponseRule,
    Source,
)

SOURCES_WITH_PATH = frozenset({Source.HEADER.value, Source.JSON.value, Source.XML.value})
OUTCOMES_SENT_AGAIN = frozenset({Outcome.RETRY.value, Outcome.HOLD.value})
OPERATORS_WITHOUT_VALUE = frozenset({Operator.EXISTS.value, Operator.NOT_EXISTS.value})


@dataclass(frozen=True, slots=True)
class ConditionRow:
    source: str = "status"
    path: str = ""
    operator: str = "in"
    value: str = ""
    case_sensitive: bool = False

    @classmethod
    def of(cls, condition: Condition) -> "ConditionRow":
        value = condition.value or ""
        return cls(
            source=condition.source.value,
            path=condition.path or "",
            operator=condition.operator.value,
            value=value if isinstance(value, str) else _list_as_text(value),
            case_sensitive=condition.case_sensitive,
        )

    def document(self) -> dict[str, object]:
        """Return the condition without what its source or operator has no use for."""
        document = place(self.source, self.path) | {"operator": self.operator}
        if self.case_sensitive:
            document["case_sensitive"] = True
        if self.operator not in OPERATORS_WITHOUT_VALUE:
            document["value"] = self._value()
        return document

    def _value(self) -> str | list[str]:
        if self.operator == Operator.IN and self.source != Source.STATUS:
            return _text_as_list(self.value)
        return self.value


def place(source: str, path: str) -> dict[str, object]:
    """Return where to look in a response: the path only for a source that has one."""
    document: dict[str, object] = {"source": source}
    if source in SOURCES_WITH_PATH:
        document["path"] = path.strip()
    return document


def cut_out(source: str, path: str, pattern: str) -> dict[str, object]:
    """Return where to read a value in a response, and the pattern that cuts it out, if any."""
    document = place(source, path)
    if pattern:
        document["pattern"] = pattern
    return document


def _list_as_text(values: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()


def _text_as_list(text: str) -> list[str]:
    rows = csv.reader([text.replace("\n", " ")], skipinitialspace=True)
    return [value.strip() for row in rows for value in row if value.strip()]


@dataclass(frozen=True, slots=True)
class ReasonForm:
    """The reason that a rule gives: a sentence of ours, or a part of the answer."""

    text: str = ""
    kind: str = "text"
    source: str = "json"
    path: str = ""
    pattern: str = ""

    @classmethod
    def of(cls, reason: str | Extract | None) -> "ReasonForm":
        if isinstance(reason, Extract):
            return cls(
                kind="answer",
                source=reason.source.value,
                path=reason.path or "",
                pattern=reason.pattern or "",
            )
        return cls(text=reason or "")

    def document(self) -> object:
        if self.kind == "answer":
            return cut_out(self.source, self.path, self.pattern)
        return self.text.strip() or None


@dataclass(frozen=True, slots=True)
class CaptureRow:
    name: str = ""
    source: str = "json"
    path: str = ""
    pattern: str = ""

    @classmethod
    def of(cls, capture: Capture) -> "CaptureRow":
        return cls(capture.name, capture.source.value, capture.path or "", capture.pattern or "")

    def document(self) -> dict[str, object]:
        return {"name": self.name.strip(), **cut_out(self.source, self.path, self.pattern)}


@dataclass(frozen=True, slots=True)
class RetryAfterForm:
    """Where the answer says how many seconds to wait; without a source it does not."""

    source: str = ""
    path: str = ""
    pattern: str = ""

    @classmethod
    def of(cls, extract: Extract | None) -> "RetryAfterForm":
        if extract is None:
            return cls()
        return cls(extract.source.value, extract.path or "", extract.pattern or "")

    def document(self) -> object:
        return cut_out(self.source, self.path, self.pattern) if self.source else None


@dataclass(frozen=True, slots=True)
class RuleRow:
    name: str = ""
    outcome: str = "delivered"
    conditions: tuple[ConditionRow, ...] = (ConditionRow(),)
    reason: ReasonForm = ReasonForm()
    captures: tuple[CaptureRow, ...] = ()
    retry_after: RetryAfterForm = RetryAfterForm()
    renew_token: bool = False

    @classmethod
    def of(cls, rule: ResponseRule) -> "RuleRow":
        return cls(
            name=rule.name,
            outcome=rule.outcome.value,
            conditions=tuple(map(ConditionRow.of, rule.conditions)),
            reason=ReasonForm.of(rule.reason),
            captures=tuple(map(CaptureRow.of, rule.captures)),
            retry_after=RetryAfterForm.of(rule.retry_after),
            renew_token=rule.renew_token,
        )

    def document(self) -> dict[str, object]:
        return {
            "name": self.name,
            "outcome": self.outcome,
            "conditions": [condition.document() for condition in self.conditions],
            "reason": self.reason.document(),
            "captures": [capture.document() for capture in self.captures],
            "retry_after": self.retry_after.document(),
            # Its tick is hidden beside the other outcomes.
            "renew_token": self.renew_token and self.outcome in OUTCOMES_SENT_AGAIN,
        }
