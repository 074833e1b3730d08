"""What a token address answers: the token, wherever it stands, or what to do."""

import asyncio

import pytest

from connections.exchange.config import Outcome
from tests.unit.connections.exchange.receivers import read_request
from tests.unit.connections.exchange.tokens.token_server import (
    AUTHORIZATION,
    SECRETS,
    TokenServer,
    exchanges,
    http,
)


@pytest.mark.parametrize(
    ("status", "document", "outcome", "code", "detail"),
    [
        (
            401,
            {"error": "invalid_client"},
            "hold",
            "token_refused",
            "the token address answered 401: invalid_client. Check the client ID and secret",
        ),
        (400, b"<html>", "hold", "token_refused", "answered 400. Check the client ID"),
        (400, {"error": "very secret is wrong"}, "hold", "token_refused", "•••• is wrong"),
        (
            400,
            {"error": "invalid_grant"},
            "hold",
            "token_refused",
            "Check the client ID and secret",
        ),
        (200, {"error": "very secret"}, "hold", "token_refused", "200: ••••. Check the client ID"),
        (400, {"error": ["odd"]}, "hold", "token_refused", "answered 400. Check"),
        (200, {"token": "x"}, "hold", "token_refused", "without an access token"),
        (200, {"access_token": "a\r\nX: b"}, "hold", "token_refused", "without an access token"),
        (302, {}, "hold", "token_refused", "without an access token"),
        (500, {}, "retry", "token_unavailable", "answered 500"),
        (429, {}, "retry", "token_unavailable", "answered 429"),
    ],
)
def test_refused_token_says_what_to_do(status, document, outcome, code, detail):
    server = TokenServer((status, document))
    [exchange] = exchanges(server)
    assert exchange.verdict.outcome == outcome
    assert exchange.error.code == code
    assert detail in exchange.error.detail
    assert "very secret" not in str(exchange)
    assert server.leads == []


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [
        ("invalid_grant", "token_grant_refused", "ask the advertiser to authorise access again"),
        ("invalid_client", "token_refused", "Check the client ID, secret and refresh token"),
    ],
)
def test_refused_refresh_says_what_to_do(error, code, detail):
    grant = AUTHORIZATION | {"type": "oauth2_refresh_token", "refresh_token": "plain"}
    del grant["scope"]
    [exchange] = exchanges(TokenServer((400, {"error": error})), grant=grant)
    assert exchange.verdict.outcome is Outcome.HOLD
    assert exchange.error.code == code
    assert detail in exchange.error.detail


def test_token_that_holds_a_secret_by_chance_is_sent_whole():
    answer = (200, {"access_token": "a.very-secret.b"})
    server = TokenServer(answer, accept=["a.very-secret.b"])
    [exchange] = exchanges(server, secrets={"client_secret": "very-secret"})
    assert exchange.verdict.outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("parts", "token_request"),
    [
        ({"request_format": "query"}, b"GET /token?grant_type=refresh_token&refresh_token=r%2B1"),
        ({"request_format": "json"}, b'{"grant_type":"refresh_token","refresh_token":"r+1"'),
        ({"request_format": "form"}, b"grant_type=refresh_token&refresh_token=r%2B1"),
    ],
)
def test_refresh_token_brings_the_token_that_the_lead_is_sent_with(parts, token_request):
    requests = []

    async def answer(reader, writer):
        while request := await read_request(reader):
            requests.append(request)
            is_lead = b"/leads " in request.split(b"\r\n")[0]
            document = {"echo": "fetched-1"} if is_lead else {"access_token": "fetched-1"}
            writer.write(http(201, document))
        writer.close()

    grant = (
        AUTHORIZATION
        | parts
        | {
            "type": "oauth2_refresh_token",
            "refresh_token": {"secret": "refresh"},
            "prefix": "OAuth token=",
        }
    )
    [exchange] = exchanges(answer, grant=grant, secrets=SECRETS | {"refresh": "r+1"})
    assert exchange.verdict.outcome is Outcome.DELIVERED
    assert token_request in requests[0]
    assert b"\r\nAuthorization: OAuth token=fetched-1\r\n" in requests[1]
    assert "fetched-1" not in str(exchange)


@pytest.mark.parametrize(
    ("place", "sent"),
    [
        ({"name": "X-Session"}, b"\r\nX-Session: fetched-1\r\n"),
        ({"in": "query", "name": "session"}, b"POST /leads?session=fetched-1 "),
    ],
)
def test_api_that_wants_a_login_first_gets_one_and_is_sent_its_token(place, sent):
    requests = []

    async def answer(reader, writer):
        while request := await read_request(reader):
            requests.append(request)
            session = {"session": {"token": "fetched-1", "ttl": "90"}}
            is_login = request.startswith(b"POST /token ")
            writer.write(http(201, session if is_login else {"echo": "fetched-1"}))
        writer.close()

    login = AUTHORIZATION | {
        "client_id": "",
        "request_format": "json",
        "parameters": [
            {"name": "user", "value": "rokt"},
            {"name": "password", "value": "{{ secrets.client_secret }}"},
            *({"name": ours, "value": ""} for ours in ("grant_type", "scope", "client_secret")),
        ],
        "token_path": "$.session.token",
        "lifetime_path": "$.session.ttl",
        "prefix": "",
    }
    [exchange] = exchanges(answer, grant=login | place)
    assert exchange.verdict.outcome is Outcome.DELIVERED
    assert requests[0].endswith(b'{"user":"rokt","password":"very secret"}')
    assert sent in requests[1]
    assert "fetched-1" not in str(exchange)


def test_token_address_that_is_silent_ends_at_the_one_deadline():
    async def silent(reader, _writer):
        await read_request(reader)
        await asyncio.sleep(3)

    [exchange] = exchanges(silent)
    assert exchange.error.code == "timeout"
    assert exchange.verdict.outcome is Outcome.RETRY
    assert exchange.duration_ms < 2_000
