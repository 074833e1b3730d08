"""From the answer 202 to the receiver's first byte, at a steady rate, through all processes."""

import asyncio
import time
from contextlib import ExitStack

import aiohttp

from bench.engine import warm_up
from bench.figures import Figure, Sizes
from bench.stage import CONNECTIONS, Stage, celery_worker, pumping, running, wait_until
from bench.web import REFERRALS, Web, referral, running_web

WARM_UP_SECONDS = 2
LEAST_SHARE = 0.95
P50_MILLISECONDS, P99_MILLISECONDS = 25.0, 150.0

Sent = tuple[str, float, float]
"""A delivery's id, when it was posted, and when the 202 came."""


def measure_latency(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Measure at 200 referrals a second, and at 100."""
    clock = ("--beat", "--scheduler", "celery.beat:Scheduler")
    with ExitStack() as stack:
        web = stack.enter_context(running_web(stage))
        stack.enter_context(running(stage.directory, "worker", *celery_worker("celery", *clock)))
        stack.enter_context(pumping(stage))
        warm_up(stage, "latency", count=CONNECTIONS)
        return [*_at(200, stage, web, sizes.seconds), *_at(100, stage, web, sizes.seconds)]


def _at(rate: int, stage: Stage, web: Web, seconds: int) -> list[Figure]:
    stage.ask_sink("/forget")
    sent = asyncio.run(_post_steadily(web, rate, seconds))
    wait_until(lambda: not stage.is_waiting("latency"), "all delivered", seconds=60)
    came = stage.ask_sink("/times")
    posted, answered = min(sent, key=lambda one: one[1])[1], max(one[2] for one in sent)
    accepted = len(sent) / (answered - posted)
    after_answer = sorted((came[key] - then) * 1_000 for key, _, then in sent)
    after_post = sorted((came[key] - then) * 1_000 for key, then, _ in sent)
    what = f"{rate} a second: 202 to the receiver's first byte"
    return [
        Figure(f"{what}, p50", _share(after_answer, 0.5), "ms", at_most=P50_MILLISECONDS),
        Figure(f"{what}, p99", _share(after_answer, 0.99), "ms", at_most=P99_MILLISECONDS),
        # Without it the times above tell of another rate.
        Figure(f"{rate} a second: accepted", accepted, "/s", at_least=rate * LEAST_SHARE),
        Figure(f"{rate} a second: POST to first byte, p50", _share(after_post, 0.5), "ms"),
        Figure(f"{rate} a second: POST to first byte, p99", _share(after_post, 0.99), "ms"),
    ]


async def _post_steadily(web: Web, rate: int, seconds: int) -> list[Sent]:
    """Return what was sent after the warm-up, in order."""
    headers = {"Authorization": f"Bearer {web.token}"}
    start = time.monotonic()
    async with aiohttp.ClientSession(web.url, headers=headers) as session:
        posts = []
        for number in range(rate * (WARM_UP_SECONDS + seconds)):
            await asyncio.sleep(start + number / rate - time.monotonic())
            posts.append(asyncio.create_task(_post(session, number)))
        sent = await asyncio.gather(*posts)
    return sent[rate * WARM_UP_SECONDS :]


async def _post(session: aiohttp.ClientSession, number: int) -> Sent:
    document = referral(f"latency-{number % CONNECTIONS}", number)
    posted = time.monotonic()
    async with session.post(REFERRALS, json=document) as response:
        answered = time.monotonic()
        body = await response.json()
    assert response.status == 202, body
    return body["results"][0]["deliveries"][0], posted, answered


def _share(milliseconds: list[float], share: float) -> float:
    return milliseconds[min(int(len(milliseconds) * share), len(milliseconds) - 1)]
