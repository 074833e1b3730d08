"""What belongs to another account does not exist: for every URL that the product has.

The URL map is walked, so a route that is added is held too; one with a parameter that this
file cannot fill fails until somebody says how.
"""

from dataclasses import dataclass
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from accounts.models import Account, User
from campaigns.models import Campaign
from campaigns.services import create_campaign, link_campaign
from connections.exchange.config import ConnectionConfig
from connections.exchange.custom_fields import CustomField as Definition
from connections.models import Connection, CustomField, SetupRequest, TestRun
from connections.services import (
    activate_connection,
    answer_setup_item,
    create_connection,
    create_custom_field,
    create_setup_request,
    start_test_run,
)
from connections.services.setup_request import UploadedFile
from connections.setup_requests.answers import DocumentationAnswer, Item
from delivery.intake import Accepted, ReferralIn, accept_referrals
from tests.cast import NOBODY
from tests.delivery_stage import now

METHODS = ("get", "post", "put", "patch", "delete")
NOT_FOUND = {404, 405}
# Parameters that name a part of something else, and so are no ids by themselves.
PARTS = {"name": "token", "number": 1, "preset": "mailchimp"}
# What a route wants to be sent before it looks at anything else.
BODIES = {
    "api:connection_secret": {"value": "a new secret"},
    "api:connection_classify": {"status": 200},
    "api:connection_rules_from_samples": {
        "samples": [{"name": "New", "status": 201, "expected_outcome": "delivered"}]
    },
    "api:connection_activate": {"override": "a test of isolation"},
}


@dataclass(frozen=True)
class Route:
    name: str
    parameters: frozenset[str]

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api:")


@dataclass(frozen=True)
class World:
    """One account, with one of everything."""

    account: Account
    manager: User
    campaign: Campaign
    connection: Connection
    run: TestRun
    custom_field: CustomField
    referral: Accepted
    setup_request: SetupRequest

    def ids(self) -> dict[str, object]:
        delivery = self.referral.deliveries[0]
        return {
            "account": self.account.slug,
            "connection": self.connection.id,
            "connection_id": self.connection.id,
            "campaign": str(self.campaign.id),
            "campaign_id": self.campaign.id,
            "test": self.run.id,
            "run_id": self.run.id,
            "custom_field": self.custom_field.id,
            "field_id": self.custom_field.id,
            "request_id": self.setup_request.id,
            "referral": self.referral.id,
            "delivery": delivery,
            "delivery_id": delivery,
        }


def routes():
    """Return every named route with its parameters."""

    def walk(patterns, namespaces, parameters):
        for pattern in patterns:
            known = parameters | pattern.pattern.converters.keys()
            if isinstance(pattern, URLPattern):
                assert pattern.name, f"{pattern.pattern} has no name"
                yield Route(":".join([*namespaces, pattern.name]), frozenset(known))
            else:
                inner = [*namespaces, pattern.namespace] if pattern.namespace else namespaces
                yield from walk(pattern.url_patterns, inner, known)

    return list(walk(get_resolver().url_patterns, [], set()))


# Stylesheets in one piece, and what the product knows of platforms: no account's. What a link of
# a set-up request opens is held in setup_requests/test_requests.
SETUP_LINK = {f"setup:setup_{page}" for page in ("tasks", "send", "example", "item")}
PUBLIC = {"bundle", "api:preset"} | SETUP_LINK
ROUTES = [route for route in routes() if route.parameters and route.name not in PUBLIC]


@pytest.fixture
def acme(cast):
    return make_world(cast.account, cast.manager)


@pytest.fixture
def rival(cast):
    return make_world(cast.rival, cast.outsider)


@pytest.fixture
def knock(cast, acme, rival):
    """Send one request as acme's or the rival's manager, undo it, and return the answer."""
    api = Client(raise_request_exception=False)
    tokens = {"acme": cast.token(), "rival": cast.rival_token()}
    browsers = {}
    for world in (acme, rival):
        browsers[world.account.slug] = Client(raise_request_exception=False)
        browsers[world.account.slug].force_login(world.manager)

    def send(route, method, who, ids):
        wanted = {name: (ids | PARTS)[name] for name in route.parameters}
        path = reverse(route.name, kwargs=wanted)
        with transaction.atomic():
            if route.is_api:
                answer = getattr(api, method)(
                    path,
                    data=None if method == "get" else BODIES.get(route.name, {}),
                    content_type="application/json",
                    HTTP_AUTHORIZATION=f"Bearer {tokens[who.account.slug]}",
                )
            else:
                answer = getattr(browsers[who.account.slug], method)(path)
            transaction.set_rollback(True)
        return answer

    return send


