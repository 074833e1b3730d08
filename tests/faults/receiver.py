"""A CRM whose behaviour can be changed while referrals come in; it remembers what it got."""

import asyncio
import hashlib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

BODY = b'{"id": "crm-1", "result": "created"}'
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
HUGE = b'{"padding": "' + b"x" * 10 * 1024 * 1024 + b'"}'
# Long enough that there is always something in flight when a fault comes.
ANSWER_SECONDS = 0.2
BEAT_SECONDS = 0.02


class Behaviour(Enum):
    WELL = auto()
    FAILS_ONE_IN_THREE = auto()
    CUTS_IN_MID_BODY = auto()
    DRIPS = auto()
    ANSWERS_10_MB = auto()
    NEVER_ANSWERS = auto()
    CLOSES = auto()
    """Wants a new connection for each request, and so a look-up where the last is forgotten."""


class Receiver:
    """Runs in a thread of its own; how it behaves may be set from any other."""

    def __init__(self) -> None:
        self.behaviour = Behaviour.WELL
        self.answer_seconds = ANSWER_SECONDS
        self.port = 0
        self.requests = 0
        self.keys: Counter[str] = Counter()
        self.bodies: defaultdict[str, set[bytes]] = defaultdict(set)
        """Digests of all that came under each Idempotency-Key."""
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.latest = 0.0
        """By how many seconds at most it noted a request later than it came."""
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    @property
    def url(self) -> str:
        return f"http://crm-{self.port}.localhost:{self.port}/leads"

    @property
    def in_flight(self) -> int:
        """How many requests came that have no answer yet, and whose sender still waits for it."""
        return sum(connection.is_asked for connection in list(self._connections))

    def note(self, key: str, body: bytes) -> None:
        self.requests += 1
        self.keys[key] += 1
        self.times[key].append(time.monotonic())
        self.bodies[key].add(hashlib.sha256(body).digest())

    def look_how_late_it_is(self, due: float) -> None:
        now = self._loop.time()
        self.latest = max(self.latest, now - due)
        due = now + BEAT_SECONDS
        self._loop.call_at(due, self.look_how_late_it_is, due)

    def go_down(self) -> None:
        """Refuse connections and cut those that are open."""
        self._do(self._close())

    def come_up(self) -> None:
        self._do(self._open())

    def _do(self, coroutine) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=10)

    async def _open(self) -> None:
        self._server = await self._loop.create_server(
            lambda: _Connection(self, self._connections), "127.0.0.1", self.port, backlog=1_024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        # A connection that is accepted when the server closes would be left open: first no more
        # of them, and a turn of the loop for those that there are.
        for listener in self._server.sockets:
            self._loop.remove_reader(listener)
        await asyncio.sleep(0)
        self._server.close()
        for connection in list(self._connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # for the sockets to be closed


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver._loop.run_forever, daemon=True)
    thread.start()
    try:
        receiver.come_up()
        receiver._loop.call_soon_threadsafe(receiver.look_how_late_it_is, receiver._loop.time())
        yield receiver
    finally:
        receiver.go_down()
        receiver._loop.call_soon_threadsafe(receiver._loop.stop)
        thread.join(timeout=10)
        receiver._loop.close()


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as far as our own client speaks it."""

    def __init__(self, receiver: Receiver, connections: "set[_Connection]") -> None:
        self.receiver = receiver
        self.connections = connections
        self.buffer = b""
        self.is_asked = False

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.connections.add(self)

    def connection_lost(self, _error) -> None:
        self.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank, rest = self.buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(headers.get(b"content-length", b"0"))
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        self.receiver.note(headers[b"idempotency-key"].decode(), rest[:length])
        # By its number, since many come at once and are answered at once.
        is_third = self.receiver.requests % 3 == 0
        self.is_asked = True
        self.receiver._loop.call_later(self.receiver.answer_seconds, self._answer, is_third)

    def _answer(self, is_third: bool) -> None:
        if self.transport.is_closing():
            return
        self.is_asked = False
        match self.receiver.behaviour:
            case Behaviour.FAILS_ONE_IN_THREE if is_third:
                self.transport.write(HEAD % (b"500 Internal Server Error", 0))
            case Behaviour.CUTS_IN_MID_BODY:
                half = BODY[: len(BODY) // 2]
                self.transport.write(HEAD % (b"201 Created", len(BODY)) + half)
                self.receiver._loop.call_later(0.01, self.transport.abort)
            case Behaviour.DRIPS:
                self.transport.write(HEAD % (b"201 Created", len(HUGE)))
                self._drip()
            case Behaviour.ANSWERS_10_MB:
                self.transport.write(HEAD % (b"201 Created", len(HUGE)) + HUGE)
            case Behaviour.NEVER_ANSWERS:
                self.is_asked = True
            case Behaviour.CLOSES:
                self.transport.write(HEAD % (b"201 Created\r\nConnection: close", len(BODY)) + BODY)
                self.transport.close()
            case _:
                self.transport.write(HEAD % (b"201 Created", len(BODY)) + BODY)

    def _drip(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(b" ")
            self.receiver._loop.call_later(1, self._drip)
