"""Starts test runs: which leads go where is decided here, a worker sends them."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.access import Actor
from accounts.errors import CorrectInput, Problem, TryLater
from accounts.models import Account
from accounts.services import record_event
from connections.documents import parse_lead, require_environment
from connections.exchange.attributes import AttributeValue
from connections.exchange.config import ConnectionConfig, Environment, Outcome
from connections.exchange.problems import suggestion
from connections.leads import SAMPLE_LEAD, seal_lead
from connections.models import Connection, TestResult, TestRun
from connections.services.row import head_of, locked_connection

RUN_TEST = "connections.run_test"
MOST_RUNS = 10
PER = timedelta(minutes=1)

# A person waits for the page: a Redis that does not answer at once is left to the sweep.
_IMPATIENT = {
    "socket_timeout": 0.25,
    "socket_connect_timeout": 0.25,
    "max_retries": 1,
    "interval_start": 0,
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead to send, and what should come of it."""

    test_case: str
    attributes: Mapping[str, AttributeValue]
    expected_outcome: Outcome


@transaction.atomic
def start_test_run(  # noqa: PLR0913  the questions that a test asks
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    environment: Environment | None = None,
    test_cases: Sequence[str] | None = None,
    attributes: Mapping[str, object] | None = None,
    expected_outcome: Outcome | None = None,
    confirm_production: bool = False,
) -> TestRun:
    """Send test leads with the newest version: named test cases, or one of given attributes.

    Without either all test cases of the connection are sent, and a sample lead when it has
    none. They go where the connection's tests go, unless an environment is given.

    *Raises* LookElsewhere; ResolveConflict (archived); CorrectInput; TryLater.
    *Effects* rows of the run and its cases; after commit a worker is told.
    """
    connection = locked_connection(account, connection_id)
    head = head_of(connection)
    config = head.document
    leads = _leads(config, test_cases, attributes, expected_outcome)
    target = _target(config, environment, confirm_production=confirm_production)
    _require_room(connection, now=now)
    run = TestRun.objects.for_account(account).create(
        account=account,
        connection=connection,
        version=head,
        environment=target.value,
        requested_by=actor.label,
        created_at=now,
    )
    TestResult.objects.for_account(account).bulk_create(_rows(run, leads))
    record_event(
        account=account,
        actor=actor,
        event="test_run.started",
        subject=run,
        details={"connection": str(connection.id), "environment": target.value},
        now=now,
    )
    transaction.on_commit(partial(tell_a_worker, run.id))
    return run


def tell_a_worker(run_id: UUID) -> None:
    """Ask for the run to be sent; when Redis is away, the sweep asks again later."""
    try:
        with current_app.connection(transport_options=_IMPATIENT) as broker:
            current_app.send_task(RUN_TEST, args=[str(run_id)], expires=15, connection=broker)
    except OperationalError:
        logger.warning("Redis is away: test run %s waits for the sweep", run_id)


def _leads(
    config: ConnectionConfig,
    names: Sequence[str] | None,
    attributes: Mapping[str, object] | None,
    expected_outcome: Outcome | None,
) -> list[Lead]:
    if attributes is not None:
        if names is not None:
            detail = "Give test cases or attributes, not both."
            raise CorrectInput(Problem("/test_cases", "not_both", detail))
        given = parse_lead(attributes)
        return [Lead("Given attributes", given, expected_outcome or Outcome.DELIVERED)]
    if expected_outcome is not None:
        detail = "A test case says itself what it expects: leave this out, or give attributes."
        raise CorrectInput(Problem("/expected_outcome", "not_used", detail))
    return _named_leads(config, names)


def _named_leads(config: ConnectionConfig, names: Sequence[str] | None) -> list[Lead]:
    leads = {
        case.name: Lead(case.name, parse_lead(case.attributes), case.expected_outcome)
        for case in config.test_cases
    }
    if names is None:
        return list(leads.values()) or [_sample_lead()]
    problems = [
        Problem(
            f"/test_cases/{index}",
            "unknown_test_case",
            f'There is no test case "{name}".{suggestion(name, leads)}',
        )
        for index, name in enumerate(names)
        if name not in leads
    ]
    if not names:
        problems.append(Problem("/test_cases", "empty", "Name a test case, or leave this out."))
    if problems:
        raise CorrectInput(*problems)
    return [leads[name] for name in dict.fromkeys(names)]


def _sample_lead() -> Lead:
    # Its own address each time, so that no receiver calls it a duplicate.
    email = f"jane.citizen+{uuid4().hex[:8]}@example.com"
    return Lead("Sample lead", SAMPLE_LEAD | {"email": email}, Outcome.DELIVERED)


def _target(
    config: ConnectionConfig, environment: Environment | None, *, confirm_production: bool
) -> Environment:
    target = environment or config.environment_for_tests()
    require_environment(config, target)
    if target is Environment.PRODUCTION and not confirm_production:
        host = urlsplit(config.environments[target].url).netloc
        detail = (
            f"This sends test leads to production, {host}. Confirm with confirm_production, or add"
            " a testing endpoint."
        )
        raise CorrectInput(Problem("/confirm_production", "confirm_production", detail))
    return target


def _require_room(connection: Connection, *, now: datetime) -> None:
    recent = (
        TestRun.objects.for_account(connection.account)
        .filter(connection=connection, created_at__gt=now - PER)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:MOST_RUNS]
    )
    if len(recent) == MOST_RUNS:
        wait = max(1, round((recent[MOST_RUNS - 1] + PER - now).total_seconds()))
        raise TryLater(
            f"{connection.name} was tested {MOST_RUNS} times within a minute. Wait {wait} seconds.",
            retry_after_seconds=wait,
        )


def _rows(run: TestRun, leads: Sequence[Lead]) -> Iterator[TestResult]:
    for position, lead in enumerate(leads):
        yield TestResult(
            account=run.account,
            run=run,
            position=position,
            test_case=lead.test_case,
            expected_outcome=lead.expected_outcome.value,
            attributes_sealed=seal_lead(run.account.vault, lead.attributes),
        )
