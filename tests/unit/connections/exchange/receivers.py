"""Receivers on loopback for the tests of this folder: raw sockets that can misbehave."""

import asyncio
import contextlib

from connections.exchange.egress import GuardedTransport, Progress, send
from connections.exchange.request import PreparedRequest, ShownRequest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def prepared(url, *, method="POST", body=b'{"a": 1}', headers=(("X-Own", "1"),)):
    headers = tuple(headers)
    return PreparedRequest(
        method, url, headers, body, ShownRequest(method, url, headers, body.decode())
    )


def answer(body=b"", *, status="200 OK", **headers):
    """Return an answer as it goes over the wire."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines])
    return head.encode() + b"\r\n\r\n" + body


async def read_request(reader):
    """Return one request as it came: head and body; empty when the client went away."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return head + await reader.readexactly(length)


class Receiver:
    """Answers every request with the same bytes, and counts what came."""

    def __init__(self, answer=OK, *, close=False, read=True):
        self.answer, self.close, self.read = answer, close, read
        self.requests, self.connections, self.closed = [], 0, asyncio.Event()

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while not self.read or (request := await read_request(reader)):
                if self.read:
                    self.requests.append(request)
                if callable(self.answer):
                    await self.answer(reader, writer)
                else:
                    writer.write(self.answer)
                    await writer.drain()
                if self.close or not self.read:
                    break
        finally:
            self.closed.set()
            writer.close()


@contextlib.asynccontextmanager
async def listening(handler, **options):
    """Serve on a free port; on leaving, whatever a handler still does is cut off."""
    running = set()

    async def serve(reader, writer):
        task = asyncio.current_task()
        running.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            running.discard(task)
            if not writer.is_closing():
                writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running)
        await asyncio.sleep(0)  # closed transports say so to the loop before it ends


@contextlib.asynccontextmanager
async def guarded(**options):
    transport = GuardedTransport(allow_loopback=True, **options)
    try:
        yield transport
    finally:
        await transport.aclose()


async def send_once(transport, request, *, pool="p", seconds=5, progress=None):
    loop = asyncio.get_running_loop()
    return await send(
        transport,
        request,
        pool=pool,
        deadline=loop.time() + seconds,
        progress=progress or Progress(),
    )


def ask(served, *, seconds=5, scheme="http", transport=None, close=False, read=True, **request):
    """Serve one answer, send one request to it, and return what was received (or raised)."""

    async def run():
        receiver = Receiver(served, close=close, read=read)
        async with listening(receiver) as port, guarded(**(transport or {})) as way_out:
            url = f"{scheme}://127.0.0.1:{port}/leads"
            return await send_once(way_out, prepared(url, **request), seconds=seconds)

    return asyncio.run(run())
