"""The least that any engine does: a loop that posts bodies over our transport, and no more."""

import asyncio
import gc
import time

import httpx

from bench.stage import attributes
from connections.exchange.egress import GuardedTransport
from delivery.pump_house import GARBAGE_THRESHOLD

IN_FLIGHT = 256
HEADERS = [
    ("Content-Type", "application/json"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", "Referral-Export"),
    ("Authorization", "Basic YmVuY2g6YSBsb25nIHBhc3N3b3Jk"),
    ("X-Source", "referral"),
    ("Idempotency-Key", "01a0b0c0-0000-7000-8000-000000000000"),
]


def measure(url: str, count: int) -> float:
    """Return requests per second of one process, which collects garbage as a pump does."""
    bodies = [_body(number) for number in range(count)]
    gc.freeze()
    usual = gc.get_threshold()
    gc.set_threshold(GARBAGE_THRESHOLD)
    try:
        return asyncio.run(_measure(url, bodies))
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


async def _measure(url: str, bodies: list[bytes]) -> float:
    transport = GuardedTransport(allow_loopback=True)
    remaining = iter(bodies)
    started = time.perf_counter()
    await asyncio.gather(*(_post_all(transport, url, remaining) for _ in range(IN_FLIGHT)))
    seconds = time.perf_counter() - started
    await transport.aclose()
    return len(bodies) / seconds


async def _post_all(transport: GuardedTransport, url: str, bodies: object) -> None:
    for body in bodies:
        request = httpx.Request(
            "POST", f"{url}/leads", headers=HEADERS, content=body, extensions={"pool": "bare"}
        )
        response = await transport.handle_async_request(request)
        await response.aread()
        await response.aclose()
        if response.status_code != 201:
            raise RuntimeError(f"the sink answered {response.status_code}")


def _body(number: int) -> bytes:
    values = attributes(number)
    return (
        f'{{"email": "{values["email"]}", "first_name": "Jane", "last_name": "O\'Hara",'
        f' "postcode": "10010", "mobile": "7327572923", "list": "a1b2c3",'
        f' "reference": "{number:024}"}}'
    ).encode()
