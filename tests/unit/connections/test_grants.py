"""Refresh tokens that are good for one use: replaced, shared, never used by two at once."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiohttp import web
from django.db import OperationalError
from django.utils import timezone

from accounts.models import Account, AuditEvent
from connections import grants, runner, selectors, services
from connections.documents import MergePatch, parse_config
from connections.exchange.config import Environment
from connections.exchange.perform import perform
from connections.exchange.rendering import compile_config
from connections.exchange.tokens import TokenCache
from connections.grants import GrantKeeper
from connections.models import TokenGrant
from tests.cast import make_cast
from tests.loopback import serving
from tests.unit.connections.exchange.receivers import guarded
from tests.unit.connections.exchange.test_perform import context

RUN = "import django; django.setup(); from connections import runner; from django.utils import timezone; runner.run_test('{}', sender=runner.Sender(), now=timezone.now())"  # fmt: skip


class Vendor:
    """Takes each refresh token once, and leads with the newest access token alone."""

    def __init__(self):
        self.url = ""
        self.count, self.used, self.leads = 0, [], []
        self.seconds, self.in_flight = 0.0, 0
        self.lifetime = 3_600
        self.rotates = True
        self.is_lenient = False

    @property
    def newest(self):
        return f"refresh-{self.count}" if self.rotates else "refresh-0"

    async def token(self, request):
        given = (await request.post())["refresh_token"]
        self.used.append(given)
        if given != self.newest and not self.is_lenient:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.count += 1
        answer = {"access_token": f"access-{self.count}", "expires_in": self.lifetime}
        if self.rotates:
            answer["refresh_token"] = self.newest
        self.in_flight += 1
        await asyncio.sleep(self.seconds)
        self.in_flight -= 1
        return web.json_response(answer)

    async def lead(self, request):
        self.leads.append(request.headers["Authorization"])
        is_good = self.leads[-1] == f"Bearer access-{self.count}"
        return web.json_response({"id": 1}, status=201 if is_good else 401)

    def configuration(self, **changes):
        authorization = {
            "type": "oauth2_refresh_token",
            "token_url": f"{self.url}/token",
            "client_id": "us",
            "client_secret": {"secret": "client_secret"},
            "refresh_token": {"secret": "refresh"},
        }
        return {
            "environments": {
                "production": {"url": f"{self.url}/leads"},
                "testing": {"url": f"{self.url}/leads"},
            },
            "authorization": authorization | changes,
            "body": {"template": '{"email": "{{ email }}"}'},
        }


@pytest.fixture
def vendor():
    vendor = Vendor()
    app = web.Application()
    app.router.add_post("/token", vendor.token)
    app.router.add_post("/leads", vendor.lead)
    with serving(app) as vendor.url:
        yield vendor
        wait_until(lambda: not vendor.in_flight)


@pytest.fixture
def stage(transactional_db):
    return make_cast()


def who(cast):
    return {"account": cast.account, "actor": cast.actor, "now": timezone.now()}


@pytest.fixture
def connection(stage, vendor):
    return services.create_connection(
        **who(stage),
        name="CRM",
        config=parse_config(vendor.configuration()),
        secret_values={"client_secret": "very secret", "refresh": "refresh-0"},
    )


class Process:
    """What a process has for itself: the tokens in its memory, and secrets as it read them."""

    def __init__(self, connection, environment=Environment.PRODUCTION):
        account = Account.objects.get(pk=connection.account_id)
        self.connection = selectors.connection_of(account, connection.id)
        self.environment, self.tokens = environment, TokenCache()
        self.version = self.connection.head_version
        self.secrets = selectors.secret_values(version=self.version, environment=environment)

    def send(self, count=1):
        return asyncio.run(self._send(count))

    async def _send(self, count):
        async with guarded() as transport:
            return await asyncio.gather(*(self._one(transport) for _ in range(count)))

    async def _one(self, transport):
        keeper = GrantKeeper(
            account_id=self.connection.account_id, connection_id=self.connection.id
        )
        return await perform(
            compile_config(self.version.document),
            environment=self.environment,
            context=context(),
            secrets=self.secrets,
            transport=transport,
            renew=keeper,
            tokens=self.tokens,
        )


def outcomes(exchanges):
    return [one.verdict.outcome.value for one in exchanges]


def rotations(account):
    events = AuditEvent.objects.for_account(account).filter(event="secret.rotated")
    return list(events.values_list("details", flat=True))


def end_turns(account):
    TokenGrant.objects.for_account(account).update(busy_until=timezone.now())


class TestRotation:
    def test_next_refresh_takes_what_the_last_one_brought(self, vendor, connection, stage):
        vendor.lifetime = 1  # each request needs a token of its own
        assert outcomes(Process(connection).send() + Process(connection).send()) == [
            "delivered",
            "delivered",
        ]
        assert vendor.used == ["refresh-0", "refresh-1"]
        assert rotations(stage.account) == [{"secret": "refresh"}] * 2

    def test_new_one_is_sealed_and_no_version_or_revision_is_made(self, connection, stage):
        Process(connection).send()
        [row] = TokenGrant.objects.for_account(stage.account)
        assert b"refresh-" not in bytes(row.sealed)
        assert b"access-" not in bytes(row.sealed)
        assert row.busy_until is None
        after = selectors.connection_of(stage.account, connection.id)
        assert (after.revision, after.head_version.number) == (connection.revision, 1)
        events = AuditEvent.objects.for_account(stage.account).values_list("details", flat=True)
        assert "refresh-1" not in str(list(events))

    def test_refused_access_token_is_renewed_with_the_newest(self, vendor, connection):
        process = Process(connection)
        process.send()
        vendor.count += 1  # as if the token had been taken back: both tokens are others now
        vendor.is_lenient = True
        assert outcomes(process.send()) == ["delivered"]
        assert vendor.used == ["refresh-0", "refresh-1"]

    def test_vendor_that_replaces_nothing_is_asked_with_the_same(self, vendor, connection, stage):
        vendor.rotates, vendor.lifetime = False, 1
        Process(connection).send()
        assert outcomes(Process(connection).send()) == ["delivered"]
        assert vendor.used == ["refresh-0"] * 2
        assert rotations(stage.account) == []

    def test_template_of_the_secret_alone_is_replaced_too(self, vendor, connection, stage):
        config = vendor.configuration(refresh_token="{{ secrets.refresh }}")
        services.change_connection(
            **who(stage), connection_id=connection.id, config=parse_config(config)
        )
        vendor.lifetime = 1
        Process(connection).send()
        assert outcomes(Process(connection).send()) == ["delivered"]

    def test_environments_with_the_same_refresh_token_share_what_becomes_of_it(
        self, vendor, connection
    ):
        vendor.lifetime = 1
        Process(connection, Environment.TESTING).send()
        assert outcomes(Process(connection).send()) == ["delivered"]
        assert vendor.used == ["refresh-0", "refresh-1"]

    def test_other_scope_asks_for_another_access_token(self, vendor, connection, stage):
        Process(connection).send()
        patch = MergePatch({"authorization": {"scope": "leads"}})
        services.change_connection(**who(stage), connection_id=connection.id, config=patch)
        assert outcomes(Process(connection).send()) == ["delivered"]
        assert vendor.used == ["refresh-0", "refresh-1"]


class TestSeveralProcesses:
    def test_access_token_of_one_serves_the_others(self, vendor, connection):
        for _ in range(3):
            assert outcomes(Process(connection).send()) == ["delivered"]
        assert vendor.used == ["refresh-0"]

    def test_of_those_that_refresh_at_once_one_does_and_all_take_what_it_got(
        self, vendor, connection
    ):
        vendor.seconds = 0.5
        processes = [Process(connection) for _ in range(3)]
        with ThreadPoolExecutor(3) as pool:
            results = list(pool.map(lambda process: process.send(2), processes))
        assert [outcomes(two) for two in results] == [["delivered"] * 2] * 3
        assert vendor.used == ["refresh-0"]

    def test_those_whose_token_was_refused_at_once_refresh_it_once(self, vendor, connection):
        processes = [Process(connection) for _ in range(2)]
        for process in processes:
            process.send()
        vendor.count, vendor.is_lenient, vendor.seconds = 7, True, 0.3
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda process: process.send(), processes))
        assert [outcomes(one) for one in results] == [["delivered"]] * 2
        assert vendor.used == ["refresh-0", "refresh-1"]

    def test_processes_of_the_system_share_too(self, vendor, connection, stage):
        vendor.seconds = 0.5
        runs = [services.start_test_run(**who(stage), connection_id=connection.id) for _ in "ab"]
        for process in [started(run) for run in runs]:
            assert process.wait(timeout=60) == 0
        for run in runs:
            run.refresh_from_db()
            assert run.status == "passed"
        assert vendor.used == ["refresh-0"]

    def test_process_that_is_killed_loses_what_only_it_had(self, vendor, connection, stage):
        vendor.seconds = 3
        run = services.start_test_run(**who(stage), connection_id=connection.id)
        process = started(run)
        wait_until(lambda: vendor.used)
        process.kill()
        process.wait(timeout=10)
        end_turns(stage.account)
        vendor.seconds = 0
        assert outcomes(Process(connection).send()) == ["hold"]
        vendor.is_lenient = True  # as some vendors are for a while
        assert outcomes(Process(connection).send()) == ["delivered"]
        assert vendor.used == ["refresh-0"] * 3

    def test_turn_of_another_is_waited_for_no_longer_than_patience(
        self, vendor, connection, stage, monkeypatch
    ):
        vendor.lifetime = 1
        Process(connection).send()
        busy = timezone.now() + grants.TURN
        TokenGrant.objects.for_account(stage.account).update(busy_until=busy)
        monkeypatch.setattr(grants, "PATIENCE_SECONDS", 0.3)
        [exchange] = Process(connection).send()
        assert (exchange.error.code, exchange.verdict.outcome.value) == ("token_busy", "retry")
        assert vendor.used == ["refresh-0"]

    def test_what_came_is_kept_when_postgresql_is_back(self, vendor, connection, monkeypatch):
        away = [1, 1]
        keep = GrantKeeper._keep

        def keep_or_fail(*given):
            if away:
                away.pop()
                raise OperationalError("away")
            return keep(*given)

        monkeypatch.setattr(GrantKeeper, "_keep", keep_or_fail)
        vendor.lifetime = 1
        Process(connection).send()
        assert outcomes(Process(connection).send()) == ["delivered"]

    def test_run_of_tests_ends_only_when_its_token_is_kept(self, vendor, connection, stage):
        """The lead gives up after a second; its token comes later, and the loop stands still."""
        vendor.seconds = 1.5
        patch = MergePatch({"delivery": {"timeout_seconds": 1}})
        services.change_connection(**who(stage), connection_id=connection.id, config=patch)
        run = services.start_test_run(**who(stage), connection_id=connection.id)
        sender = runner.Sender()
        runner.run_test(run.id, sender=sender, now=timezone.now())
        assert rotations(stage.account) == [{"secret": "refresh"}]
        sender.close()


class TestRefusal:
    def test_refused_refresh_token_is_held_with_what_to_do(self, vendor, connection):
        vendor.count = 5
        [exchange] = Process(connection).send()
        assert exchange.verdict.outcome.value == "hold"
        assert exchange.error.code == "token_grant_refused"
        assert exchange.error.detail == (
            "the token address answered 400: invalid_grant. The refresh token is not valid any"
            " more: ask the advertiser to authorise access again, then set the new refresh token"
            " under Authorization"
        )

    def test_new_refresh_token_begins_anew(self, vendor, connection, stage):
        vendor.count = 5
        Process(connection).send()
        services.set_secret(
            **who(stage), connection_id=connection.id, name="refresh", value="refresh-5"
        )
        assert TokenGrant.objects.for_account(stage.account).count() == 0
        assert outcomes(Process(connection).send()) == ["delivered"]
        assert vendor.used == ["refresh-0", "refresh-5"]

    def test_same_refresh_token_set_again_changes_nothing(self, vendor, connection, stage):
        vendor.lifetime = 1
        Process(connection).send()
        for _ in range(2):
            services.set_secret(
                **who(stage), connection_id=connection.id, name="refresh", value="refresh-0"
            )
        assert outcomes(Process(connection).send()) == ["delivered"]

    def test_archived_connection_keeps_none(self, connection, stage):
        Process(connection).send()
        services.archive_connection(**who(stage), connection_id=connection.id)
        assert TokenGrant.objects.for_account(stage.account).count() == 0


def started(run):
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "referral_export.settings"}
    return subprocess.Popen([sys.executable, "-c", RUN.format(run.id)], env=environment)


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert condition()
