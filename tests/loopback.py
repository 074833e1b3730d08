"""Runs receiving web applications on loopback ports, in a thread, for a test."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Heard:
    """A request as it arrived; path and query are percent-encoded, header names lower-case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str


Answering = Callable[[Heard], tuple[int, Mapping[str, str], str]]
"""From what was heard to status, headers and body."""


@contextmanager
def serving(app: web.Application) -> Iterator[str]:
    """Give the address of the running application, for example http://127.0.0.1:40321."""
    with _running([app]) as (address,):
        yield address


@contextmanager
def listening(answering: Sequence[Answering]) -> Iterator[list[str]]:
    """Give one address for each of the receivers, which run beside each other in one thread."""
    with _running([_app(answer) for answer in answering]) as addresses:
        yield addresses


def _app(answer: Answering) -> web.Application:
    async def handle(request: web.Request) -> web.Response:
        url = request.rel_url
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = (await request.read()).decode()
        heard = Heard(request.method, url.raw_path, url.raw_query_string, headers, body)
        status, told, text = answer(heard)
        return web.Response(status=status, headers=told, body=text.encode())

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app


@contextmanager
def _running(apps: Sequence[web.Application]) -> Iterator[list[str]]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runners = [web.AppRunner(app, access_log=None, shutdown_timeout=0.1) for app in apps]

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(timeout=10)

    try:
        yield [run(_start(runner)) for runner in runners]
    finally:
        for runner in runners:
            run(runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _start(runner: web.AppRunner) -> str:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"
