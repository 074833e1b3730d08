"""The guarded way out against receivers that misbehave in every way known to us."""

import asyncio
import gzip
import socket
import time
import zlib

import pytest

from connections.exchange.egress import EgressCode, EgressError, Progress
from tests.unit.connections.exchange.receivers import (
    OK,
    Receiver,
    answer,
    ask,
    guarded,
    listening,
    prepared,
    send_once,
)


def failure(*arguments, **options):
    with pytest.raises(EgressError) as caught:
        ask(*arguments, **options)
    assert "127.0.0.1" not in caught.value.detail
    return caught.value.code, caught.value.request_written


def test_request_leaves_byte_for_byte():
    async def run():
        receiver = Receiver()
        async with listening(receiver) as port, guarded() as transport:
            url = f"http://127.0.0.1:{port}/a/../b%2fc;d?x[]=1&y='(z)'&e=%zz"
            await send_once(transport, prepared(url, headers=[("x-oWn", "1"), ("Accept", "a/b")]))
        return port, receiver.requests

    port, [request] = asyncio.run(run())
    assert request == (
        b"POST /a/../b%2fc;d?x[]=1&y='(z)'&e=%zz HTTP/1.1\r\n"
        b"Host: 127.0.0.1:" + str(port).encode() + b"\r\n"
        b"x-oWn: 1\r\nAccept: a/b\r\nContent-Length: 8\r\n\r\n"
        b'{"a": 1}'
    )


def test_nothing_of_the_environment_is_used(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login tenant password swordfish")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")

    async def run():
        receiver = Receiver()
        async with listening(receiver) as port, guarded() as transport:
            await send_once(transport, prepared(f"http://127.0.0.1:{port}/"))
        return receiver.requests

    [request] = asyncio.run(run())
    assert b"authorization" not in request.lower()


def test_cookies_are_not_kept_and_redirects_not_followed():
    async def run():
        receiver = Receiver(
            answer(status="307 Go", Location="/elsewhere", Set_Cookie="s=a", Alt_Svc='h2=":1"')
        )
        async with listening(receiver) as port, guarded() as transport:
            for _ in range(2):
                received = await send_once(transport, prepared(f"http://localhost:{port}/"))
        return received.response.status, receiver.requests

    status, requests = asyncio.run(run())
    assert status == 307
    assert [request.split()[1] for request in requests] == [b"/", b"/"]
    assert not any(b"cookie" in request.lower() for request in requests)


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "http://169.254.169.254/", "http://redis/", "http://user@127.0.0.1/"],
)
def test_url_is_checked_again_when_sending(url):
    async def run():
        async with guarded() as transport:
            await send_once(transport, prepared(url))

    with pytest.raises(EgressError) as caught:
        asyncio.run(run())
    assert caught.value.code in (EgressCode.BLOCKED_ADDRESS, EgressCode.INVALID_URL)
    assert not caught.value.request_written


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    async def run():
        async with guarded() as transport:
            await send_once(transport, prepared(f"http://127.0.0.1:{port}/"))

    with pytest.raises(EgressError) as caught:
        asyncio.run(run())
    assert (caught.value.code, caught.value.request_written) == (EgressCode.CONNECT, False)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"ok",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X%d: 1\r\n" % n for n in range(10_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX",
        bytes(range(256)),
    ],
    ids=lambda text: text[:20].decode("latin1") + str(len(text)),
)
def test_answer_that_is_not_http_is_an_unknown_outcome(garbage):
    code, written = failure(garbage, close=True)
    assert code in (EgressCode.PROTOCOL, EgressCode.DISCONNECTED)
    assert written


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 12\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_answer_is_taken_whatever_follows_it_and_its_connection_is_not_used_again(head):
    async def run():
        receiver = Receiver(head + b'{"ok": true}')
        async with listening(receiver) as port, guarded() as transport:
            request = prepared(f"http://127.0.0.1:{port}/")
            answers = [await send_once(transport, request) for _ in range(2)]
        return answers, receiver.connections, len(receiver.requests)

    answers, connections, requests = asyncio.run(run())
    for received in answers:
        assert str(received.response.status).encode() == head.split()[1]
        assert (received.response.body, received.broken) == (b"", None)
    assert (connections, requests) == (2, 2)


def test_body_that_breaks_off_in_the_segment_of_its_head_is_known_at_once():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    began = time.perf_counter()
    received = ask(head + b"no chunk\r\n", seconds=5)
    assert time.perf_counter() - began < 4
    assert (received.response.status, received.response.truncated) == (200, True)
    assert received.broken.code is EgressCode.PROTOCOL


