"""From the answer 202 to the receiver's first byte, at a steady rate, through all processes."""

import asyncio
import json
import socket
import time
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime

import aiohttp

from accounts.permissions import Permission
from accounts.services import issue_token
from bench.stage import ACTOR, Stage, answers, attributes, celery_worker, running, wait_until

RATE_PER_SECOND = 100
SECONDS = 15
WARM_UP_SECONDS = 3


def measure_latency(stage: Stage) -> dict[str, list[float]]:
    """Return milliseconds from the 202, and from the POST, to the first byte at the receiver."""
    port = _free_port()
    web = ("gunicorn", "referral_export.wsgi", "--bind", f"127.0.0.1:{port}")
    clock = ("--beat", "--scheduler", "celery.beat:Scheduler")
    with ExitStack() as processes:
        for name, command in (
            ("web", (*web, "--workers", "2", "--threads", "4", "--no-control-socket")),
            ("deliveries", celery_worker("deliveries")),
            ("worker", celery_worker("celery", *clock)),
        ):
            processes.enter_context(running(stage.directory, name, *command))
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/readyz"), "readyz")
        sent = asyncio.run(_post_steadily(f"{url}/api/v1/accounts/bench/referrals", _token(stage)))
        wait_until(lambda: stage.waiting() == 0, "all delivered")
    with urllib.request.urlopen(f"{stage.sink_url}/times", timeout=30) as response:
        came = json.load(response)
    seconds = max(answered for *_, answered in sent) - min(posted for _, posted, _ in sent)
    print(f"{len(sent) / seconds:.0f} referrals a second were accepted")
    return {
        "202 to the receiver's first byte": [
            (came[key] - answered) * 1_000 for key, _, answered in sent
        ],
        "POST to the receiver's first byte": [
            (came[key] - posted) * 1_000 for key, posted, _ in sent
        ],
    }


async def _post_steadily(url: str, token: str) -> list[tuple[str, float, float]]:
    """Return (delivery id, when it was posted, when the 202 came) of each, in order."""
    start = time.monotonic()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        posts = []
        for number in range(RATE_PER_SECOND * (WARM_UP_SECONDS + SECONDS)):
            await asyncio.sleep(start + number / RATE_PER_SECOND - time.monotonic())
            posts.append(asyncio.create_task(_post(session, url, number)))
        sent = await asyncio.gather(*posts)
    return sent[RATE_PER_SECOND * WARM_UP_SECONDS :]


async def _post(session: aiohttp.ClientSession, url: str, number: int) -> tuple[str, float, float]:
    referral = {
        "campaign": f"engine-{number % 4}",
        "external_id": f"latency-{number}",
        "attributes": attributes(number),
    }
    posted = time.monotonic()
    async with session.post(url, json=referral) as response:
        answered = time.monotonic()
        body = await response.json()
    assert response.status == 202, body
    return body["results"][0]["deliveries"][0], posted, answered


def _token(stage: Stage) -> str:
    text, _ = issue_token(
        name="bench",
        account=stage.account,
        scopes=[Permission.REFERRAL_WRITE],
        actor=ACTOR,
        now=datetime.now(UTC),
    )
    return text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
