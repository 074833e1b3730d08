"""The web process of `make run`, and clients that post to it as fast as it answers."""

import asyncio
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import orjson

from accounts.permissions import Permission
from accounts.services import issue_token
from bench.stage import ACTOR, Stage, answers, attributes, free_port, running, wait_until

CLIENTS = 8
REFERRALS = "/api/v1/accounts/bench/referrals"
EMPTY = "/api/v1/empty"


@dataclass(frozen=True, slots=True)
class Web:
    process: subprocess.Popen[bytes]
    url: str
    token: str

    def post_all(self, path: str, bodies: Iterable[bytes]) -> float:
        """Post these, as many at a time as there are clients; return the seconds."""
        return asyncio.run(self._post_all(path, iter(bodies)))

    async def _post_all(self, path: str, bodies: Iterable[bytes]) -> float:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        async with aiohttp.ClientSession(self.url, headers=headers) as session:
            started = time.perf_counter()
            await asyncio.gather(*(_post_in_turn(session, path, bodies) for _ in range(CLIENTS)))
            return time.perf_counter() - started


@contextmanager
def running_web(stage: Stage, environment: dict[str, str] | None = None) -> Iterator[Web]:
    """Run gunicorn with the command line of `make run` and the empty view."""
    port = free_port()
    command = ("gunicorn", "referral_export.wsgi", "--bind", f"127.0.0.1:{port}")
    size = ("--workers", "2", "--threads", "4", "--no-control-socket")
    own = {"DJANGO_SETTINGS_MODULE": "bench.settings"} | (environment or {})
    with running(stage.directory, "web", *command, *size, environment=own) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/healthz"), "the web process")
        yield Web(process, url, _token(stage))


def referral(campaign: str, number: int) -> dict[str, object]:
    return {
        "campaign": campaign,
        "external_id": f"{time.monotonic_ns()}-{number}",
        "attributes": attributes(number),
    }


def singles(campaign: str, count: int) -> list[bytes]:
    """Return bodies of one referral each."""
    return [orjson.dumps(referral(campaign, number)) for number in range(count)]


def lists(campaign: str, count: int, *, size: int) -> list[bytes]:
    """Return bodies of lists, which hold so many referrals altogether."""
    starts = range(0, count, size)
    return [
        orjson.dumps([referral(campaign, n) for n in range(start, min(start + size, count))])
        for start in starts
    ]


async def _post_in_turn(session: aiohttp.ClientSession, path: str, bodies: Iterable[bytes]) -> None:
    for body in bodies:
        async with session.post(path, data=body) as response:
            answer = await response.read()
        if response.status != 202:
            raise RuntimeError(f"the web process answered {response.status}: {answer[:500]!r}")


def _token(stage: Stage) -> str:
    text, _ = issue_token(
        name="bench",
        account=stage.account,
        scopes=[Permission.REFERRAL_WRITE],
        actor=ACTOR,
        now=datetime.now(UTC),
    )
    return text
