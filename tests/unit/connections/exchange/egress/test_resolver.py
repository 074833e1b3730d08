"""Names and addresses: which may be dialled, looked up how often, and looked at again."""

import asyncio
import json
import socket

import pytest

from connections.exchange.egress import EgressCode, EgressError, Progress
from connections.exchange.egress import resolver as resolver_module
from connections.exchange.egress.errors import BlockedSocketError
from connections.exchange.egress.progress import CURRENT
from connections.exchange.egress.resolver import GuardedResolver
from referral_export.environment import CHECKOUT
from tests.unit.connections.exchange.receivers import (
    Receiver,
    guarded,
    listening,
    prepared,
    send_once,
)

CORPUS = CHECKOUT.parent / "shared" / "corpora" / "urls.json"


def dns_entries():
    if not CORPUS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{CORPUS} is not here"))]
    known = json.loads(CORPUS.read_text())["urls"]
    return [pytest.param(entry, id=entry["id"]) for entry in known if entry.get("dns_answers")]


def fake_lookup(answers):
    asked = []

    async def lookup(host):
        asked.append(host)
        records = answers[min(len(asked), len(answers)) - 1]
        if records == ["@timeout"]:
            await asyncio.sleep(60)
        return records

    return lookup, asked


@pytest.mark.parametrize("entry", dns_entries())
def test_dns_entry_of_the_corpus_ends_as_it_says(entry, monkeypatch):
    monkeypatch.setattr(resolver_module, "LOOKUP_SECONDS", 0.05)
    lookup, asked = fake_lookup(entry["dns_answers"])
    host = entry["url"].split("/")[2]

    async def run():
        CURRENT.set(Progress())
        resolver = GuardedResolver(allow_loopback=False, lookup=lookup)
        try:
            return [one["host"] for one in await resolver.resolve(host, 443)]
        finally:
            await resolver.close()

    if entry["expected"] == "allow" or entry["id"] == "S259":  # S259: only the pools differ
        assert asyncio.run(run()) == entry["dns_answers"][0]
    else:
        with pytest.raises(EgressError) as caught:
            asyncio.run(run())
        assert caught.value.code in (EgressCode.BLOCKED_ADDRESS, EgressCode.DNS)
    assert asked == [host]


def test_name_is_looked_up_once_for_all_and_rebinding_finds_no_second_look_up():
    lookup, asked = fake_lookup([["127.0.0.1"], ["10.0.0.1"]])

    async def run():
        receiver = Receiver(close=True)
        async with listening(receiver) as port, guarded(lookup=lookup) as transport:
            request = prepared(f"http://rebind.example.com:{port}/")
            await asyncio.gather(*(send_once(transport, request) for _ in range(5)))
            await send_once(transport, request)
        return receiver.connections

    assert asyncio.run(run()) == 6
    assert asked == ["rebind.example.com"]


def test_mixed_answer_is_refused_as_a_whole():
    lookup, _ = fake_lookup([["127.0.0.1", "10.0.0.1"]])

    async def run():
        receiver = Receiver()
        async with listening(receiver) as port, guarded(lookup=lookup) as transport:
            with pytest.raises(EgressError) as caught:
                await send_once(transport, prepared(f"http://mix.example.com:{port}/"))
        return caught.value.code, receiver.connections

    assert asyncio.run(run()) == (EgressCode.BLOCKED_ADDRESS, 0)


@pytest.mark.parametrize("records", [[], ["127.0.0.1"] * 33])
def test_name_without_a_usable_number_of_addresses(records):
    lookup, _ = fake_lookup([records])

    async def run():
        async with guarded(lookup=lookup) as transport:
            await send_once(transport, prepared("http://none.example.com/"))

    with pytest.raises(EgressError) as caught:
        asyncio.run(run())
    assert caught.value.code is EgressCode.DNS


def test_dead_address_is_passed_over_for_the_next():
    lookup, _ = fake_lookup([["::1", "127.0.0.1"]])

    async def run():
        async with listening(Receiver()) as port, guarded(lookup=lookup) as transport:
            return await send_once(transport, prepared(f"http://two.example.com:{port}/"))

    assert asyncio.run(run()).response.status == 200


def test_address_is_looked_at_again_when_it_is_dialled():
    async def run():
        async with guarded() as transport:
            address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))
            transport._open_socket(address)

    with pytest.raises(BlockedSocketError):
        asyncio.run(run())


def test_address_that_slips_past_the_url_is_refused_before_it_is_dialled(monkeypatch):
    monkeypatch.setattr("connections.exchange.egress.resolver.is_allowed", lambda *_, **__: True)
    lookup, _ = fake_lookup([["10.0.0.1"]])

    async def run():
        async with guarded(lookup=lookup) as transport:
            await send_once(transport, prepared("http://slip.example.com/"))

    with pytest.raises(EgressError) as caught:
        asyncio.run(run())
    assert caught.value.code is EgressCode.BLOCKED_ADDRESS
