"""The engine and the conventional design, each on its own backlog with the worker of `make run`."""

import time
from uuid import UUID

from django.db.models import Max, Min

from bench import conventional
from bench.stage import CONNECTIONS, Stage, celery_worker, running, wait_until
from delivery.doorbell import ring
from delivery.models import Attempt, Delivery


def measure_engine(stage: Stage, count: int) -> float:
    """Return deliveries per second, from the first request to the last settled result."""
    ids = []
    for number in range(CONNECTIONS):
        ids += stage.accept(count // CONNECTIONS, f"engine-{number}")
    with running(stage.directory, "deliveries", *celery_worker("deliveries")):
        ring()
        _wait_until_delivered(stage)
    return _rate(stage, ids)


def measure_conventional(stage: Stage, count: int) -> float:
    """Return deliveries per second, from the first request to the last saved result."""
    ids = stage.accept(count, "conventional-0")
    worker = celery_worker(conventional.QUEUE, "--include", "bench.conventional")
    with running(stage.directory, "conventional", *worker):
        for delivery_id in ids:
            conventional.deliver.apply_async([str(delivery_id)], queue=conventional.QUEUE)
        _wait_until_delivered(stage)
    return _rate(stage, ids)


def _wait_until_delivered(stage: Stage) -> None:
    wait_until(lambda: stage.waiting() == 0, "all deliveries settled", seconds=300)
    time.sleep(0.1)


def _rate(stage: Stage, ids: list[UUID]) -> float:
    deliveries = Delivery.objects.for_account(stage.account).filter(id__in=ids)
    assert deliveries.filter(status="delivered").count() == len(ids)
    attempts = Attempt.objects.for_account(stage.account).filter(delivery__in=deliveries)
    began = attempts.aggregate(moment=Min("started_at"))["moment"]
    ended = deliveries.aggregate(moment=Max("finished_at"))["moment"]
    return len(ids) / (ended - began).total_seconds()
