"""What other rules would have said of the answers that are stored, and re-labelling by them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.access import Access, Actor
from accounts.errors import ResolveConflict
from accounts.models import Account
from accounts.permissions import Permission
from accounts.services import record_event
from connections.documents import require_usable_rules
from connections.exchange.config import Outcome, ResponseRule
from connections.exchange.responses import Verdict, classify, compile_rules
from connections.models import Connection
from connections.services import activate_connection
from connections.services.row import head_of, locked_connection
from delivery.history import StoredAnswer, stored_answers
from delivery.models import Attempt, Delivery, DeliveryStatus
from delivery.selectors import attempt_shown

USUAL_ANSWERS = 500
MOST_ANSWERS = 10_000
MOST_EXAMPLES = 3
RELABELLED = {
    Outcome.DELIVERED: DeliveryStatus.DELIVERED,
    Outcome.DUPLICATE: DeliveryStatus.DUPLICATE,
    Outcome.REJECTED: DeliveryStatus.REJECTED,
}
"""Outcomes that end a delivery; whether to wait is not decided after the fact."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One stored answer with what was said of it, and what the rules say now."""

    answer: StoredAnswer
    verdict: Verdict

    @property
    def before(self) -> Outcome:
        return Outcome(self.answer.verdict["outcome"])

    @property
    def is_changed(self) -> bool:
        return self.before is not self.verdict.outcome


@dataclass(slots=True)
class Change:
    """Answers that meant one thing, and would have meant another."""

    before: Outcome
    after: Outcome
    count: int = 0
    examples: list[Judged] = field(default_factory=list)
    """The newest few."""


@dataclass(frozen=True, slots=True)
class Backtest:
    answers: int
    changes: Sequence[Change]
    """The most frequent first."""
    unmatched_before: int
    unmatched_after: int
    relabels: int
    """How many deliveries would have another final status."""

    @property
    def changed(self) -> int:
        return sum(change.count for change in self.changes)


def backtest(
    *,
    connection: Connection,
    rules: Sequence[ResponseRule],
    now: datetime,
    limit: int = USUAL_ANSWERS,
) -> Backtest:
    """Say what these rules would have said of the newest stored answers. Raises: CorrectInput."""
    changes: dict[tuple[Outcome, Outcome], Change] = {}
    answers = unmatched_before = unmatched_after = 0
    last: dict[UUID, Verdict] = {}
    for judged in _judged(connection, rules, limit=limit, now=now):
        answers += 1
        unmatched_before += not judged.answer.verdict["matched"]
        unmatched_after += not judged.verdict.matched
        last.setdefault(judged.answer.delivery_id, judged.verdict)
        if not judged.is_changed:
            continue
        key = (judged.before, judged.verdict.outcome)
        change = changes.setdefault(key, Change(*key))
        change.count += 1
        if len(change.examples) < MOST_EXAMPLES:
            change.examples.append(judged)
    return Backtest(
        answers=answers,
        changes=sorted(changes.values(), key=lambda change: -change.count),
        unmatched_before=unmatched_before,
        unmatched_after=unmatched_after,
        relabels=len(_other_statuses(connection.account, last)),
    )


@transaction.atomic
def relabel_past(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    limit: int = USUAL_ANSWERS,
) -> Counter[str]:
    """Give finished deliveries the status that the live rules say of their last answer.

    *Shape*: how many went from one status to another, by `rejected to duplicate`.
    *Raises*: LookElsewhere; ResolveConflict (archived; the newest version is not the live one, so
    that the past would be judged unlike what comes now).
    *Effects*: only among delivered, duplicate and rejected; attempts stay as they are; audit
    event `delivery.relabelled`.
    """
    connection = locked_connection(account, connection_id)
    version = head_of(connection)
    if connection.live_version != version:
        detail = (
            f"Version {version.number} is not live: publish it, so that what comes from now on is"
            " judged like the past."
        )
        raise ResolveConflict(detail, code="not_live")
    rules = version.document.response_rules
    last: dict[UUID, Verdict] = {}
    for judged in _judged(connection, rules, limit=limit, now=now):
        last.setdefault(judged.answer.delivery_id, judged.verdict)
    counts = _relabel(account, last)
    if counts:
        record_event(
            account=account,
            actor=actor,
            event="delivery.relabelled",
            subject=connection,
            details={"version": version.number, "counts": dict(counts)},
            now=now,
        )
    return counts


