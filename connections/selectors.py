"""Reads: connections, their secrets without the values, their versions and test runs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from django.db.models import Exists, OuterRef, Prefetch

from accounts.models import Account
from accounts.tenancy import TenantQuerySet
from connections.exchange.config import ConnectionConfig, Environment
from connections.exchange.custom_fields import CustomField as Definition
from connections.exchange.rendering import used_custom_fields
from connections.leads import open_lead
from connections.masking import PersonMask
from connections.models import (
    Connection,
    ConnectionStatus,
    ConnectionVersion,
    CustomField,
    Secret,
    TestResult,
    TestRun,
    TestRunStatus,
)
from connections.secrets import PURPOSE, hosts_of, usable_secrets

ATTEMPT_PURPOSE = "attempt"


class Tested(TypedDict):
    is_tested: bool
    """Whether a test run of the newest version passed."""


if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    ShownConnection = WithAnnotations[Connection, Tested]


@dataclass(frozen=True, slots=True)
class SecretShown:
    """Everything that anybody may know of a secret."""

    set_at: datetime
    set_by: str
    hint: str


def connections_of(account: Account) -> "TenantQuerySet[ShownConnection]":
    """Return the account's connections that are not archived, each knowing `is_tested`."""
    return _with_what_is_shown(account).exclude(status=ConnectionStatus.ARCHIVED)


def connection_of(account: Account, connection_id: UUID | str) -> "ShownConnection":
    """Return one connection, archived or not. *Raises* LookElsewhere."""
    return _with_what_is_shown(account).get_or_404(id=connection_id)


def versions_of(connection: Connection) -> TenantQuerySet[ConnectionVersion]:
    return ConnectionVersion.objects.for_account(connection.account).filter(connection=connection)


def main_host(config: ConnectionConfig) -> str:
    """Return the host that referrals go to, or the first there is."""
    endpoints = config.environments
    first = endpoints.get(Environment.PRODUCTION) or next(iter(endpoints.values()))
    return urlsplit(first.url).netloc


def custom_fields_of(account: Account) -> TenantQuerySet[CustomField]:
    return CustomField.objects.for_account(account)


def custom_field_of(account: Account, field_id: UUID | str) -> CustomField:
    """Return one custom field. *Raises* LookElsewhere."""
    return custom_fields_of(account).get_or_404(id=field_id)


def custom_definitions(account: Account) -> tuple[Definition, ...]:
    """Return what the account's custom fields are, by name: what templates are compiled with."""
    return tuple(field.document for field in custom_fields_of(account).order_by("name"))


def connections_by_custom_field(account: Account) -> dict[str, list[Connection]]:
    """Return, by the name of each custom field in use, the connections that use it.

    Shape: those whose newest or live version does, by name; archived ones use nothing.
    """
    definitions = custom_definitions(account)
    users: dict[str, list[Connection]] = defaultdict(list)
    for connection in connections_of(account).order_by("name") if definitions else ():
        versions = {connection.head_version, connection.live_version} - {None}
        used = (
            used_custom_fields(version.document, custom_fields=definitions)
            for version in versions
            if version
        )
        for name in frozenset().union(*used):
            users[name].append(connection)
    return dict(users)


def custom_field_shown(
    field: CustomField, users: Mapping[str, Sequence[Connection]]
) -> dict[str, Any]:
    """Return a custom field in the shape of the REST API."""
    return {
        "id": str(field.id),
        **field.definition,
        "used_by": [str(user.id) for user in users.get(field.name, ())],
        "created_at": field.created_at,
        "updated_at": field.updated_at,
    }


def is_tested(connection: Connection) -> bool:
    """Tell whether a test run of the newest version passed."""
    runs = TestRun.objects.for_account(connection.account)
    version = connection.head_version
    return runs.filter(version=version, status=TestRunStatus.PASSED).exists()


def secret_values(*, version: ConnectionVersion, environment: Environment) -> dict[str, str]:
    """Return the secrets that this version may use in this environment, opened."""
    rows = Secret.objects.for_account(version.account).filter(
        connection_id=version.connection_id,
        environment=environment.value,
        hosts=hosts_of(version.document, environment),
    )
    vault = version.account.vault
    return {row.name: vault.open(bytes(row.sealed), purpose=PURPOSE).decode() for row in rows}