def make_world(account, manager):
    who = {"account": account, "actor": NOBODY, "now": now()}
    campaign = create_campaign(name=f"{account.name} spring", reference="spring", **who)
    config = {
        "environments": {"production": {"url": "http://127.0.0.1:9/leads"}},
        "authorization": {"type": "bearer", "token": {"secret": "token"}},
        "body": {"encoding": "json", "template": '{"email": "{{ email }}"}'},
        "test_cases": [{"name": "New lead", "attributes": {"email": "new@example.com"}}],
    }
    connection = create_connection(
        name=f"{account.name} CRM",
        config=ConnectionConfig.model_validate(config),
        secret_values={"token": "a secret of theirs"},
        **who,
    )
    activate_connection(connection_id=connection.id, override="a test of isolation", **who)
    link_campaign(connection_id=connection.id, campaign_id=campaign.id, **who)
    run = start_test_run(connection_id=connection.id, confirm_production=True, **who)
    region = create_custom_field(definition=Definition(name="region", source="state"), **who)
    item = ReferralIn(campaign="spring", external_id="tx-1", attributes={"email": "a@example.com"})
    [referral] = accept_referrals(account=account, items=[item], now=now())
    _, setup = create_setup_request(name=f"{account.name} set-up", **who)
    answer_setup_item(
        account=account,
        now=now(),
        request_id=setup.id,
        item=Item.DOCUMENTATION,
        answer=DocumentationAnswer(),
        file=UploadedFile("guide.txt", b"how it works"),
    )
    return World(account, manager, campaign, connection, run, region, referral, setup)


def test_every_parameter_can_be_filled(acme):
    known = acme.ids().keys() | PARTS.keys()
    unknown = {(route.name, name) for route in ROUTES for name in route.parameters - known}
    assert unknown == set(), "say in World.ids or PARTS how these are filled"


def test_routes_without_an_account_name_no_object():
    assert [route.name for route in ROUTES if "account" not in route.parameters] == []


def test_member_reaches_every_route(acme, knock):
    """The others would prove nothing if the ids of this file were wrong."""
    closed = [
        route.name
        for route in ROUTES
        if all(
            knock(route, method, acme, acme.ids()).status_code in NOT_FOUND for method in METHODS
        )
    ]
    assert closed == []


def test_no_route_breaks(acme, knock):
    broken = [
        (route.name, method, answer.status_code)
        for route in ROUTES
        for method in METHODS
        if (answer := knock(route, method, acme, acme.ids())).status_code >= 500
    ]
    assert broken == []


def test_account_of_others_does_not_exist(acme, rival, knock):
    seen = [
        (route.name, method, answer.status_code)
        for route in ROUTES
        for method in METHODS
        if (answer := knock(route, method, rival, acme.ids())).status_code not in NOT_FOUND
    ]
    assert seen == []


def test_objects_of_others_do_not_exist_below_the_own_account(acme, rival, knock):
    seen = []
    for route in ROUTES:
        for name in route.parameters - {"account"} - PARTS.keys():
            ids = rival.ids() | {name: acme.ids()[name]}
            for method in METHODS:
                answer = knock(route, method, rival, ids)
                if answer.status_code not in NOT_FOUND:
                    seen.append((route.name, name, method, answer.status_code))
    assert seen == []


def test_no_answer_tells_of_another_account(acme, rival, knock):
    theirs = {str(value) for value in acme.ids().values() if isinstance(value, UUID)}
    theirs.add(acme.account.name)
    told = []
    for route in ROUTES:
        answer = knock(route, "get", rival, rival.ids())
        text = answer.getvalue().decode() if answer.status_code < 300 else ""
        told += [(route.name, word) for word in theirs if word in text]
    assert told == []


def test_stranger_without_a_login_gets_nothing(acme):
    client = Client()
    for route in ROUTES:
        wanted = {name: (acme.ids() | PARTS)[name] for name in route.parameters}
        answer = client.get(reverse(route.name, kwargs=wanted))
        assert answer.status_code in ({401} if route.is_api else {302, 405}), route.name
        if answer.status_code == 302:
            assert answer["Location"].startswith("/login/")
