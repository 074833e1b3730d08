"""The guarded transport: httpx's request and response above, aiohttp's connections below."""

import asyncio
import select
import socket
import ssl
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache, partial
from weakref import WeakSet

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from yarl import URL

from connections.exchange.egress.addresses import is_allowed, parse_url
from connections.exchange.egress.errors import (
    BlockedSocketError,
    EgressCode,
    EgressError,
    classify_failure,
)
from connections.exchange.egress.progress import CURRENT, Progress, TimedSSLContext
from connections.exchange.egress.resolver import GuardedResolver, Lookup

CONNECT_SECONDS = 5.0
KEEPALIVE_SECONDS = 30.0
MAX_POOLS = 1_024
MAX_HEADER_LINE_BYTES = 102_400
_OWN_HEADERS = frozenset({b"host", b"content-length", b"transfer-encoding"})
_NO_AUTOMATIC_HEADERS = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")

SocketAddress = tuple[int, int, int, str, tuple[object, ...]]


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends a request only where it may go, once, and never through anything in between.

    A request's extensions: `pool` (required) names whose connection it is, since connections
    are kept alive within one pool only; `progress` (optional) is a `Progress` to keep up to
    date; `target` (optional) is the path and query as bytes, where httpx would re-quote them.

    No redirect is followed, no cookie kept, no proxy or netrc read, no body decoded. Time is
    the caller's: only connecting has a limit of its own. One event loop per transport.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool,
        lookup: Lookup | None = None,
        ssl_context: ssl.SSLContext | None = None,
        max_pools: int = MAX_POOLS,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._ssl_context = ssl_context or _default_ssl_context()
        self._resolver = GuardedResolver(allow_loopback=allow_loopback, lookup=lookup)
        self._pools: OrderedDict[str, _Pool] = OrderedDict()
        self._max_pools = max_pools

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return the answer, its body still to be read and closed.

        *Raises* EgressError.
        """
        progress = request.extensions.get("progress") or Progress()
        CURRENT.set(progress)
        try:
            url = self._checked_url(request)
            pool = await self._pool(request.extensions["pool"])
        except ValueError as error:
            raise classify_failure(error, request_written=False) from error
        pool.in_flight += 1
        try:
            answer = await _request(pool.session, request, url)
        except BaseException as error:
            pool.in_flight -= 1
            if not isinstance(error, Exception):
                raise
            raise classify_failure(
                error,
                request_written=progress.request_written,
                in_handshake=progress.is_in_handshake,
            ) from error
        progress.answered = time.perf_counter()
        return httpx.Response(
            answer.status, headers=list(answer.raw_headers), stream=_Body(answer, pool)
        )

    async def aclose(self) -> None:
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.session.close()
        await self._resolver.close()

    def _checked_url(self, request: httpx.Request) -> URL:
        target = request.extensions.get("target", request.url.raw_path).decode("ascii")
        host = request.url.netloc.decode("ascii")
        destination = parse_url(
            f"{request.url.scheme}://{host}{target}", allow_loopback=self._allow_loopback
        )
        return URL(destination.origin + destination.target, encoded=True)

    async def _pool(self, key: str) -> "_Pool":
        if key in self._pools:
            self._pools.move_to_end(key)
            return self._pools[key]
        pool = self._pools[key] = _Pool(self._session())
        if len(self._pools) > self._max_pools:
            idle = next((name for name, one in self._pools.items() if one.is_idle(pool)), None)
            if idle is not None:
                await self._pools.pop(idle).session.close()
        return pool

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=_Connector(
                resolver=self._resolver,
                use_dns_cache=False,  # the resolver keeps what it vetted
                ssl=self._ssl_context,
                socket_factory=self._open_socket,
                limit=0,  # the engine bounds what is in flight
                keepalive_timeout=KEEPALIVE_SECONDS,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            trust_env=False,
            auto_decompress=False,
            skip_auto_headers=_NO_AUTOMATIC_HEADERS,
            middlewares=(_send_once,),
            max_line_size=MAX_HEADER_LINE_BYTES,
            max_field_size=MAX_HEADER_LINE_BYTES,
        )

    def _open_socket(self, address: SocketAddress) -> socket.socket:
        """Open the socket of a connection: the last look at where it really goes."""
        family, kind, protocol, _, where = address
        if not is_allowed(str(where[0]), allow_loopback=self._allow_loopback):
            raise BlockedSocketError
        return socket.socket(family, kind, protocol)


@dataclass(slots=True)
class _Pool:
    """The kept-alive connections of one connection and environment of one tenant."""

    session: aiohttp.ClientSession
    in_flight: int = 0

    def is_idle(self, newest: "_Pool") -> bool:
        return self.in_flight == 0 and self is not newest


class _Connector(aiohttp.TCPConnector):
    """Never hands out a connection on which anything happened while it was idle.

    A close that has not been read yet would lose the request; a byte that came unasked would
    be read as the answer to it.
    """

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._factory = partial(_answers, loop=self._loop)
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list["aiohttp.tracing.Trace"],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature of aiohttp
    ) -> Connection:
        progress = CURRENT.get()
        while True:
            began = time.perf_counter()
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            assert protocol is not None
            if protocol not in self._used:
                self._used.add(protocol)
                progress.connect_started, progress.connected = began, time.perf_counter()
                break
            if not protocol.should_close and _is_quiet(protocol):
                break
            connection.close()
        progress.request_written = True  # writing is the next thing that happens
        return connection


class _Answers(ResponseHandler):
    """Takes an answer that came whole for an answer, whatever bytes come after it.

    aiohttp forgets a message when what follows it in the same segment is none: a receiver that
    sends a body with its 204 would be sent the lead again. So its parser is given the head by
    itself, and the rest, which closes the connection if it does not belong there, afterwards.
    """

    def data_received(self, data: bytes) -> None:
        head, blank_line, rest = data.partition(b"\r\n\r\n")
        super().data_received(head + blank_line)
        if rest:
            super().data_received(rest)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Have whoever reads a body hear that it broke off, instead of waiting for its end."""
        super().set_exception(exc, *cause)
        if self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(exc, *cause)