def secrets_shown(connection: Connection) -> dict[str, dict[Environment, SecretShown]]:
    """Return the secrets that are set for the newest version, by name and environment."""
    shown: dict[str, dict[Environment, SecretShown]] = defaultdict(dict)
    for row in usable_secrets(connection, connection.head_version):
        environment = Environment(row.environment)
        shown[row.name][environment] = SecretShown(row.set_at, row.set_by, row.hint)
    return dict(shown)


def connection_shown(connection: "ShownConnection") -> dict[str, Any]:
    """Return a connection in the shape of the REST API."""
    head, live = connection.head_version, connection.live_version
    return {
        "id": str(connection.id),
        "name": connection.name,
        "status": connection.status,
        "version": head and head.number,
        "live_version": live and live.number,
        "health": connection.health,
        "tested": connection.is_tested,
        "config": head and head.config,
        "secrets": {
            name: {environment.value: asdict(secret) for environment, secret in per.items()}
            for name, per in secrets_shown(connection).items()
        },
        "contacts": connection.contacts,
        "documentation": connection.documentation,
        "created_at": connection.created_at,
        "updated_at": connection.updated_at,
    }


def test_runs_of(connection: Connection) -> TenantQuerySet[TestRun]:
    """Return the connection's runs with their results, but without what was exchanged."""
    results = TestResult.objects.for_account(connection.account).order_by("position")
    return (
        TestRun.objects.for_account(connection.account)
        .filter(connection=connection)
        .select_related("version", "account")
        .prefetch_related(Prefetch("results", results.defer("attributes_sealed", "attempt_sealed")))
    )


def latest_test_runs(account: Account) -> dict[UUID, TestRun]:
    """Return the newest run of each connection, by the connection's id."""
    runs = TestRun.objects.for_account(account).order_by("connection_id", "-id")
    return {run.connection_id: run for run in runs.distinct("connection_id")}


def test_run_of(connection: Connection, run_id: UUID | str) -> TestRun:
    """Return one run with everything of it. *Raises* LookElsewhere."""
    results = TestResult.objects.for_account(connection.account).order_by("position")
    runs = TestRun.objects.for_account(connection.account).filter(connection=connection)
    return (
        runs.select_related("version", "account")
        .prefetch_related(Prefetch("results", results))
        .get_or_404(id=run_id)
    )


def test_run_shown(run: TestRun, *, with_personal_data: bool) -> dict[str, Any]:
    """Return a run in the shape of the REST API, every case with its attempt."""
    results = [
        _result_shown(run, result, with_personal_data=with_personal_data)
        for result in run.results.all()
    ]
    return test_run_summary(run) | {"results": results}


def test_run_summary(run: TestRun) -> dict[str, Any]:
    """Return a run as a history lists it: the cases, without what was exchanged."""
    return {
        "id": str(run.id),
        "status": run.status,
        "version": run.version.number,
        "environment": run.environment,
        "requested_by": run.requested_by,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "results": [_result_summary(result) for result in run.results.all()],
    }


def _result_summary(result: TestResult) -> dict[str, Any]:
    return {
        "test_case": result.test_case,
        "expected_outcome": result.expected_outcome,
        "passed": result.passed,
    }


def _result_shown(run: TestRun, result: TestResult, *, with_personal_data: bool) -> dict[str, Any]:
    vault = run.account.vault
    attempt = None
    if result.attempt_sealed is not None:
        attempt = orjson.loads(vault.open(bytes(result.attempt_sealed), purpose=ATTEMPT_PURPOSE))
        if not with_personal_data:
            lead = open_lead(vault, bytes(result.attributes_sealed))
            attempt = PersonMask(lead).attempt(attempt)
    verdict = attempt and attempt["verdict"]
    return _result_summary(result) | {"attempt": attempt, "verdict": verdict}


def _with_what_is_shown(account: Account) -> "TenantQuerySet[ShownConnection]":
    passed = TestRun.objects.for_account(account).filter(
        version=OuterRef("head_version"), status=TestRunStatus.PASSED
    )
    return (
        Connection.objects.for_account(account)
        .select_related("account", "head_version", "live_version")
        .prefetch_related("secrets")
        .annotate(is_tested=Exists(passed))
    )
