from datetime import UTC, datetime

import orjson

from connections.exchange.config import Environment, Outcome
from connections.exchange.egress import Timings
from connections.exchange.perform import Exchange, ExchangeError
from connections.exchange.record import attempt_record
from connections.exchange.request import ShownRequest
from connections.exchange.responses import ReceivedResponse, unmatched

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def exchange(**changes: object) -> Exchange:
    given = {
        "request": ShownRequest("POST", "https://crm.example/", (("X-Key", "••••"),), "{}"),
        "response": ReceivedResponse(201, (("Set-Cookie", "a"), ("Set-Cookie", "b")), b"ok"),
        "error": None,
        "verdict": unmatched(Outcome.REJECTED, "no rule matched"),
        "timings": Timings(connect_ms=1.5),
        "started_at": NOW,
        "duration_ms": 12.5,
    }
    return Exchange(**(given | changes))


def record(**changes: object) -> dict[str, object]:
    return attempt_record(
        exchange(**changes), number=2, version=3, environment=Environment.PRODUCTION
    )


def test_record_has_the_shape_of_the_api():
    assert record() == {
        "number": 2,
        "version": 3,
        "environment": "production",
        "started_at": "2026-11-23T12:00:00Z",
        "duration_ms": 12.5,
        "timings": {"dns_ms": None, "connect_ms": 1.5, "tls_ms": None, "first_byte_ms": None},
        "request": {
            "method": "POST",
            "url": "https://crm.example/",
            "headers": [["X-Key", "••••"]],
            "body": "{}",
        },
        "response": {
            "status": 201,
            "headers": [["Set-Cookie", "a"], ["Set-Cookie", "b"]],
            "body": "ok",
            "truncated": False,
        },
        "error": None,
        "verdict": {
            "outcome": "rejected",
            "rule": None,
            "matched": False,
            "reason": "no rule matched",
            "captures": {},
            "trace": [],
        },
    }


def test_record_without_request_has_its_error():
    error = ExchangeError("secret_missing", "the secret has no value")
    made = record(request=None, response=None, verdict=None, error=error)
    assert (made["request"], made["response"], made["verdict"]) == (None, None, None)
    assert made["error"] == {"code": "secret_missing", "detail": "the secret has no value"}


def test_record_nul_and_half_characters_can_be_stored():
    made = record(
        request=ShownRequest("POST", "https://crm.example/", (), "a\x00b\ud800"),
        response=ReceivedResponse(200, (("X", "\x00"),), b"\x00\xff"),
    )
    text = orjson.dumps(made)
    assert b"\\u0000" not in text
    assert text.decode()