def _answers(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    return _Answers(loop)


class _Body(httpx.AsyncByteStream):
    """The bytes of an answer's body as they came, not decoded."""

    def __init__(self, answer: aiohttp.ClientResponse, pool: _Pool) -> None:
        self._answer = answer
        self._pool: _Pool | None = pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.content.iter_any():
                yield chunk
        except Exception as error:
            raise classify_failure(error, request_written=True) from error

    async def aclose(self) -> None:
        """Give the connection back, or close it when something of the body is unread."""
        if self._pool is not None:
            self._pool.in_flight -= 1
            self._pool = None
            if self._answer.content.at_eof():
                self._answer.release()
            else:
                self._answer.close()


async def _request(
    session: aiohttp.ClientSession, request: httpx.Request, url: URL
) -> aiohttp.ClientResponse:
    return await session.request(
        request.method,
        url,
        headers=[
            (name.decode("ascii"), value.decode("ascii"))
            for name, value in request.headers.raw
            if name.lower() not in _OWN_HEADERS
        ],
        data=await request.aread() or None,
        allow_redirects=False,
    )


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending an idempotent request again on its own after a disconnect."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise EgressError(
            EgressCode.DISCONNECTED, "the connection closed before an answer came"
        ) from error


def _is_quiet(protocol: ResponseHandler) -> bool:
    if protocol.transport is None or protocol.transport.is_closing():
        return False
    waiting = select.poll()
    waiting.register(protocol.transport.get_extra_info("socket").fileno(), select.POLLIN)
    return not waiting.poll(0)


@cache
def _default_ssl_context() -> ssl.SSLContext:
    context = TimedSSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context
