"""What workers do for deliveries: pump, sweep, tell people. Tasks carry ids at most."""

import mmap
import time
from uuid import UUID

from celery import shared_task
from celery.signals import worker_process_shutdown, worker_shutting_down
from django.utils import timezone

from delivery import notices, pump_house, queue
from delivery.doorbell import PUMP_TASK
from delivery.notices import TELL_TASK
from delivery.retention import retain as let_go
from delivery.sweep import sweep as put_in_order

RETAIN_SECONDS = 60.0

# One byte that the worker's processes share with the one that forked them: not 0 means stop.
_stopping = mmap.mmap(-1, 1)


# Acknowledged before it runs: nobody is to run it again when it takes long, as it does.
@shared_task(name=PUMP_TASK, acks_late=False)  # type: ignore[untyped-decorator]
def pump() -> None:
    pump_house.run_pump(must_stop=lambda: _stopping[0] != 0)


@shared_task(name="delivery.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    put_in_order(now=queue.database_now())


@shared_task(name=TELL_TASK)  # type: ignore[untyped-decorator]
def tell_outage(outage_id: str) -> None:
    notices.tell_outage(UUID(outage_id), now=timezone.now())


@shared_task(name="delivery.tell_outages")  # type: ignore[untyped-decorator]
def tell_outages() -> None:
    notices.tell_forgotten(now=timezone.now())


@shared_task(name="delivery.retain")  # type: ignore[untyped-decorator]
def retain() -> None:
    until = time.monotonic() + RETAIN_SECONDS
    let_go(now=timezone.now(), is_time_up=lambda: time.monotonic() > until)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def stop_pumps(**_: object) -> None:
    """Let pumps finish what is in flight and claim nothing more."""
    _stopping[0] = 1


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def close_pump_house(**_: object) -> None:
    pump_house.close()
