"""Sends the leads of test runs through the very exchange that production uses."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.conf import settings
from django.utils import timezone

from accounts.tenancy import TenantQuerySet
from connections.exchange.config import Environment, Outcome
from connections.exchange.context import Context
from connections.exchange.egress import GuardedTransport, Timings
from connections.exchange.perform import Exchange, ExchangeError, perform
from connections.exchange.record import attempt_record
from connections.exchange.rendering import CompiledConfig, compile_config
from connections.exchange.tokens import PROCESS_TOKENS, Renew
from connections.grants import GrantKeeper
from connections.leads import open_lead
from connections.models import Connection, TestResult, TestRun, TestRunStatus
from connections.selectors import ATTEMPT_PURPOSE, custom_definitions, secret_values
from connections.services.test_run import tell_a_worker
from connections.signals import connection_proven

# A run ends before it counts as lost: one case more takes 39 seconds at most.
RUN_SECONDS = 80
FETCHES_SECONDS = 9.0
LOST_AFTER = timedelta(minutes=2)
UNSTARTED_AFTER = timedelta(seconds=10)

_TOO_LONG = ExchangeError(
    "run_too_long",
    f"Not sent: the cases before it took {RUN_SECONDS} seconds. Run this one by itself.",
)
_LOST = ExchangeError(
    "worker_lost",
    "The worker that ran this test stopped before it was done. Run the test again.",
)

logger = logging.getLogger(__name__)


class Sender:
    """One event loop and one way out, kept by a worker process from run to run."""

    def __init__(self) -> None:
        self._loop = asyncio.Runner()
        self._transport = self._loop.run(_open_transport())

    def send(
        self,
        compiled: CompiledConfig,
        *,
        environment: Environment,
        context: Context,
        secrets: dict[str, str],
        renew: Renew,
    ) -> Exchange:
        exchange = perform(
            compiled,
            environment=environment,
            context=context,
            secrets=secrets,
            transport=self._transport,
            renew=renew,
        )
        return self._loop.run(_with_its_fetches(exchange))

    def close(self) -> None:
        self._loop.run(self._transport.aclose())
        self._loop.close()


def run_test(run_id: UUID, *, sender: Sender, now: datetime) -> None:
    """Send the leads of one run in their order, and keep what came of each as it comes.

    A run that another worker has, or that is over, is left alone.
    """
    # A worker is told the run only: which account it is of stands in the row.
    runs = TestRun.unscoped.filter(id=run_id, started_at=None, status=TestRunStatus.RUNNING)
    if not runs.update(started_at=now):
        return
    run = TestRun.unscoped.select_related("account", "connection", "version").get(id=run_id)
    _send_all(run, sender)
    _finish(run)


def sweep_test_runs(*, now: datetime) -> None:
    """Ask again for runs that nobody took, and end those whose worker was lost."""
    running = TestRun.unscoped.filter(status=TestRunStatus.RUNNING)
    unstarted = running.filter(started_at=None, created_at__lt=now - UNSTARTED_AFTER)
    for run_id in unstarted.values_list("id", flat=True):
        tell_a_worker(run_id)
    lost = running.filter(started_at__lt=now - LOST_AFTER)
    for run in lost.select_related("account", "version"):
        for result in _open_results(run):
            _keep(run, result, _not_sent(_LOST, now))
        _finish(run)
        logger.warning("test run %s was lost with its worker", run.id)


async def _open_transport() -> GuardedTransport:
    return GuardedTransport(allow_loopback=settings.ALLOW_LOOPBACK_EGRESS)


async def _with_its_fetches(exchange: Coroutine[None, None, Exchange]) -> Exchange:
    """The loop stands still from lead to lead, and must not with a token under way.

    A lead that gave up after a second leaves a fetch that may take nine more.
    """
    try:
        return await exchange
    finally:
        await PROCESS_TOKENS.finish(seconds=FETCHES_SECONDS)


def _send_all(run: TestRun, sender: Sender) -> None:
    environment = Environment(run.environment)
    compiled = compile_config(run.version.document, custom_fields=custom_definitions(run.account))
    secrets = secret_values(version=run.version, environment=environment)
    renew = GrantKeeper(account_id=run.account_id, connection_id=run.connection_id)
    began = time.monotonic()
    for result in _open_results(run):
        now = timezone.now()
        if time.monotonic() - began > RUN_SECONDS:
            exchange = _not_sent(_TOO_LONG, now)
        else:
            context = _context(run, result, now=now)
            exchange = sender.send(
                compiled,
                environment=environment,
                context=context,
                secrets=secrets,
                renew=renew,
            )
        _keep(run, result, exchange)


def _open_results(run: TestRun) -> list[TestResult]:
    results = TestResult.objects.for_account(run.account).filter(run=run, passed=None)
    return list(results.order_by("position"))


def _keep(run: TestRun, result: TestResult, exchange: Exchange) -> None:
    outcome = exchange.verdict.outcome.value if exchange.verdict else None
    result.passed = outcome == result.expected_outcome
    record = attempt_record(
        exchange,
        number=1,
        version=run.version.number,
        environment=Environment(run.environment),
    )
    result.attempt_sealed = run.account.vault.seal(orjson.dumps(record), purpose=ATTEMPT_PURPOSE)
    result.save(update_fields=["passed", "attempt_sealed"])


def _finish(run: TestRun) -> None:
    """End the run: it passed when every case of it did."""
    results = TestResult.objects.for_account(run.account).filter(run=run)
    passed = not results.exclude(passed=True).exists()
    run.status = TestRunStatus.PASSED if passed else TestRunStatus.FAILED
    run.finished_at = timezone.now()
    run.save(update_fields=["status", "finished_at"])
    if passed and run.environment == Environment.PRODUCTION:
        _tell_if_proven(run, results)


def _tell_if_proven(run: TestRun, results: TenantQuerySet[TestResult]) -> None:
    """Say that the connection works, if that is what the run was about.

    One of nothing but cases that are to be refused passes at an endpoint that refuses everything.
    """
    connection = Connection.objects.for_account(run.account).get(id=run.connection_id)
    was_taken = results.exclude(expected_outcome__in=[Outcome.RETRY, Outcome.HOLD]).exists()
    if was_taken and run.version_id == connection.live_version_id:
        connection_proven.send(Connection, connection=connection)


def _not_sent(error: ExchangeError, now: datetime) -> Exchange:
    return Exchange(
        request=None,
        response=None,
        error=error,
        verdict=None,
        timings=Timings(),
        started_at=now,
        duration_ms=0,
    )


def _context(run: TestRun, result: TestResult, *, now: datetime) -> Context:
    """Return what the templates of a test lead see; its result's id is its delivery's."""
    return Context(
        attributes=open_lead(run.account.vault, bytes(result.attributes_sealed)),
        referral_id=str(result.id),
        external_id=f"test-{result.id}",
        occurred_at=now,
        campaign_id="00000000-0000-7000-8000-000000000000",
        campaign_name="Test",
        campaign_reference="test",
        connection_id=str(run.connection_id),
        connection_name=run.connection.name,
        now=now,
        test=True,
        delivery_id=str(result.id),
    )
