"""Measures in rounds, so that what disturbs the machine disturbs all alike, and prints medians."""

import os
from pathlib import Path
from statistics import median

from bench import bare
from bench.backtest import LIMIT_SECONDS, measure_backtest
from bench.engine import measure_conventional, measure_engine
from bench.latency import measure_latency
from bench.stage import CONNECTIONS, add_campaigns, attributes, running_sink, set_stage

ROUNDS = 3
BARE_REQUESTS = 6_000
ENGINE_DELIVERIES = 10_000
CONVENTIONAL_DELIVERIES = 100

LEAST_OVER_CONVENTIONAL = 6.0
LEAST_OVER_BARE = 0.4


def measure_all(directory: Path) -> int:
    """Print the table and return 1 when a ratio is below what we promise."""
    rates: dict[str, list[float]] = {"bare": [], "engine": [], "conventional": []}
    with running_sink(directory) as sink_url:
        stage = set_stage(directory, sink_url)
        add_campaigns(stage, "engine", count=CONNECTIONS)
        add_campaigns(stage, "conventional")
        bodies = [_body(number) for number in range(BARE_REQUESTS)]
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS} …", flush=True)
            rates["bare"].append(bare.measure(sink_url, bodies))
            rates["engine"].append(measure_engine(stage, ENGINE_DELIVERIES))
            rates["conventional"].append(measure_conventional(stage, CONVENTIONAL_DELIVERIES))
        print("latency …", flush=True)
        latency = measure_latency(stage)
        print("backtest …", flush=True)
        seconds, result = measure_backtest(stage)
    kept = _print(rates, latency)
    print(
        f"\n{'rules tried on stored answers':<44}{result.answers:>8,} in {seconds:.2f} s"
        f"   (at most {LIMIT_SECONDS:g})"
    )
    return kept if seconds <= LIMIT_SECONDS else 1


def _print(rates: dict[str, list[float]], latency: dict[str, list[float]]) -> int:
    engine = median(rates["engine"])
    over_conventional = engine / median(rates["conventional"])
    over_bare = engine / median(rates["bare"])
    print(f"\n{os.cpu_count()} cores, medians of {ROUNDS} rounds (each round in brackets)\n")
    for name, what in (
        ("engine", "the engine"),
        ("conventional", "one Celery task each, httpx.Client, save()"),
        ("bare", "a bare loop that only posts, one process"),
    ):
        each = ", ".join(f"{rate:,.0f}" for rate in rates[name])
        print(f"{what:<44}{median(rates[name]):>8,.0f} a second   ({each})")
    print(f"\n{'engine / conventional':<44}{over_conventional:>8.1f}   (at least 6)")
    print(f"{'engine / bare':<44}{over_bare:>8.2f}   (at least 0.4)\n")
    for what, milliseconds in latency.items():
        p50, p99 = (_percentile(milliseconds, share) for share in (0.5, 0.99))
        print(f"{what:<44}{p50:>8.1f} ms p50 {p99:>8.1f} ms p99")
    kept = over_conventional >= LEAST_OVER_CONVENTIONAL and over_bare >= LEAST_OVER_BARE
    return 0 if kept else 1


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def _body(number: int) -> bytes:
    values = attributes(number)
    return (
        f'{{"email": "{values["email"]}", "first_name": "Jane", "last_name": "O\'Hara",'
        f' "postcode": "10010", "mobile": "7327572923", "list": "a1b2c3",'
        f' "reference": "{number:024}"}}'
    ).encode()
