"""Names to addresses that were checked: one bad address in an answer refuses all of it."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from connections.exchange.egress.addresses import is_allowed
from connections.exchange.egress.errors import EgressCode, EgressError
from connections.exchange.egress.progress import CURRENT

LOOKUP_SECONDS = 2.0
CACHE_SECONDS = 15.0
MAX_ADDRESSES = 32
MAX_CACHED_NAMES = 4_096
LOOKUP_THREADS = 16

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""From a host name to the addresses of all its records; raises OSError."""


class GuardedResolver(AbstractResolver):
    """Looks a name up once for all who wait, vets every record, and keeps it for a moment."""

    def __init__(self, *, allow_loopback: bool, lookup: Lookup | None = None) -> None:
        self._allow_loopback = allow_loopback
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="lookup")
        self._lookup = lookup or self._ask_system
        self._cached: dict[str, tuple[float, Sequence[str]]] = {}
        self._running: dict[str, asyncio.Task[Sequence[str]]] = {}

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - of aiohttp; both here
    ) -> list[ResolveResult]:
        """Return the vetted addresses of a name. *Raises* EgressError `dns`, `blocked_address`."""
        progress = CURRENT.get()
        progress.dns_started = time.perf_counter()
        addresses = await self._vetted(host)
        progress.dns_ended = time.perf_counter()
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        for task in list(self._running.values()):
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _vetted(self, host: str) -> Sequence[str]:
        expires, addresses = self._cached.get(host, (0.0, ()))
        if expires > time.monotonic():
            return addresses
        addresses = await self._look_up(host)
        if not all(is_allowed(one, allow_loopback=self._allow_loopback) for one in addresses):
            raise EgressError(
                EgressCode.BLOCKED_ADDRESS, "the host's address is not on the public internet"
            )
        if len(self._cached) >= MAX_CACHED_NAMES:
            self._cached.clear()
        self._cached[host] = (time.monotonic() + CACHE_SECONDS, addresses)
        return addresses

    async def _look_up(self, host: str) -> Sequence[str]:
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                # Shielded: one who gives up must not take the answer from the others, and a
                # name server that never answers holds one thread per name, not per request.
                addresses = await asyncio.shield(self._start(host))
        except TimeoutError as error:
            raise EgressError(EgressCode.DNS, "the host's name was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise EgressError(EgressCode.DNS, "the host's name cannot be resolved") from error
        if not 0 < len(addresses) <= MAX_ADDRESSES:
            raise EgressError(EgressCode.DNS, "the host's name has no usable number of addresses")
        return addresses

    def _start(self, host: str) -> asyncio.Task[Sequence[str]]:
        if task := self._running.get(host):
            return task

        async def look_up() -> Sequence[str]:
            return await self._lookup(host)

        def ended(task: asyncio.Task[Sequence[str]]) -> None:
            self._running.pop(host, None)
            if not task.cancelled():
                task.exception()  # seen, even when everyone has stopped waiting

        task = self._running[host] = asyncio.create_task(look_up())
        task.add_done_callback(ended)
        return task

    async def _ask_system(self, host: str) -> Sequence[str]:
        # The dot at the end keeps search domains out; `localhost` stands in the hosts file.
        name = host if host.rpartition(".")[2] == "localhost" else f"{host}."
        records = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(record[4][0]) for record in records))
