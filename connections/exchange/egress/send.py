"""One request out and its bounded answer back, inside one deadline."""

import asyncio
import time
import zlib
from dataclasses import dataclass
from functools import lru_cache

import httpx

from connections.exchange.egress.addresses import UrlError, parse_url
from connections.exchange.egress.errors import EgressCode, EgressError, classify_failure
from connections.exchange.egress.progress import Progress
from connections.exchange.request import PreparedRequest
from connections.exchange.responses import MAX_BODY_BYTES, MAX_HEADER_BYTES, ReceivedResponse

_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Received:
    response: ReceivedResponse
    broken: EgressError | None
    """Why the body is not whole, when its end never came."""


async def send(
    transport: httpx.AsyncBaseTransport,
    prepared: PreparedRequest,
    *,
    pool: str,
    deadline: float,
    progress: Progress,
) -> Received:
    """Send the request and read the answer until `deadline`, a moment of the loop's clock.

    An answer whose headers came is returned even when its body broke off.

    *Raises* EgressError when no answer came.
    """
    request = _to_httpx(prepared, pool=pool, progress=progress)
    try:
        async with asyncio.timeout_at(deadline):
            answer = await transport.handle_async_request(request)
    except TimeoutError as error:
        raise _out_of_time(progress) from error
    body = bytearray()
    broken = None
    try:
        async with asyncio.timeout_at(deadline):
            complete = await _read_into(body, answer.stream)
    except TimeoutError:
        complete, broken = False, _out_of_time(progress)
    except EgressError as error:
        complete, broken = False, error
    finally:
        await answer.aclose()
    return Received(_received(answer, bytes(body), complete=complete), broken)


def _to_httpx(prepared: PreparedRequest, *, pool: str, progress: Progress) -> httpx.Request:
    try:
        # Loopback or not is the transport's to say; here the URL is only read.
        destination = parse_url(prepared.url, allow_loopback=True)
        return httpx.Request(
            prepared.method,
            _url(destination.origin),
            headers=list(prepared.headers),
            stream=httpx.ByteStream(prepared.body),
            extensions={
                "pool": pool,
                "progress": progress,
                "target": destination.target.encode("ascii"),
            },
        )
    except UrlError as error:
        raise classify_failure(error, request_written=False) from error
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise EgressError(EgressCode.PROTOCOL, "the request cannot be written as HTTP") from error


_url = lru_cache(maxsize=4_096)(httpx.URL)
"""Reading a URL is the dearest part of making a request, and origins are few."""


async def _read_into(body: bytearray, stream: object) -> bool:
    """Read to the end or just past the limit, and tell which."""
    assert isinstance(stream, httpx.AsyncByteStream)
    async for chunk in stream:
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return False
    return True


def _received(answer: httpx.Response, body: bytes, *, complete: bool) -> ReceivedResponse:
    headers = _kept_headers(answer)
    encoding = next((value for name, value in headers if name.lower() == "content-encoding"), "")
    if encoding and encoding.strip().lower() != "identity":
        body, complete = _decoded(body, encoding.strip().lower(), complete=complete)
    return ReceivedResponse(
        status=answer.status_code,
        headers=headers,
        body=body[:MAX_BODY_BYTES],
        truncated=not complete or len(body) > MAX_BODY_BYTES,
    )


def _decoded(body: bytes, encoding: str, *, complete: bool) -> tuple[bytes, bool]:
    """Undo gzip or deflate up to the limit; any other coding stays unread."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return b"", False
    for window_bits in (_ZLIB_OR_GZIP, -zlib.MAX_WBITS):
        decoder = zlib.decompressobj(window_bits)
        try:
            text = decoder.decompress(body, MAX_BODY_BYTES)
        except zlib.error:
            continue
        return text, complete and decoder.eof
    return b"", False


def _kept_headers(answer: httpx.Response) -> tuple[tuple[str, str], ...]:
    kept: list[tuple[str, str]] = []
    room = MAX_HEADER_BYTES
    for raw_name, raw_value in answer.headers.raw:
        name = raw_name.decode("ascii", "replace")[:room]
        value = raw_value.decode("utf-8", "replace").replace("\x00", "\ufffd")
        value = value[: room - len(name)]
        room -= len(name) + len(value.encode())
        kept.append((name, value))
        if room <= 0:
            break
    return tuple(kept)


def _out_of_time(progress: Progress) -> EgressError:
    seconds = f"{time.perf_counter() - progress.started:.0f}"
    if progress.request_written:
        return EgressError(
            EgressCode.TIMEOUT_AFTER_SEND,
            f"sent, but no whole answer came in {seconds} s: the receiver may have it",
            request_written=True,
        )
    return EgressError(EgressCode.TIMEOUT, f"nothing could be sent in {seconds} s")