@pytest.mark.parametrize(
    ("served", "status", "body", "truncated"),
    [
        (answer(b"hello", status="201 Created"), 201, b"hello", False),
        (answer(b"", status="204 No Content"), 204, b"", False),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", 304, b"", False),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", 200, b"to the end", False),
        (answer(b"ok", status="999 Nope"), 999, b"ok", False),
        (answer(b"ok", status="200 \x1b[31m"), 200, b"ok", False),
        (answer(b"ok", X="a" * 99_000), 200, b"ok", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok", False),
        (answer(b"x" * 65_536), 200, b"x" * 65_536, False),
        (answer(b"x" * 65_537), 200, b"x" * 65_536, True),
        (answer(gzip.compress(b"hello"), Content_Encoding="gzip"), 200, b"hello", False),
        (answer(zlib.compress(b"hello"), Content_Encoding="deflate"), 200, b"hello", False),
        (answer(zlib.compress(b"hello")[2:-4], Content_Encoding="deflate"), 200, b"hello", False),
        (answer(gzip.compress(b"hello")[:-9], Content_Encoding="gzip"), 200, b"hello"[:4], True),
        (answer(b"not gzip", Content_Encoding="gzip"), 200, b"", True),
        (answer(b"brotli", Content_Encoding="br"), 200, b"", True),
        (answer(b"hello", Content_Encoding="identity"), 200, b"hello", False),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_answer_is_kept_as_it_came_within_bounds(served, status, body, truncated):
    received = ask(served, close=True)
    assert received.response.status == status
    if truncated and body and len(body) < 10:
        assert body.startswith(received.response.body[:1])
    else:
        assert received.response.body == body
    assert received.response.truncated is truncated
    assert sum(len(name) + len(value) for name, value in received.response.headers) <= 8_192


def test_compressed_bomb_is_undone_to_the_limit_only():
    bomb = gzip.compress(bytes(60_000_000))
    received = ask(answer(bomb[:65_000], Content_Encoding="gzip"), close=True)
    assert len(received.response.body) == 65_536
    assert received.response.truncated


def test_endless_body_is_cut_and_the_connection_closed():
    async def endless(_reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            await writer.drain()

    async def run():
        receiver = Receiver(endless)
        async with listening(receiver) as port, guarded() as transport:
            received = await send_once(transport, prepared(f"http://127.0.0.1:{port}/"))
            await asyncio.wait_for(receiver.closed.wait(), 2)
        return received

    received = asyncio.run(run())
    assert (len(received.response.body), received.response.truncated) == (65_536, True)
    assert received.broken is None


@pytest.mark.parametrize("flood", [b"2;" + b"a" * 300_000, b"0\r\n" + b"X: a\r\n" * 50_000])
def test_chunk_extensions_and_trailers_without_end_keep_the_status(flood):
    async def serve(_reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(flood)

    received = ask(serve, close=True)
    assert received.response.status == 200
    assert received.response.body == b"ok"
    assert received.response.truncated
    assert received.broken is not None


def test_body_cut_off_by_the_receiver_keeps_status_and_what_came():
    received = ask(b"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\nhalf", close=True)
    assert received.response.status == 201
    assert received.response.body == b"half"
    assert received.broken.code is EgressCode.DISCONNECTED


def test_dripping_body_ends_at_the_deadline_and_the_connection_closes():
    async def drip(_reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def run():
        receiver = Receiver(drip)
        async with listening(receiver) as port, guarded() as transport:
            started = time.perf_counter()
            request = prepared(f"http://127.0.0.1:{port}/")
            received = await send_once(transport, request, seconds=0.3)
            assert time.perf_counter() - started < 1
            await asyncio.wait_for(receiver.closed.wait(), 2)
        return received

    received = asyncio.run(run())
    assert received.response.status == 200
    assert received.response.truncated
    assert received.broken.code is EgressCode.TIMEOUT_AFTER_SEND


def test_no_answer_in_time_is_a_timeout_after_sending():
    async def never(_reader, _writer):
        await asyncio.sleep(5)

    async def run():
        async with listening(Receiver(never)) as port, guarded() as transport:
            await send_once(transport, prepared(f"http://127.0.0.1:{port}/"), seconds=0.2)

    with pytest.raises(EgressError) as caught:
        asyncio.run(run())
    assert caught.value.code is EgressCode.TIMEOUT_AFTER_SEND
    assert caught.value.request_written


def test_timings_tell_what_happened_on_this_request():
    async def run():
        async with listening(Receiver()) as port, guarded() as transport:
            first, second = Progress(), Progress()
            request = prepared(f"http://localhost:{port}/")
            await send_once(transport, request, progress=first)
            await send_once(transport, request, progress=second)
        return first.timings(), second.timings()

    first, second = asyncio.run(run())
    assert first.dns_ms > 0
    assert first.connect_ms > 0
    assert first.tls_ms is None
    assert first.first_byte_ms >= first.connect_ms
    assert (second.dns_ms, second.connect_ms) == (None, None)
    assert second.first_byte_ms > 0
