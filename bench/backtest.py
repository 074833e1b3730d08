"""How long ten rules need for 10,000 stored answers, opened one by one."""

import random
import time
from datetime import UTC, datetime

import orjson
from uuid_utils.compat import uuid7

from bench.stage import Stage, add_campaigns, attributes
from campaigns.models import Campaign
from connections.documents import parse_rules
from connections.models import Connection
from connections.selectors import connections_of
from delivery.backtest import Backtest, backtest
from delivery.models import Attempt, Delivery, Referral
from delivery.sealing import seal_attempt, seal_attributes

ANSWERS = 10_000
LIMIT_SECONDS = 5.0
TITLES = ("Created", "Member Exists", "Invalid Resource", "Bad postcode", "Forgotten Email")
RULES = parse_rules(
    [
        {
            "name": f"Rule {number}",
            "conditions": [
                {"source": "status", "operator": "in", "value": "200-299, 400-499"},
                {
                    "source": "json",
                    "path": "$.error.title" if number % 2 else "$.title",
                    "operator": "equals",
                    "value": title,
                },
            ],
            "outcome": "duplicate" if number % 2 else "delivered",
            "reason": {"source": "json", "path": "$.detail"},
        }
        for number, title in enumerate((*TITLES[1:], *TITLES[1:], "Nothing", "Created"))
    ]
)


def measure_backtest(stage: Stage) -> tuple[float, Backtest]:
    """Return the seconds, and what was found."""
    add_campaigns(stage, "backtest")
    connection = connections_of(stage.account).get(name="backtest-0")
    _keep_answers(stage, connection)
    started = time.perf_counter()
    result = backtest(connection=connection, rules=RULES, now=datetime.now(UTC), limit=ANSWERS)
    return time.perf_counter() - started, result


def _keep_answers(stage: Stage, connection: Connection) -> None:
    """Keep what the engine would have written of as many deliveries, each answered once."""
    account, now = stage.account, datetime.now(UTC)
    campaign = Campaign.objects.for_account(account).get(reference="backtest-0")
    row = {"account": account, "campaign": campaign}
    sealed = seal_attributes(account.vault, orjson.dumps(attributes(1)))
    referrals = [
        Referral(id=uuid7(), external_id=f"{n}", attributes_sealed=sealed, received_at=now, **row)
        for n in range(ANSWERS)
    ]
    deliveries = [
        Delivery(
            id=uuid7(),
            referral=referral,
            connection=connection,
            status="delivered",
            attempt_count=1,
            created_at=now,
            finished_at=now,
            **row,
        )
        for referral in referrals
    ]
    Referral.objects.for_account(account).bulk_create(referrals, batch_size=1_000)
    Delivery.objects.for_account(account).bulk_create(deliveries, batch_size=1_000)
    attempts = [_attempt(stage, connection, delivery) for delivery in deliveries]
    Attempt.objects.for_account(account).bulk_create(attempts, batch_size=1_000)


def _attempt(stage: Stage, connection: Connection, delivery: Delivery) -> Attempt:
    title = random.choice(TITLES)
    body = {"title": title, "status": 200, "detail": f"{delivery.id} is {title}", "tags": [1, 2]}
    headers = [["Content-Type", "application/json"], ["Date", "Mon, 23 Nov 2026 09:00:00 GMT"]]
    record = {
        "number": 1,
        "request": {"method": "POST", "url": "https://x.example", "headers": headers, "body": "{}"},
        "response": {
            "status": 200,
            "headers": headers,
            "body": orjson.dumps(body).decode(),
            "truncated": False,
        },
        "error": None,
        "verdict": {
            "outcome": "delivered",
            "rule": "Success",
            "matched": True,
            "reason": "Success",
            "captures": {},
            "trace": [],
        },
    }
    return Attempt(
        id=uuid7(),
        account=stage.account,
        delivery=delivery,
        number=1,
        version_id=connection.live_version_id,
        environment="production",
        started_at=delivery.created_at,
        duration_ms=100.0,
        response_status=200,
        outcome="delivered",
        record_sealed=seal_attempt(stage.account.vault, record),
    )
