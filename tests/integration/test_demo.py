"""The demo data: complete, repeatable, and alive."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Account, AuditEvent, User
from accounts.selectors import accounts_of_user
from campaigns.models import Campaign, CampaignLink
from connections.models import Connection, ConnectionVersion
from connections.services import archive_connection
from delivery.models import Delivery
from referral_export.sandbox_crm import make_app
from tests.cast import NOBODY
from tests.delivery_stage import now, pump
from tests.loopback import serving


def run(command, *arguments):
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def demo(db):
    return run("demo", "--port", "8123")


def rows():
    return [
        list(model.objects.order_by("pk").values())
        if model in {Account, User}
        else list(model._base_manager.order_by("pk").values())
        for model in (
            Account,
            User,
            Connection,
            ConnectionVersion,
            Campaign,
            CampaignLink,
            AuditEvent,
        )
    ]


def test_demo_prints_the_logins_and_they_work(demo, client):
    for who in ("manager", "advertiser", "operator", "viewer"):
        email = f"{who}@demo.example"
        assert email in demo
        assert client.login(username=email, password="demo-password")
    manager = User.objects.get(email="manager@demo.example")
    assert {account.slug for account in accounts_of_user(manager)} == {"demo", "solar-one"}
    viewer = User.objects.get(email="viewer@demo.example")
    assert [account.slug for account in accounts_of_user(viewer)] == ["demo"]


def test_demo_again_changes_nothing(demo):
    before = rows()
    assert run("demo", "--port", "8123") == demo
    assert rows() == before


def test_demo_follows_the_sandbox_to_another_port(demo):
    run("demo", "--port", "8200")
    account = Account.objects.get(slug="demo")
    connection = Connection.objects.for_account(account).get()
    assert connection.live_version.document.environments["production"].url.startswith(
        "http://127.0.0.1:8201/"
    )
    assert connection.live_version == connection.head_version


def test_demo_does_not_bring_back_what_was_archived(demo):
    account = Account.objects.get(slug="demo")
    connection = Connection.objects.for_account(account).get()
    archive_connection(account=account, actor=NOBODY, now=now(), connection_id=connection.id)
    run("demo", "--port", "8200")
    assert Connection.objects.for_account(account).count() == 1


def test_demo_is_refused_in_production(db, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production refuses"):
        run("demo")
    assert not Account.objects.exists()


def test_issued_token_stands_alone_on_stdout(demo):
    printed = run("issue_token", "--account", "demo", "--name", "curl")
    assert printed == printed.strip() + "\n"
    scopes = (
        Client().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {printed.strip()}").json()["scopes"]
    )
    assert "referrals:write" in scopes
    assert "pii:read" not in scopes


def test_issued_token_has_the_scopes_that_were_asked_for(demo):
    token = run(
        "issue_token", "--account", "demo", "--name", "x", "--scopes", "pii:read", "deliveries:read"
    ).strip()
    me = Client().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {token}").json()
    assert sorted(me["scopes"]) == ["deliveries:read", "pii:read"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--account", "nobody", "--name", "x"),
        ("--account", "demo", "--name", " "),
        ("--account", "demo", "--name", "x", "--scopes", "everything"),
    ],
)
def test_token_for_nothing_is_refused_in_words(demo, arguments):
    with pytest.raises(CommandError):
        run("issue_token", *arguments)


@pytest.mark.django_db(transaction=True)
def test_posted_referral_reaches_the_sandbox(client):
    with serving(make_app()) as sandbox:
        port = int(sandbox.rpartition(":")[2]) - 1
        run("demo", "--port", str(port))
        for slug, reference in (("demo", "spring-savings"), ("solar-one", "rooftop-solar")):
            token = run("issue_token", "--account", slug, "--name", "curl").strip()
            answer = client.post(
                f"/api/v1/accounts/{slug}/referrals",
                data={
                    "campaign": reference,
                    "external_id": "tx-1",
                    "attributes": {"email": f"jane@{slug}.example"},
                },
                content_type="application/json",
                HTTP_AUTHORIZATION=f"Bearer {token}",
            )
            assert answer.status_code == 202
        pump()
    for slug in ("demo", "solar-one"):
        account = Account.objects.get(slug=slug)
        delivery = Delivery.objects.for_account(account).get()
        assert (delivery.status, delivery.rule) == ("delivered", "Created")
        assert delivery.captures["lead_id"]
