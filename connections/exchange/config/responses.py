"""The response side of the configuration: rules, what they look at, and their samples."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from connections.exchange.config.document import Document, Identifier, Name, Text


class Outcome(StrEnum):
    """What an answer means for the referral."""

    DELIVERED = "delivered"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    RETRY = "retry"
    HOLD = "hold"


class Source(StrEnum):
    """The part of a response that a condition looks at."""

    STATUS = "status"
    HEADER = "header"
    BODY = "body"
    JSON = "json"
    XML = "xml"


class Operator(StrEnum):
    IN = "in"
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    MATCHES = "matches"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"


class Condition(Document):
    source: Source
    path: Annotated[str, StringConstraints(max_length=500)] | None = None
    """Header name, JSONPath (RFC 9535) or XML path; only for those three sources."""
    operator: Operator
    value: Text | tuple[Text, ...] | None = None
    """What to compare with, as text: `201`, `true` and `"true"` mean the same here."""
    case_sensitive: bool = False


class Extract(Document):
    """A value that is read from the response."""

    source: Source
    path: Annotated[str, StringConstraints(max_length=500)] | None = None
    """Header name, JSONPath (RFC 9535) or XML path; only for those three sources."""
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    """A regular expression (RE2) that cuts the value out of what stands there: its first group,
    or all that it matches. Case is ignored. Where it does not match there is no value."""


class Capture(Extract):
    name: Identifier


RulePart = tuple[str, Condition | Extract]
"""A pointer, and what stands there."""


class ResponseRule(Document):
    """Conditions that must all hold, and their meaning; the first rule that matches decides."""

    name: Name
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=20)]
    outcome: Outcome
    reason: Annotated[str, StringConstraints(max_length=500)] | Extract | None = None
    captures: Annotated[tuple[Capture, ...], Field(max_length=20)] = ()
    retry_after: Extract | None = None
    """Where the answer says how many seconds to wait."""
    renew_token: bool = False
    """Whether the answer refuses the access token: it is then sent again at once, a single time,
    with a new one, as after a 401. Only for `retry` and `hold`, which hold when that fails too."""

    def parts(self) -> Iterator[RulePart]:
        """Yield what looks at the response."""
        for index, condition in enumerate(self.conditions):
            yield f"conditions/{index}", condition
        if isinstance(self.reason, Extract):
            yield "reason", self.reason
        for index, capture in enumerate(self.captures):
            yield f"captures/{index}", capture
        if self.retry_after:
            yield "retry_after", self.retry_after


Status = Annotated[int, Field(ge=100, le=599)]


class ResponseSample(Document):
    """An answer that the receiver gives, and what it means: a test case of the rules."""

    name: Name
    status: Status | None = None
    """None where the body alone says what it means: rules are then tried on it as on a 200."""
    headers: Annotated[dict[str, str], Field(max_length=50)] = {}
    body: Annotated[str, StringConstraints(max_length=65_536)] = ""
    expected_outcome: Outcome

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if self.status is None and not self.body.strip():
            raise ValueError("give the status, the body or both")
        return self

    @property
    def tried_status(self) -> int:
        """The status that rules see. They are told apart by bodies then, so it is a plain one."""
        return self.status or 200


SUCCESS_RULE = ResponseRule(
    name="Success",
    conditions=(Condition(source=Source.STATUS, operator=Operator.IN, value="200-299"),),
    outcome=Outcome.DELIVERED,
)
