"""What tests of the engine stand on: an account with a campaign, receivers, and pumps."""

import asyncio
import threading
import time
from bisect import bisect_left
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web
from django.db.models import Count

from campaigns.models import Campaign
from campaigns.services import create_campaign, link_campaign
from connections.exchange.config import ConnectionConfig
from connections.models import Connection
from connections.services import activate_connection, create_connection
from delivery.intake import ReferralIn, accept_referrals
from delivery.models import Delivery
from delivery.pump import Pump
from delivery.pump_house import PumpHouse
from tests.cast import Cast, make_cast
from tests.loopback import serving


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Receiver:
    """A CRM: answers as `answer` says, and remembers what it got."""

    url: str = ""
    seconds: float = 0.0
    answer: "callable" = lambda _number: web.json_response({"id": "crm-1"}, status=201)
    on_request: "callable" = lambda _request: None
    keys: Counter = field(default_factory=Counter)
    bodies: dict = field(default_factory=dict)
    times: dict = field(default_factory=dict)
    in_flight: int = 0
    most_in_flight: int = 0
    is_closing: bool = False

    async def handle(self, request: web.Request) -> web.Response:
        self.on_request(request)
        key = request.headers["Idempotency-Key"]
        self.keys[key] += 1
        self.times.setdefault(key, []).append(time.monotonic())
        self.bodies[key] = await request.text()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self._take_its_time()
            return self.answer(self.keys[key])
        finally:
            self.in_flight -= 1

    async def _take_its_time(self) -> None:
        until = time.monotonic() + self.seconds
        while not self.is_closing and (left := until - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, 0.1))


@contextmanager
def receiving(**how):
    receiver = Receiver(**how)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    with serving(app) as receiver.url:
        try:
            yield receiver
        finally:
            receiver.is_closing = True
            wait_until(lambda: not receiver.in_flight)


def busiest_second(receiver: Receiver) -> int:
    """The most requests that any second of the receiver's clock saw, wherever it begins."""
    times = sorted(time for times in receiver.times.values() for time in times)
    return max(bisect_left(times, begin + 1) - index for index, begin in enumerate(times))


def answer(status: int, **headers: str):
    return lambda _number: web.Response(status=status, headers=headers)


@dataclass
class Stage:
    """Acme's campaign `spring`, and connections to whatever receivers a test has."""

    cast: Cast
    campaign: Campaign

    def connection(
        self,
        receiver: Receiver | str,
        *,
        linked: bool = True,
        authorization: dict | None = None,
        **delivery,
    ) -> Connection:
        url = receiver if isinstance(receiver, str) else receiver.url
        number = Connection.objects.for_account(self.cast.account).count()
        config = ConnectionConfig.model_validate(
            {
                "environments": {"production": {"url": f"{url}/leads"}},
                "authorization": authorization or {"type": "none"},
                "body": {"encoding": "json", "template": '{"email": "{{ email }}"}'},
                "delivery": delivery,
            }
        )
        who = {"account": self.cast.account, "actor": self.cast.actor, "now": now()}
        connection = create_connection(name=f"CRM {number}", config=config, **who)
        self.activate(connection)
        if linked:
            link_campaign(connection_id=connection.id, campaign_id=self.campaign.id, **who)
        return connection

    def activate(self, connection: Connection) -> None:
        who = {"account": self.cast.account, "actor": self.cast.actor, "now": now()}
        activate_connection(connection_id=connection.id, override="a test of the engine", **who)

    def referral(self, external_id: str, **attributes: object) -> ReferralIn:
        attributes.setdefault("email", f"{external_id}@example.com")
        return ReferralIn(campaign="spring", external_id=external_id, attributes=attributes)

    def accept(self, *external_ids: str, at: datetime | None = None):
        items = [self.referral(external_id) for external_id in external_ids]
        return accept_referrals(account=self.cast.account, items=items, now=at or now())

    def deliveries(self, **filters):
        return Delivery.objects.for_account(self.cast.account).filter(**filters)

    def statuses(self, **filters) -> Counter:
        counted = self.deliveries(**filters).values_list("status").annotate(Count("id"))
        return Counter(dict(counted))


def set_stage() -> Stage:
    cast = make_cast()
    campaign = create_campaign(
        account=cast.account, actor=cast.actor, now=now(), name="Spring", reference="spring"
    )
    return Stage(cast, campaign)


async def pump_until_idle(*, idle_seconds: float = 0.3, capacity: int = 256, stop=lambda: False):
    house = await PumpHouse.open()
    try:
        await Pump(
            pool=house.pool,
            transport=house.transport,
            equipment_store=house.equipment_store,
            must_stop=stop,
            idle_seconds=idle_seconds,
            capacity=capacity,
        ).run()
    finally:
        await house.close()


def pump(**how) -> None:
    """Run one pump until it had nothing to do for a moment."""
    asyncio.run(pump_until_idle(**how))


@contextmanager
def pumping(count: int = 1, **how):
    """Run pumps, each in a thread and on a loop of its own, while the block runs."""
    stop = threading.Event()
    how = {"idle_seconds": 60.0, "stop": stop.is_set} | how
    threads = [threading.Thread(target=pump, kwargs=how) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)


def wait_until(condition, *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
