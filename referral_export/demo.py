"""Demonstration data: two accounts, a login for each role, and a CRM that answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.access import Actor
from accounts.models import Account, User
from accounts.permissions import Role
from accounts.selectors import accounts_of_user
from accounts.services import add_member, create_account, create_user
from campaigns.models import Campaign
from campaigns.selectors import campaigns_of
from campaigns.services import create_campaign, link_campaign
from connections.documents import Contact, DocumentationLink
from connections.exchange.config import ConnectionConfig, Endpoint
from connections.models import Connection, ConnectionStatus
from connections.selectors import connections_of
from connections.services import activate_connection, change_connection, create_connection
from connections.services.row import head_of
from referral_export.sandbox_crm import API_KEY

PASSWORD = "demo-password"  # noqa: S105  of data that production refuses to make
ACTOR = Actor(label="demo data")
OVERRIDE = "demo data"
LOOPBACK = re.compile(r"^http://127\.0\.0\.1:\d+/")


@dataclass(frozen=True, slots=True)
class Login:
    email: str
    name: str
    role: Role


MANAGER = Login("manager@demo.example", "Mira Manager", Role.ACCOUNT_MANAGER)
LOGINS = (
    MANAGER,
    Login("advertiser@demo.example", "Ada Advertiser", Role.ADVERTISER),
    Login("operator@demo.example", "Oscar Operator", Role.OPERATOR),
    Login("viewer@demo.example", "Vera Viewer", Role.VIEWER),
)


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """What one account is to hold; the first of its campaigns is linked."""

    slug: str
    name: str
    logins: tuple[Login, ...]
    campaigns: tuple[tuple[str, str], ...]
    connection: str
    config: ConnectionConfig


@transaction.atomic
def make_demo_data(*, sandbox_url: str, now: datetime) -> None:
    """Make what is missing, and leave alone what somebody changed.

    Effects: connections to a sandbox that moved to another port follow it there.
    """
    for wanted in _accounts(sandbox_url):
        account = _account(wanted, now)
        for login in wanted.logins:
            _member(account, login, now)
        connection = _connection(account, wanted, sandbox_url, now)
        if connection is not None and not campaigns_of(account).exists():
            _campaigns(account, wanted, connection, now)


def _account(wanted: DemoAccount, now: datetime) -> Account:
    known = Account.objects.filter(slug=wanted.slug).first()
    return known or create_account(name=wanted.name, slug=wanted.slug, actor=ACTOR, now=now)


def _member(account: Account, login: Login, now: datetime) -> None:
    user = User.objects.filter(email=login.email).first() or create_user(
        email=login.email, name=login.name, password=PASSWORD, now=now
    )
    if account not in accounts_of_user(user):
        add_member(account=account, user=user, role=login.role, actor=ACTOR, now=now)


def _connection(
    account: Account, wanted: DemoAccount, sandbox_url: str, now: datetime
) -> Connection | None:
    """Return the connection to the sandbox; None when somebody archived or renamed it."""
    known = connections_of(account).filter(name=wanted.connection).first()
    if known is not None:
        return _following(account, known, sandbox_url, now)
    if Connection.objects.for_account(account).exists():
        return None
    made = create_connection(
        account=account,
        actor=ACTOR,
        now=now,
        name=wanted.connection,
        config=wanted.config,
        contacts=[Contact(name="Sam Sandbox", role="Developer", email="sam@sandbox.example")],
        documentation=[DocumentationLink(title="What the sandbox answers", url=sandbox_url)],
        secret_values={"token": API_KEY},
    )
    return _activated(account, made, now)


def _following(account: Account, known: Connection, sandbox_url: str, now: datetime) -> Connection:
    """Return the connection, with the sandbox's present address where it went to a sandbox."""
    config = head_of(known).document
    environments = {
        environment: Endpoint(url=LOOPBACK.sub(f"{sandbox_url}/", endpoint.url))
        for environment, endpoint in config.environments.items()
    }
    if environments == config.environments:
        return known
    change_connection(
        account=account,
        actor=ACTOR,
        now=now,
        connection_id=known.id,
        config=config.model_copy(update={"environments": environments}),
        secret_values={"token": API_KEY},
    )
    is_active = known.status == ConnectionStatus.ACTIVE
    return _activated(account, known, now) if is_active else known


