"""The engine beside other designs, and beside itself under other circumstances."""

from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import count as counting

from django.db.models import Max, Min

from bench import bare, conventional
from bench.figures import Figure, Sizes, in_turns
from bench.processor import Meter
from bench.stage import (
    CONNECTIONS,
    Stage,
    add_campaigns,
    celery_worker,
    free_port,
    pumping,
    running,
    wait_until,
)
from delivery.models import Attempt, Delivery
from delivery.pump import CAPACITY

WARM_UP = 200
# What a busy endpoint can hold of a worker while it hangs.
NEIGHBOURS = 300
HANGING_SECONDS = 3


def measure_conventional(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Compare the engine with one Celery task each, `httpx.Client` and `save()`."""
    add_campaigns(stage, "conventional")
    worker = celery_worker(conventional.QUEUE, "--include", "bench.conventional")
    with ExitStack() as stack:
        stack.enter_context(running(stage.directory, "conventional", *worker))
        stack.enter_context(pumping(stage))
        warm_up(stage, "engine", count=CONNECTIONS)
        _drain_conventionally(stage, 4)
        rounds = in_turns(
            sizes.rounds,
            lambda: drain(stage, "engine", sizes.deliveries),
            lambda: _drain_conventionally(stage, sizes.conventional),
        )
    return [rounds.ratio("engine / the conventional design", at_least=8.0)]


def measure_bare(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Compare the engine with a loop that posts over the same transport, and does no more."""

    def bare_rate() -> float:
        return bare.measure(stage.sink_url, sizes.bare)

    with pumping(stage):
        warm_up(stage, "both", count=CONNECTIONS)
        both = in_turns(sizes.rounds, lambda: drain(stage, "both", sizes.deliveries), bare_rate)
    with pumping(stage, processes=1):
        warm_up(stage, "single", count=CONNECTIONS)
        single = in_turns(1, lambda: drain(stage, "single", sizes.deliveries), bare_rate)
    return [
        both.ratio("engine, two processes / a bare loop, one process", at_least=0.5),
        single.ratio("engine, one process / a bare loop, one process"),
    ]


def measure_connections(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Compare many connections with a single one that has the whole backlog.

    Once with one of the same kind, which holds itself back; and once, to be known, with one that
    may have as much in flight as both pumps have room for.
    """
    many = sizes.connections
    add_campaigns(stage, "alone")
    add_campaigns(stage, "unbound", concurrency=2 * CAPACITY)
    with pumping(stage):
        warm_up(stage, "alone")
        warm_up(stage, "unbound")
        warm_up(stage, "many", count=many, deliveries=2 * many)
        same, unbound = (
            in_turns(
                sizes.rounds,
                lambda: drain(stage, "many", max(sizes.deliveries, 2 * many)),
                lambda name=name: drain(stage, name, sizes.deliveries),
            )
            for name in ("alone", "unbound")
        )
    return [
        same.ratio(f"engine, {many:,} connections / 1 of the same kind", at_least=0.8),
        unbound.ratio(f"engine, {many:,} connections / 1 with {2 * CAPACITY} in flight"),
    ]


def measure_neighbours(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Compare healthy connections beside one that hangs and one that refuses with them alone.

    Each of the two is sent as many as it may have in flight, and then left alone: so the healthy
    ones have enough to send that this counts as little as it does in a day.
    """
    numbers = counting()
    count = 3 * sizes.deliveries

    def beside() -> float:
        names = _add_bad_neighbours(stage, next(numbers))
        for name in names:
            stage.release(name)
        rate = drain(stage, "healthy", count)
        for name in names:
            stage.hold(name)
        # What is on its way ends by its own time limit, so that the next round is alone.
        wait_until(lambda: not any(map(stage.is_sending, names)), "nothing on its way", seconds=30)
        return rate

    with pumping(stage):
        warm_up(stage, "healthy", count=CONNECTIONS)
        rounds = in_turns(sizes.rounds, beside, lambda: drain(stage, "healthy", count))
    return [rounds.ratio("healthy connections, one hanging and one refusing / alone", at_least=0.9)]


def measure_workers(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Compare two worker processes with one."""
    meter = Meter()

    def rate(processes: int) -> float:
        with pumping(stage, processes=processes) as worker:
            warm_up(stage, "workers", count=CONNECTIONS)
            watching = meter.watching(worker=worker.pid)
            return drain(stage, "workers", sizes.deliveries, watching)

    rounds = in_turns(sizes.rounds, lambda: rate(2), lambda: rate(1))
    two, one = meter.shares[-2:]
    return [
        rounds.ratio("two worker processes / one", at_least=1.3),
        Figure("cores at work, with two processes", two.cores, note=two.told()),
        Figure("cores at work, with one process", one.cores, note=one.told()),
    ]


def warm_up(stage: Stage, name: str, *, count: int = 1, deliveries: int = WARM_UP) -> None:
    """Add the campaigns, unless they are there, and send a few: all is loaded that is needed."""
    if not stage.connections(name).exists():
        add_campaigns(stage, name, count=count)
    drain(stage, name, deliveries)


def drain(
    stage: Stage, name: str, count: int, watching: AbstractContextManager[None] | None = None
) -> float:
    """Return deliveries per second, from the first request to the last settled result."""
    stage.hold(name)
    ids = stage.accept_evenly(count, name)
    with watching or nullcontext():
        stage.release(name)
        wait_until(lambda: not stage.is_waiting(name), f"{name}: all settled")
    deliveries = Delivery.objects.for_account(stage.account).filter(
        connection__name__startswith=f"{name}-", id__gte=min(ids), id__lte=max(ids)
    )
    assert deliveries.filter(status="delivered").count() == len(ids)
    attempts = Attempt.objects.for_account(stage.account).filter(delivery__in=deliveries)
    began = attempts.aggregate(moment=Min("started_at"))["moment"]
    ended = deliveries.aggregate(moment=Max("finished_at"))["moment"]
    return len(ids) / (ended - began).total_seconds()


def _drain_conventionally(stage: Stage, count: int) -> float:
    stage.hold("conventional")  # the pumps shall not have them
    ids = stage.accept(count, "conventional-0")
    for delivery_id in ids:
        conventional.deliver.apply_async([str(delivery_id)], queue=conventional.QUEUE)
    wait_until(lambda: not stage.is_waiting("conventional"), "conventional: all saved")
    attempts = Attempt.objects.for_account(stage.account).filter(delivery__in=ids)
    began = attempts.aggregate(moment=Min("started_at"))["moment"]
    deliveries = Delivery.objects.for_account(stage.account).filter(id__in=ids)
    ended = deliveries.aggregate(moment=Max("finished_at"))["moment"]
    return count / (ended - began).total_seconds()


def _add_bad_neighbours(stage: Stage, number: int) -> tuple[str, str]:
    """Add an endpoint that hangs and one that refuses, both with a backlog; return their names."""
    urls = {
        f"hanging{number}": f"{stage.sink_url}/never",
        f"refusing{number}": f"http://127.0.0.1:{free_port()}/",
    }
    for name, url in urls.items():
        add_campaigns(stage, name, url=url, timeout_seconds=HANGING_SECONDS)
        stage.hold(name)
        stage.accept_evenly(NEIGHBOURS, name)
    hanging, refusing = urls
    return hanging, refusing
