"""Access tokens: one fetch for all who wait, kept until expiry, and who is not served by another."""

import asyncio

import pytest

from connections.exchange.config import Outcome
from connections.exchange.tokens import Token, TokenCache, TokenFailure
from tests.unit.connections.exchange.tokens.token_server import (
    AUTHORIZATION,
    TokenServer,
    exchanges,
)


def test_token_is_fetched_once_however_many_wait():
    server = TokenServer()
    results = exchanges(server, count=10)
    assert [one.verdict.outcome for one in results] == [Outcome.DELIVERED] * 10
    assert server.leads == ["token-1"] * 10
    assert server.forms == [
        {
            "grant_type": ["client_credentials"],
            "scope": ["leads"],
            "client_id": ["client"],
            "client_secret": ["very secret"],
        }
    ]


@pytest.mark.parametrize(
    ("expires_in", "fetches"), [(3600, 1), ("3600", 1), (None, 1), ("soon", 1), (30, 3), (-1, 1)]
)
def test_token_is_kept_until_a_minute_before_it_expires(expires_in, fetches):
    server = TokenServer(expires_in=expires_in)
    exchanges(server, count=3, at_once=False)
    assert len(server.forms) == fetches


def test_token_expires_by_the_clock():
    now = [0.0]
    cache = TokenCache(clock=lambda: now[0])
    fetched = []

    async def fetch():
        fetched.append(now[0])
        return Token(f"t{len(fetched)}", 300)

    async def run():
        for moment in (0, 239, 241):
            now[0] = moment
            await cache.get("key", fetch)
        await cache.get("other", fetch)

    asyncio.run(run())
    assert fetched == [0, 241, 241]


def test_environment_with_a_token_address_of_its_own_asks_there():
    server = TokenServer()
    grant = AUTHORIZATION | {"token_url": "http://127.0.0.1:9/token"}
    [exchange] = exchanges(server, grant=grant)
    assert exchange.verdict.outcome is Outcome.DELIVERED
    assert len(server.forms) == 1


def test_other_credentials_never_get_a_kept_token():
    server, kept = TokenServer(), TokenCache()
    for secret in ("one secret", "two secret", "one secret"):
        exchanges(server, tokens=kept, secrets={"client_secret": secret})
    assert [form["client_secret"] for form in server.forms][:2] == [["one secret"], ["two secret"]]


def test_failure_is_not_kept():
    server = TokenServer((500, {}))
    first, second = exchanges(server, count=2, at_once=False)
    assert (first.verdict.outcome, second.verdict.outcome) == (Outcome.RETRY, Outcome.DELIVERED)


def test_one_who_gives_up_does_not_take_the_token_from_the_others():
    cache, fetched = TokenCache(), []

    async def fetch():
        fetched.append(1)
        await asyncio.sleep(0.1)
        return Token("t", 300)

    async def impatient():
        async with asyncio.timeout(0.01):
            await cache.get("key", fetch)

    async def run():
        return await asyncio.gather(impatient(), cache.get("key", fetch), return_exceptions=True)

    gave_up, token = asyncio.run(run())
    assert isinstance(gave_up, TimeoutError)
    assert token == Token("t", 300)
    assert len(fetched) == 1


def test_cache_outlives_the_loop_that_a_fetch_was_cut_off_in():
    cache = TokenCache()

    async def never():
        await asyncio.sleep(60)

    async def leave():
        async with asyncio.timeout(0.01):
            await cache.get("key", never)

    async def fail():
        return TokenFailure(Outcome.RETRY, "code", "detail")

    with pytest.raises(TimeoutError):
        asyncio.run(leave())
    assert asyncio.run(cache.get("key", fail)).code == "code"
