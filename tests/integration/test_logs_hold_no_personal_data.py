"""Personal data and secrets go everywhere that they must, and none of it into the log.

Every attribute of a person, every secret and what receivers answer carries a mark; intake,
deliveries that succeed and fail in all their ways, test runs and pages are run; then no line of
the log and no page that says what went wrong holds a mark.
"""

import io
import logging
from collections.abc import Mapping

import pytest
from aiohttp import web
from django.utils import timezone

from connections import runner
from connections.exchange.attributes import CATALOGUE, AttributeType
from connections.exchange.config import ConnectionConfig
from connections.models import Connection, TestRun
from connections.services import change_connection, start_test_run
from delivery import attempt, selectors
from delivery.models import DeliveryStatus
from referral_export.environment import Mode
from referral_export.logs import logging_settings
from tests.delivery_stage import Receiver, now, pump, receiving, set_stage

MARK = "kanarienvogel"
EMAIL = f"{MARK}@example.com"
SECRET = f"{MARK}-secret"


@pytest.fixture
def stage(transactional_db):
    return set_stage()


@pytest.fixture
def log():
    """All that production would have logged."""
    given = logging_settings(Mode.PRODUCTION)
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(given["formatters"]["line"]["()"]())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(given["root"]["level"])
    yield output
    root.setLevel(level)
    root.removeHandler(handler)


def marked_attributes() -> dict[str, object]:
    texts = {
        name: f"{MARK}-{name}"
        for name, attribute in CATALOGUE.items()
        if attribute.type is AttributeType.TEXT
    }
    return texts | {"email": EMAIL}


def sends_back(request: web.Request) -> web.Response:
    """A receiver that repeats all that it was told, where it may be quoted."""
    return web.json_response(
        {"error": f"{EMAIL} is known", "id": MARK}, status=409, headers={"X-Lead": EMAIL}
    )


def connection_to(stage, receiver: Receiver | str, **changes: object) -> Connection:
    connection = stage.connection(receiver, timeout_seconds=1)
    config = connection.head_version.document.model_dump(mode="json") | {
        "headers": [{"name": "X-Key", "value": {"secret": "crm_key"}}],
        "authorization": {"type": "bearer", "token": {"secret": "crm_key"}},
        "variables": {"key": MARK},
        **changes,
    }
    who = {"account": stage.cast.account, "actor": stage.cast.actor, "now": now()}
    change_connection(
        connection_id=connection.id,
        config=ConnectionConfig.model_validate(config),
        secret_values={"crm_key": SECRET},
        **who,
    )
    stage.activate(connection)
    return connection


def post(client, stage, body: object, *, query: str = "") -> int:
    return client.post(
        f"/api/v1/accounts/acme/referrals{query}",
        data=body,
        content_type="application/json",
        **stage.cast.authorization(),
    ).status_code


def referral(number: int, **changes: object) -> Mapping[str, object]:
    given = {"campaign": "spring", "external_id": f"tx-{number}"}
    return {**given, "attributes": marked_attributes(), **changes}


def test_deliveries_of_all_ends(stage, client, log, monkeypatch):
    rules = [
        {
            "name": "Known",
            "conditions": [{"source": "status", "operator": "in", "value": "409"}],
            "outcome": "duplicate",
            "reason": {"source": "json", "path": "$.error"},
            "captures": [{"name": "lead", "source": "json", "path": "$.id"}],
        }
    ]
    with (
        receiving(answer=sends_back) as known,
        receiving(answer=sends_back) as unmatched,
        receiving(seconds=3) as silent,
    ):
        connection_to(stage, known, response_rules=rules)
        connection_to(stage, unmatched)
        connection_to(stage, silent)
        connection_to(stage, "http://127.0.0.1:9")
        connection_to(stage, f"http://{MARK}.localhost:9")
        connection_to(stage, known, body={"encoding": "text", "template": "{{ first_name|e164 }}"})
        assert post(client, stage, [referral(1), referral(2), referral(1)]) == 202
        pump()
    statuses = stage.statuses()
    assert set(statuses) >= {
        DeliveryStatus.DUPLICATE,
        DeliveryStatus.REJECTED,
        DeliveryStatus.RETRYING,
        DeliveryStatus.FAILED,
    }

    def fails(*_args: object) -> None:
        raise ValueError(EMAIL)

    monkeypatch.setattr(attempt, "open_attributes", fails)
    post(client, stage, referral(3))
    pump()
    assert '"event":"an attempt came to nothing: ValueError' in log.getvalue()
    assert '"event":"referrals came"' in log.getvalue()
    assert '"event":"attempt"' in log.getvalue()
    assert MARK not in log.getvalue().lower()


def test_what_is_handed_in_wrongly(stage, client, log):
    wrong = referral(1, attributes=marked_attributes() | {"age": EMAIL, EMAIL: EMAIL})
    assert post(client, stage, wrong) == 422
    assert post(client, stage, [wrong, referral(2, campaign=EMAIL), {EMAIL: EMAIL}]) == 202
    assert post(client, stage, f'{{"{EMAIL}": ', query=f"?email={EMAIL}") == 400
    client.get(f"/accounts/acme/deliveries/?q={EMAIL}")
    client.post("/login/", {"username": EMAIL, "password": SECRET})
    client.get("/api/v1/me", headers={"Authorization": f"Bearer {SECRET}"})
    assert log.getvalue().count("\n") >= 6
    assert MARK not in log.getvalue().lower()


def test_failing_page_and_call(stage, client, log, monkeypatch):
    def fails(*_args: object, **_options: object) -> None:
        raise ValueError(EMAIL) from KeyError(SECRET)

    monkeypatch.setattr(selectors, "deliveries_of", fails)
    client.raise_request_exception = False
    client.force_login(stage.cast.manager)
    page = client.get(f"/accounts/acme/deliveries/?q={EMAIL}")
    call = client.get(
        f"/api/v1/accounts/acme/deliveries?external_id={EMAIL}", **stage.cast.authorization()
    )
    assert (page.status_code, call.status_code) == (500, 500)
    assert log.getvalue().count("builtins.ValueError") == 2
    for text in (log.getvalue(), page.content.decode(), call.content.decode()):
        assert MARK not in text.lower()


def test_test_runs(stage, log):
    with receiving(answer=sends_back) as crm:
        for receiver in (crm, "http://127.0.0.1:9"):
            connection = connection_to(stage, receiver)
            start_test_run(
                account=stage.cast.account,
                actor=stage.cast.actor,
                now=timezone.now(),
                connection_id=connection.id,
                attributes={"email": EMAIL, "first_name": MARK},
                confirm_production=True,
            )
        sender = runner.Sender()
        for run in TestRun.objects.for_account(stage.cast.account):
            runner.run_test(run.id, sender=sender, now=timezone.now())
        sender.close()
    assert {run.status for run in TestRun.objects.for_account(stage.cast.account)} == {"failed"}
    assert MARK not in log.getvalue().lower()