@transaction.atomic
def publish_and_relabel(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    override: str | None = None,
    limit: int = USUAL_ANSWERS,
) -> Counter[str]:
    """Make the newest version live, and judge the past by its rules too; both or neither.

    *Raises*: as `activate_connection`, whose conditions it is under, and `relabel_past`.
    """
    activate_connection(
        account=account, actor=actor, now=now, connection_id=connection_id, override=override
    )
    return relabel_past(
        account=account, actor=actor, now=now, connection_id=connection_id, limit=limit
    )


def backtest_shown(access: Access, result: Backtest) -> dict[str, Any]:
    """Return a backtest in the shape of the REST API, personal data as `access` may read it."""
    return {
        "answers": result.answers,
        "changed": result.changed,
        "unmatched_before": result.unmatched_before,
        "unmatched_after": result.unmatched_after,
        "relabels": result.relabels,
        "changes": [
            {
                "from": change.before.value,
                "to": change.after.value,
                "count": change.count,
                "examples": _examples_shown(access, change.examples),
            }
            for change in result.changes
        ],
    }


def _examples_shown(access: Access, examples: Sequence[Judged]) -> list[dict[str, Any]]:
    """Return the examples; one that was deleted since it was judged is left out."""
    attempts = Attempt.objects.for_account(access.account).filter(
        delivery__in={judged.answer.delivery_id for judged in examples}
    )
    related = ("account", "version", "delivery__account", "delivery__referral")
    found = {(one.delivery_id, one.number): one for one in attempts.select_related(*related)}
    personal = access.allows(Permission.PERSONAL_DATA_READ)
    return [
        {
            "delivery": str(judged.answer.delivery_id),
            "attempt": judged.answer.number,
            "rule_before": judged.answer.verdict["rule"],
            "rule": judged.verdict.rule,
            "response": attempt_shown(attempt, with_personal_data=personal)["response"],
        }
        for judged in examples
        if (attempt := found.get((judged.answer.delivery_id, judged.answer.number)))
    ]


def _judged(
    connection: Connection, rules: Sequence[ResponseRule], *, limit: int, now: datetime
) -> Iterator[Judged]:
    require_usable_rules(rules)
    compiled = compile_rules(rules)
    for answer in stored_answers(connection, limit=limit):
        yield Judged(answer, classify(compiled, answer.response, now=now))


def _other_statuses(
    account: Account, verdicts: Mapping[UUID, Verdict]
) -> dict[UUID, DeliveryStatus]:
    """Return the present status of each delivery that would have another final one."""
    deliveries = Delivery.objects.for_account(account).filter(
        id__in=verdicts.keys(), status__in=RELABELLED.values()
    )
    return {
        key: DeliveryStatus(status)
        for key, status in deliveries.values_list("id", "status")
        if RELABELLED.get(verdicts[key].outcome, status) != status
    }


def _relabel(account: Account, verdicts: Mapping[UUID, Verdict]) -> Counter[str]:
    counts: Counter[str] = Counter()
    deliveries = Delivery.objects.for_account(account)
    wrong = _other_statuses(account, verdicts)
    # Whoever sends one of them again at this moment waits, or has changed its status already.
    locked = list(
        deliveries.filter(id__in=wrong.keys(), status__in=RELABELLED.values())
        .select_for_update()
        .order_by("id")
    )
    # Whose person was forgotten meanwhile gets nothing back of what the answer said.
    remembered = _remembered(account, locked)
    rows = [delivery for delivery in locked if delivery.id in remembered]
    for delivery in rows:
        verdict = verdicts[delivery.id]
        counts[f"{delivery.status} to {verdict.outcome.value}"] += 1
        delivery.status = RELABELLED[verdict.outcome]
        delivery.reason, delivery.rule = verdict.reason, verdict.rule
        delivery.captures = verdict.captures
    fields = ("status", "reason", "rule", "captures")
    deliveries.bulk_update(rows, fields, batch_size=500)
    return counts


def _remembered(account: Account, deliveries: Sequence[Delivery]) -> set[UUID]:
    attempts = Attempt.objects.for_account(account).filter(delivery__in=deliveries)
    return set(attempts.exclude(record_sealed=b"").values_list("delivery_id", flat=True))
