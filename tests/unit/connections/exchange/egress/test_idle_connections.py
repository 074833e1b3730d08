"""Connections that are kept for the next request: whose they are, and when they are not used."""

import asyncio
import socket
import threading
import time

import pytest

from connections.exchange.egress import EgressCode, EgressError
from tests.unit.connections.exchange.receivers import (
    OK,
    Receiver,
    answer,
    guarded,
    listening,
    prepared,
    send_once,
)


def connections_of(pools, *, max_pools=10):
    async def run():
        receiver = Receiver()
        async with listening(receiver) as port, guarded(max_pools=max_pools) as transport:
            for pool in pools:
                await send_once(transport, prepared(f"http://127.0.0.1:{port}/"), pool=pool)
        return receiver.connections

    return asyncio.run(run())


def test_connections_are_kept_within_one_pool_only():
    assert connections_of(["a", "a", "a"]) == 1
    assert connections_of(["a", "b", "a", "b"]) == 2


def test_pools_are_bounded_and_the_oldest_goes_first():
    assert connections_of(["a", "b", "c", "a"], max_pools=2) == 4
    assert connections_of(["a", "b", "a", "c", "a"], max_pools=2) == 3


class Threaded:
    """A receiver in a thread of its own, so that it acts while the client's loop stands still."""

    def __init__(self, *talks):
        self.talks, self.requests = talks, []
        self.has_acted = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        for talk in self.talks:
            connection, _ = self.listener.accept()
            with connection:
                connection.settimeout(5)
                for step in talk:
                    if step == "read":
                        self.requests.append(connection.recv(65_536))
                    elif step == "acted":
                        self.has_acted.set()
                    elif isinstance(step, float):
                        time.sleep(step)
                    else:
                        connection.sendall(step)
            self.has_acted.set()
        self.listener.close()


def two_requests(receiver, *, blind):
    """Send two; until the receiver acted the loop stands still (blind), or sees what arrives."""

    async def run():
        url = f"http://127.0.0.1:{receiver.port}/"
        async with guarded() as transport:
            bodies = []
            for _ in range(2):
                received = await send_once(transport, prepared(url))
                bodies.append(received.response.body)
                if blind:
                    receiver.has_acted.wait(5)
                else:
                    await asyncio.to_thread(receiver.has_acted.wait, 5)
                    await asyncio.sleep(0.05)
            return bodies

    try:
        return asyncio.run(run())
    finally:
        receiver.thread.join(5)


@pytest.mark.parametrize("blind", [True, False])
def test_connection_that_closed_while_idle_is_not_used(blind):
    receiver = Threaded(["read", OK], ["read", answer(b"second")])
    assert two_requests(receiver, blind=blind) == [b"ok", b"second"]
    assert len(receiver.requests) == 2


@pytest.mark.parametrize("blind", [True, False])
@pytest.mark.parametrize("pause", [[], [0.05]])
def test_answer_that_came_unasked_is_never_read(pause, blind):
    poison = answer(b"POISONED")
    receiver = Threaded(["read", OK, *pause, poison, "acted", 0.4], ["read", answer(b"second")])
    assert two_requests(receiver, blind=blind) == [b"ok", b"second"]


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
def test_request_is_never_sent_twice(method):
    async def run():
        receiver = Receiver(OK)
        async with listening(receiver) as port, guarded() as transport:
            request = prepared(f"http://127.0.0.1:{port}/", method=method)
            await send_once(transport, request)
            receiver.answer = b""
            receiver.close = True
            with pytest.raises(EgressError) as caught:
                await send_once(transport, request)
        return caught.value, len(receiver.requests)

    error, count = asyncio.run(run())
    assert (error.code, error.request_written, count) == (EgressCode.DISCONNECTED, True, 2)
