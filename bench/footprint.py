"""What a delivery costs: statements, processor time, and the memory of a worker."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg

from bench.engine import warm_up
from bench.figures import Figure, Sizes
from bench.intake import LIST_SIZE
from bench.processor import Meter, Share, resident_megabytes
from bench.stage import (
    CONNECTIONS,
    Stage,
    add_campaigns,
    celery_worker,
    pumping,
    running,
    wait_until,
)
from bench.web import REFERRALS, Web, lists, running_web, singles
from referral_export.addresses import socket_directory

CHUNK = 2_000
# Who sent it, by the name that each process gives itself: statements, BEGIN and COMMIT included.
LOGGED = re.compile(r"^(web|deliveries)\|LOG:  (?:statement|execute [^:]+): ", re.MULTILINE)


def measure_memory(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Compare a worker's memory late with its memory early, 256 deliveries in flight."""
    early, late = sizes.memory
    add_campaigns(stage, "memory", count=CONNECTIONS, url=f"{stage.sink_url}/later")
    with pumping(stage, processes=1) as worker:
        _send_in_chunks(stage, early)
        before = resident_megabytes(worker.pid)
        _send_in_chunks(stage, late - early)
        after = resident_megabytes(worker.pid)
    note = f"{after:.1f} / {before:.1f} MB"
    what = f"worker memory after {late:,} deliveries / after {early:,}"
    return [Figure(what, after / before, "×", at_most=1.1, note=note)]


def measure_statements(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Count the statements of referrals from intake to settled, while all processes are busy."""
    figures = []
    with ExitStack() as stack:
        web = stack.enter_context(running_web(stage, {"PGAPPNAME": "web"}))
        stack.enter_context(pumping(stage, environment={"PGAPPNAME": "deliveries"}))
        warm_up(stage, "statements")
        stack.enter_context(_logging_statements(stage))
        for what, bodies, count, limit in (
            (
                "in lists of 500",
                lists("statements-0", sizes.listed, size=LIST_SIZE),
                sizes.listed,
                0.5,
            ),
            ("one per POST", singles("statements-0", sizes.posts), sizes.posts, 3.0),
        ):
            counted = _count_statements(stage, web, bodies)
            each = {who: total / count for who, total in counted.items()}
            note = ", ".join(f"{who} {number:.3f}" for who, number in sorted(each.items()))
            figures.append(
                Figure(
                    f"SQL statements per referral, {what}",
                    sum(each.values()),
                    at_most=limit,
                    note=note,
                )
            )
    return figures


def measure_processor(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Measure the CPU of all processes but the receiver, from POST to settled."""
    clock = ("--beat", "--scheduler", "celery.beat:Scheduler")
    meter = Meter()
    with ExitStack() as stack:
        web = stack.enter_context(running_web(stage))
        worker = stack.enter_context(
            running(stage.directory, "worker", *celery_worker("celery", *clock))
        )
        deliveries = stack.enter_context(pumping(stage))
        warm_up(stage, "processor", count=CONNECTIONS)
        for bodies in (
            lists("processor-0", sizes.listed, size=LIST_SIZE),
            singles("processor-0", sizes.posts),
        ):
            with meter.watching(web=web.process.pid, deliveries=deliveries.pid, tasks=worker.pid):
                _post_until_settled(stage, web, bodies, "processor")
    listed, single = meter.shares
    return [
        *_costs("in lists of 500", listed, sizes.listed),
        *_costs("one per POST", single, sizes.posts),
    ]


def _costs(what: str, share: Share, count: int) -> Iterator[Figure]:
    ours = {part: used for part, used in share.seconds.items() if part != "receiver"}
    yield Figure(f"deliveries per CPU second, {what}", count / sum(ours.values()))
    for part, used in ours.items():
        yield Figure(f"  CPU per delivery, {what}: {part}", used / count * 1e6, "µs")


def _send_in_chunks(stage: Stage, count: int) -> None:
    for start in range(0, count, CHUNK):
        stage.hold("memory")
        stage.accept_evenly(min(CHUNK, count - start), "memory")
        stage.release("memory")
        wait_until(lambda: not stage.is_waiting("memory"), "memory: all settled", seconds=60)


def _post_until_settled(stage: Stage, web: Web, bodies: list[bytes], name: str) -> None:
    web.post_all(REFERRALS, bodies)
    wait_until(lambda: not stage.is_waiting(name), f"{name}: all settled", seconds=60)


def _count_statements(stage: Stage, web: Web, bodies: list[bytes]) -> Counter[str]:
    log = stage.directory / "log" / "postgresql.log"
    start = log.stat().st_size
    _post_until_settled(stage, web, bodies, "statements")
    with log.open(errors="replace") as lines:
        lines.seek(start)
        return Counter(LOGGED.findall(lines.read()))


@contextmanager
def _logging_statements(stage: Stage) -> Iterator[None]:
    """Have PostgreSQL log each statement, with the name of who sent it and without its values.

    The embedded server comes without `pg_stat_statements`; this counts the same.
    """
    settings = {
        "log_statement": "'all'",
        "log_line_prefix": "'%a|'",
        "log_parameter_max_length": "0",
    }
    host = os.fspath(socket_directory(stage.directory))
    with psycopg.connect(
        dbname="postgres", user="postgres", host=host, autocommit=True
    ) as superuser:
        for name, value in settings.items():
            superuser.execute(f"ALTER SYSTEM SET {name} = {value}")
        superuser.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            superuser.execute("ALTER SYSTEM RESET ALL")
            superuser.execute("SELECT pg_reload_conf()")