def _activated(account: Account, connection: Connection, now: datetime) -> Connection:
    return activate_connection(
        account=account, actor=ACTOR, now=now, connection_id=connection.id, override=OVERRIDE
    )


def _campaigns(
    account: Account, wanted: DemoAccount, connection: Connection, now: datetime
) -> None:
    made: list[Campaign] = [
        create_campaign(account=account, actor=ACTOR, now=now, name=name, reference=reference)
        for name, reference in wanted.campaigns
    ]
    link_campaign(
        account=account,
        actor=ACTOR,
        now=now,
        connection_id=connection.id,
        campaign_id=made[0].id,
    )


def _accounts(sandbox_url: str) -> tuple[DemoAccount, ...]:
    return (
        DemoAccount(
            slug="demo",
            name="Demo Energy",
            logins=LOGINS,
            campaigns=(
                ("Spring savings", "spring-savings"),
                ("Refer a friend", "refer-a-friend"),
                ("Home energy", "home-energy"),
            ),
            connection="Sandbox CRM",
            config=_config(sandbox_url, JSON_BODY),
        ),
        DemoAccount(
            slug="solar-one",
            name="Solar One",
            logins=(MANAGER,),
            campaigns=(("Rooftop solar", "rooftop-solar"), ("Batteries", "batteries")),
            connection="Solar CRM",
            config=_config(sandbox_url, FORM_BODY),
        ),
    )


JSON_BODY = {
    "encoding": "json",
    "template": (
        "{\n"
        '  "email": "{{ email }}",\n'
        '  "first_name": {{ first_name|tojson }},\n'
        '  "last_name": {{ last_name|tojson }},\n'
        '  "campaign": "{{ campaign.reference }}"\n'
        "}"
    ),
}
FORM_BODY = {
    "encoding": "form",
    "fields": [
        {"name": "email", "value": "{{ email }}", "required": True},
        {"name": "first_name", "value": "{{ first_name }}", "omit_empty": True},
        {"name": "source", "value": "{{ campaign.name }}"},
    ],
}
LEAD_ID = {"name": "lead_id", "source": "json", "path": "$.id"}
DETAIL = {"source": "json", "path": "$.detail"}


def _config(sandbox_url: str, body: Mapping[str, object]) -> ConnectionConfig:
    """Return a finished configuration for the sandbox's `smart` receiver."""
    endpoint = {"url": f"{sandbox_url}/crm/smart"}
    return ConnectionConfig.model_validate(
        {
            "environments": {"production": endpoint, "testing": endpoint},
            "authorization": {"type": "bearer", "token": {"secret": "token"}},
            "body": body,
            "required_attributes": ["email"],
            "response_rules": [
                _rule("Known already", "409", "duplicate", reason=DETAIL, captures=[LEAD_ID]),
                _rule("Refused", "400, 422", "rejected", reason=DETAIL),
                _rule("Our key is refused", "401", "hold", reason="The CRM refuses our key."),
                _rule("Created", "200-299", "delivered", captures=[LEAD_ID]),
            ],
            "test_cases": [
                _test_case("New lead", "new.lead@example.com", "delivered"),
                _test_case("Known lead", "duplicate@example.com", "duplicate"),
                _test_case("Bad email", "invalid@example.com", "rejected"),
            ],
        }
    )


def _rule(name: str, statuses: str, outcome: str, **more: object) -> dict[str, object]:
    condition = {"source": "status", "operator": "in", "value": statuses}
    return {"name": name, "conditions": [condition], "outcome": outcome} | more


def _test_case(name: str, email: str, expected_outcome: str) -> dict[str, object]:
    attributes = {"email": email, "first_name": "Jane", "last_name": "Citizen"}
    return {"name": name, "attributes": attributes, "expected_outcome": expected_outcome}
