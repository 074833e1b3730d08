"""The answers that no rule matched, one entry for each shape, with a rule drafted for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min

from accounts.access import Access
from accounts.permissions import Permission
from connections.documents import dumped
from connections.drafting.features import Feature, condition_of, features_of
from connections.exchange.attributes import AttributeValue
from connections.exchange.config import Condition, Operator, Outcome, ResponseRule, Source
from connections.exchange.responses import Reading, classify, compile_rules
from connections.models import Connection
from connections.services.row import head_of
from delivery.history import received
from delivery.models import Attempt
from delivery.sealing import open_attempt, open_attributes
from delivery.selectors import attempt_shown
from delivery.shapes import Normalizer, shape_of

MOST_SHAPES = 100


@dataclass(frozen=True, slots=True)
class UnmatchedShape:
    """Answers of one shape that the newest rules still do not match."""

    key: UUID
    shape: str
    count: int
    first_seen_at: datetime
    last_seen_at: datetime
    outcome: Outcome
    """What was made of the newest, by its status."""
    delivery_id: UUID
    number: int
    response: Mapping[str, Any]
    """The newest, in the contract's shape; masked for who may not read personal data."""
    rule: ResponseRule
    """A draft that matches it."""

    @property
    def anchor(self) -> str:
        return str(self.key)


def unmatched_shapes(
    access: Access, connection: Connection, *, now: datetime
) -> list[UnmatchedShape]:
    """Return the shapes that were seen last, the latest first, that no rule matches even now."""
    attempts = (
        Attempt.objects.for_account(access.account)
        .filter(version__connection=connection, unmatched_shape__isnull=False)
        .exclude(record_sealed=b"")
    )
    seen = attempts.values("unmatched_shape").annotate(
        count=Count("id"), first=Min("started_at"), last=Max("started_at")
    )
    rows = {row["unmatched_shape"]: row for row in seen.order_by("-last")[:MOST_SHAPES]}
    newest = (
        attempts.filter(unmatched_shape__in=rows.keys())
        .order_by("unmatched_shape", "-id")
        .distinct("unmatched_shape")
    )
    examples = Attempt.objects.for_account(access.account).filter(id__in=newest.values("id"))
    rules = compile_rules(head_of(connection).document.response_rules)
    shapes = []
    for attempt in examples.select_related("account", "delivery__referral"):
        record: dict[str, Any] = open_attempt(access.account.vault, bytes(attempt.record_sealed))
        if not classify(rules, received(record["response"]), now=now).matched:
            shapes.append(_shape(access, rows[attempt.unmatched_shape], attempt, record))
    return sorted(shapes, key=lambda shape: shape.last_seen_at, reverse=True)


def unmatched_shown(shape: UnmatchedShape) -> dict[str, Any]:
    """Return an entry in the shape of the REST API."""
    return {
        "id": str(shape.key),
        "shape": shape.shape,
        "count": shape.count,
        "first_seen_at": shape.first_seen_at,
        "last_seen_at": shape.last_seen_at,
        "outcome": shape.outcome.value,
        "example": {
            "delivery": str(shape.delivery_id),
            "attempt": shape.number,
            "response": shape.response,
        },
        "drafted_rule": dumped(shape.rule),
    }


def draft_rule(
    response: Mapping[str, Any], outcome: Outcome, attributes: Mapping[str, AttributeValue]
) -> ResponseRule:
    """Return a rule that matches the answer: by its status, and the steadiest thing it says.

    Nothing that differs from referral to referral is in it, the person's data least of all.
    """
    normalizer = Normalizer(attributes)
    said = features_of(Reading(received(response)), outcome)
    steady = [one for one in said if _is_steady(one, normalizer)]
    best = min(steady, key=lambda feature: feature.cost, default=None)
    # A list of statuses holds those alone that mean something; a receiver may say 999.
    operator = Operator.IN if response["status"] < 600 else Operator.EQUALS
    status = Condition(source=Source.STATUS, operator=operator, value=str(response["status"]))
    return ResponseRule(
        name=(best.value if best else "") or f"Answer {response['status']}",
        conditions=(status, condition_of(best)) if best else (status,),
        outcome=outcome,
    )


def _is_steady(feature: Feature, normalizer: Normalizer) -> bool:
    texts = (feature.value, feature.path or "")
    return feature.value == feature.value.strip() and all(
        normalizer.text(text) == " ".join(text.split()) for text in texts
    )


def _shape(
    access: Access, row: Mapping[str, Any], attempt: Attempt, record: Mapping[str, Any]
) -> UnmatchedShape:
    attributes = open_attributes(
        access.account.vault, bytes(attempt.delivery.referral.attributes_sealed)
    )
    outcome = Outcome(attempt.outcome)
    personal = access.allows(Permission.PERSONAL_DATA_READ)
    return UnmatchedShape(
        key=row["unmatched_shape"],
        shape=shape_of(received(record["response"]), attributes),
        count=row["count"],
        first_seen_at=row["first"],
        last_seen_at=row["last"],
        outcome=outcome,
        delivery_id=attempt.delivery_id,
        number=attempt.number,
        response=attempt_shown(attempt, with_personal_data=personal)["response"],
        rule=draft_rule(record["response"], outcome, attributes),
    )
