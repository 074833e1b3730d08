"""Opens and closes the breakers of lanes, keeps each outage, and says so at its connection.

Connections are locked first, then deliveries, then lanes; each in the order of their ids.
"""

import random
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from connections.models import Connection, ConnectionHealth
from delivery import doorbell, notices
from delivery.breaker import (
    FAILURES_TO_OPEN,
    REFUSALS_TO_ASK_PEOPLE,
    Breaker,
    Cause,
    Tally,
    next_breaker,
)
from delivery.models import CANCELLABLE, Delivery, DeliveryStatus, Lane, Outage

MAX_BROUGHT_FORWARD = 1_000
UNKNOWN_FAILURE = "it failed several times"

_HEALTH = {
    Cause.ENDPOINT: ConnectionHealth.FAILING,
    Cause.CONFIGURATION: ConnectionHealth.MISCONFIGURED,
}


@transaction.atomic
def review(counted: Sequence[Tally], *, now: datetime) -> None:
    """Decide anew about the breakers of these connections, after a settle counted its results.

    By the count alone claims hold a connection back, or take from it again, at once. A review
    says when it is probed, and lets it be known. One that is lost is made up for by the sweep.
    """
    tallies = {tally.connection_id: tally for tally in counted}
    # A worker serves all accounts: whose connections they are stands in the rows.
    connections = Connection.unscoped.select_for_update(no_key=True).filter(id__in=tallies)
    by_id = {connection.id: connection for connection in connections.order_by("id")}
    lanes = Lane.objects.select_for_update().filter(connection_id__in=by_id)
    for lane in lanes.order_by("connection_id"):
        failure = tallies[lane.connection_id].last_failure
        after = next_breaker(_breaker(lane), now=now, random=random.random)
        _move(lane, by_id[lane.connection_id], after, failure=failure, now=now)


def review_forgotten(*, now: datetime) -> None:
    """Review the lanes whose count says otherwise than their breaker: a worker was killed."""
    failing = Q(failures__gte=FAILURES_TO_OPEN)
    is_open = Q(opened_at__isnull=False)
    waits_for_people = is_open & Q(probe_at__isnull=True)
    may_be_probed = Q(holds__lt=REFUSALS_TO_ASK_PEOPLE)
    forgotten = Lane.objects.filter(
        (failing & ~is_open) | (~failing & is_open) | (waits_for_people & may_be_probed)
    )
    tallies = [Tally(connection_id) for connection_id in forgotten.values_list("pk", flat=True)]
    if tallies:
        review(tallies, now=now)


@transaction.atomic
def try_again(*, connection: Connection, now: datetime) -> None:
    """Send a probe at once, since somebody did what may have mended it.

    What waits for its next attempt is brought forward. With nothing to try it with, the
    breaker closes: what it was opened by says nothing of the connection as it is now.
    """
    if not _is_open(connection):
        return
    connection = _locked(connection)
    waits = _bring_forward(connection, now)
    lane = Lane.objects.select_for_update().get(connection=connection)
    if lane.opened_at is None:
        return
    if not waits:
        _move(lane, connection, Breaker(), failure="", now=now)
        return
    lane.probe_at, lane.probes, lane.ready_at = now, 0, now
    lane.save(update_fields=["probe_at", "probes", "ready_at"])
    transaction.on_commit(doorbell.ring, robust=True)


@transaction.atomic
def close_proven(*, connection: Connection, now: datetime) -> None:
    """Close the breaker, since a test of what is live passed, and send what waits at once."""
    if not _is_open(connection):
        return
    connection = _locked(connection)
    _bring_forward(connection, now)
    lane = Lane.objects.select_for_update().get(connection=connection)
    lane.ready_at = now
    lane.save(update_fields=["ready_at"])
    _move(lane, connection, Breaker(), failure="", now=now)


@transaction.atomic
def forget(*, connection: Connection, now: datetime) -> None:
    """End the outage of a connection that was deleted; nobody has to be told."""
    lane = Lane.objects.select_for_update().filter(connection=connection).first()
    if lane is None or lane.opened_at is None:
        return
    _keep(lane, Breaker())
    outages = Outage.objects.for_account(connection.account).filter(connection=connection)
    outages.filter(closed_at=None).update(closed_at=now, told_opened_at=now, told_closed_at=now)


def _move(
    lane: Lane, connection: Connection, after: Breaker, *, failure: str, now: datetime
) -> None:
    """Bring the lane's breaker to this state, with all that follows from it."""
    was_open = lane.opened_at is not None
    _keep(lane, after)
    if after.opened_at is None and not was_open:
        return
    outages = Outage.objects.for_account(connection.account).filter(connection=connection)
    if after.opened_at is None:
        for outage in outages.filter(closed_at=None):
            outage.closed_at = now
            outage.save(update_fields=["closed_at"])
            _tell_once_committed(outage)
        _say(connection, ConnectionHealth.HEALTHY, since=now, reason="")
        transaction.on_commit(doorbell.ring, robust=True)
        return
    reason = failure or connection.health_reason or UNKNOWN_FAILURE
    facts = {"cause": after.cause.value, "reason": reason}
    outage, _ = outages.update_or_create(
        connection=connection,
        closed_at=None,
        defaults=facts,
        create_defaults=facts | {"account_id": connection.account_id, "opened_at": now},
    )
    health = _HEALTH[after.cause]
    if connection.health != health:
        _tell_once_committed(outage)
    _say(connection, health, since=after.opened_at, reason=reason)


def _tell_once_committed(outage: Outage) -> None:
    transaction.on_commit(lambda: notices.ask_to_tell(outage.id), robust=True)


def _breaker(lane: Lane) -> Breaker:
    return Breaker(
        failures=lane.failures,
        holds=lane.holds,
        opened_at=lane.opened_at,
        probe_at=lane.probe_at,
        probes=lane.probes,
    )


def _keep(lane: Lane, breaker: Breaker) -> None:
    lane.failures, lane.holds = breaker.failures, breaker.holds
    lane.opened_at, lane.probe_at, lane.probes = (
        breaker.opened_at,
        breaker.probe_at,
        breaker.probes,
    )
    lane.save(update_fields=["failures", "holds", "opened_at", "probe_at", "probes"])


def _say(connection: Connection, health: ConnectionHealth, *, since: datetime, reason: str) -> None:
    connection.health, connection.health_since, connection.health_reason = health, since, reason
    connection.save(update_fields=["health", "health_since", "health_reason"])


def _is_open(connection: Connection) -> bool:
    return Lane.objects.filter(connection=connection, opened_at__isnull=False).exists()


def _locked(connection: Connection) -> Connection:
    connections = Connection.objects.for_account(connection.account)
    return connections.select_for_update(no_key=True).get(id=connection.id)


def _bring_forward(connection: Connection, now: datetime) -> bool:
    """Make what waits for its next attempt due, soonest first; tell whether anything waits."""
    waiting = Delivery.objects.for_account(connection.account).filter(
        CANCELLABLE, connection=connection
    )
    later = waiting.filter(status=DeliveryStatus.RETRYING, next_attempt_at__gt=now)
    soonest = later.order_by("next_attempt_at").select_for_update(skip_locked=True)
    ids = list(soonest.values_list("id", flat=True)[:MAX_BROUGHT_FORWARD])
    waiting.filter(id__in=ids).update(next_attempt_at=now)
    return waiting.exists()
