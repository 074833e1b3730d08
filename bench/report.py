"""Runs the rows that were asked for, each with an end, and prints one table with verdicts."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.backtest import LIMIT_SECONDS, measure_backtest
from bench.engine import (
    measure_bare,
    measure_connections,
    measure_conventional,
    measure_neighbours,
    measure_workers,
)
from bench.figures import Figure, Sizes
from bench.footprint import measure_memory, measure_processor, measure_statements
from bench.growth import measure_growth
from bench.intake import measure_intake, measure_lists
from bench.latency import measure_latency
from bench.stage import Stage, running_sink, set_stage

LOG_LINES = 12

Row = Callable[[Stage, Sizes], list[Figure]]


def _measure_backtest(stage: Stage, _sizes: Sizes) -> list[Figure]:
    seconds, result = measure_backtest(stage)
    what = f"ten rules tried on {result.answers:,} stored answers"
    return [Figure(what, seconds, "s", at_most=LIMIT_SECONDS)]


ROWS: dict[str, Row] = {
    "conventional": measure_conventional,
    "bare": measure_bare,
    "connections": measure_connections,
    "growth": measure_growth,
    "neighbours": measure_neighbours,
    "intake": measure_intake,
    "lists": measure_lists,
    "workers": measure_workers,
    "memory": measure_memory,
    "statements": measure_statements,
    "processor": measure_processor,
    "latency": measure_latency,
    "backtest": _measure_backtest,
}


def measure_all(directory: Path, names: Sequence[str], sizes: Sizes) -> int:
    """Print the table and return 1 when a limit is not kept, or a row does not end."""
    load = os.getloadavg()[0]
    figures: list[Figure] = []
    missed: list[str] = []
    with running_sink(directory) as sink_url:
        stage = set_stage(directory, sink_url)
        for name in names:
            started = time.monotonic()
            try:
                with _time_limit(sizes.row_seconds):
                    figures += ROWS[name](stage, sizes)
            except Exception as error:  # noqa: BLE001  the other rows are worth knowing
                missed.append(f"{name}: {type(error).__name__}: {error}")
                _print_logs(directory)
            print(f"{name:<14}{time.monotonic() - started:>4.0f} s", flush=True)
    _print(figures, missed, load)
    return 0 if not missed and all(figure.is_kept for figure in figures) else 1


def _print(figures: Sequence[Figure], missed: Sequence[str], load: float) -> None:
    print(f"\n{os.cpu_count()} cores, load {load:.1f} at the start", end="")
    print(": BUSY, the figures are worth little\n" if load > 0.5 else ": quiet\n")
    for figure in figures:
        print(figure)
    for sentence in missed:
        print(f"MISSED  {sentence}")


def _print_logs(directory: Path) -> None:
    """Print how the log of each process ends: a row that fails takes its directory with it."""
    for log in sorted(directory.glob("*.log")):
        lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        print("\n".join((f"--- {log.name}", *lines)))


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError(f"not within {seconds} s")

    usual = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, usual)
