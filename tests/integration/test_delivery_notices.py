"""People are told once when sending stops, and once when it works again."""

import smtplib
from datetime import timedelta

import pytest
from django.core.mail.backends import locmem
from django.test import Client

from connections.documents import Contact
from connections.services import change_connection
from delivery import breaker, notices
from delivery.breaker import Tally
from delivery.models import Lane, Outage
from delivery.outages import review
from tests.cast import client_of
from tests.delivery_stage import now, set_stage
from tests.integration.test_delivery_engine import who

CONTACTS = (Contact(name="Ada", email="ada@crm.example"), Contact(name="Bob", email="n/a"))


@pytest.fixture
def stage(transactional_db):
    return set_stage()


@pytest.fixture
def connection(stage):
    connection = stage.connection("http://127.0.0.1:9")
    change_connection(contacts=CONTACTS, **who(stage, connection))
    return connection


def count(connection, failures, *, holds=0, said="it answered with status 503"):
    """Have a lane reviewed that has so many failures since its last success."""
    Lane.objects.update_or_create(
        connection=connection,
        defaults={"failures": failures, "holds": holds},
        create_defaults={"failures": failures, "holds": holds, "served_at": now()},
    )
    review([Tally(connection.id, failures=failures, last_failure=said)], now=now())


def tell(stage):
    for outage in Outage.objects.for_account(stage.cast.account):
        notices.tell_outage(outage.id, now=now())


def test_opening_and_recovery_send_one_mail_each_to_managers_and_contacts(
    stage, connection, mailoutbox
):
    count(connection, breaker.FAILURES_TO_OPEN)
    tell(stage)
    count(connection, breaker.FAILURES_TO_OPEN + 1)
    tell(stage)
    [opened] = mailoutbox
    assert opened.subject == "CRM 0: sending stopped"
    assert opened.to == ["account.manager@acme.example", "ada@crm.example"]
    assert "10 attempts in a row failed. At last it answered with status 503." in opened.body
    assert "of Acme Energy stopped" in opened.body
    assert "You need not do anything here" in opened.body

    count(connection, 0)
    tell(stage)
    tell(stage)
    _, closed = mailoutbox
    assert closed.subject == "CRM 0: sending goes on"
    assert closed.to == opened.to


def test_refusal_says_what_to_do(stage, connection, mailoutbox):
    failures = breaker.FAILURES_TO_OPEN
    count(connection, failures, holds=failures, said="it answered with status 401")
    tell(stage)
    assert "The endpoint refuses us" in mailoutbox[0].body


def test_outage_that_comes_to_need_people_says_so_once(stage, connection, mailoutbox):
    failures = breaker.FAILURES_TO_OPEN
    count(connection, failures)
    tell(stage)
    for holds in (failures, 0, failures):
        count(connection, failures + 3, holds=holds, said="it answered with status 401")
        tell(stage)
    count(connection, 0)
    tell(stage)
    assert [mail.subject for mail in mailoutbox] == [
        "CRM 0: sending stopped",
        "CRM 0: somebody has to act",
        "CRM 0: sending goes on",
    ]
    assert "The endpoint refuses us" in mailoutbox[1].body
    assert "At last it answered with status 401." in mailoutbox[1].body
    assert mailoutbox[1].to == mailoutbox[0].to


def test_outage_that_needed_people_from_the_start_says_so_once(stage, connection, mailoutbox):
    failures = breaker.FAILURES_TO_OPEN
    for holds in (failures, 0, failures):
        count(connection, failures, holds=holds)
        tell(stage)
    assert [mail.subject for mail in mailoutbox] == ["CRM 0: sending stopped"]


def test_need_for_people_that_could_not_be_told_is_told_later(stage, connection, mailoutbox):
    failures = breaker.FAILURES_TO_OPEN
    count(connection, failures)
    tell(stage)
    count(connection, failures, holds=failures)
    notices.tell_forgotten(now=now())
    notices.tell_forgotten(now=now())
    assert [mail.subject for mail in mailoutbox][1:] == ["CRM 0: somebody has to act"]


def test_need_for_people_that_is_over_is_not_told(stage, connection, mailoutbox):
    failures = breaker.FAILURES_TO_OPEN
    count(connection, failures)
    tell(stage)
    count(connection, failures, holds=failures)
    count(connection, 0)
    notices.tell_forgotten(now=now())
    assert [mail.subject for mail in mailoutbox][1:] == ["CRM 0: sending goes on"]


def test_mail_of_a_server_that_is_away_is_sent_later(stage, connection, mailoutbox, monkeypatch):
    def refuse(*_):
        raise smtplib.SMTPServerDisconnected

    count(connection, breaker.FAILURES_TO_OPEN)
    count(connection, 0)
    with monkeypatch.context() as away:
        away.setattr(locmem.EmailBackend, "send_messages", refuse)
        tell(stage)
    assert mailoutbox == []
    notices.tell_forgotten(now=now() + timedelta(minutes=1))
    notices.tell_forgotten(now=now() + timedelta(minutes=2))
    assert [sent.subject for sent in mailoutbox] == [
        "CRM 0: sending stopped",
        "CRM 0: sending goes on",
    ]


def test_mails_are_files_in_development(stage, connection, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    count(connection, breaker.FAILURES_TO_OPEN)
    tell(stage)
    [written] = (tmp_path / "mail").iterdir()
    assert "Subject: CRM 0: sending stopped" in written.read_text()


def page(user, connection, rest=""):
    path = "/accounts/acme/integrations/connections/"
    return client_of(user).get(path if connection is None else f"{path}{connection.id}/{rest}")


def test_pages_say_what_is_wrong_and_who_may_sends_again(stage, connection):
    stage.accept("tx-1", "tx-2")
    assert "Send again now" not in page(stage.cast.manager, connection).text
    failures = breaker.FAILURES_TO_OPEN
    count(connection, failures, holds=failures, said="it answered with status 401")

    assert "Refused" in page(stage.cast.viewer, None).text
    shown = page(stage.cast.manager, connection).text
    assert "The endpoint refuses us" in shown
    assert "at last it answered with status 401." in shown
    assert "Send again now" in shown
    shown = page(stage.cast.viewer, connection).text
    assert "The endpoint refuses us" in shown
    assert "Send again now" not in shown
    assert page(stage.cast.viewer, connection, "waiting").text == "2 referrals wait"
    assert page(stage.cast.outsider, connection, "waiting").status_code == 404

    manager = client_of(stage.cast.manager)
    manager.post(f"/accounts/acme/integrations/connections/{connection.id}/resume/")
    lane = Lane.objects.get()
    assert lane.probe_at is not None


def test_rest_tells_health_and_resume_tries_again(stage, connection):
    failures = breaker.FAILURES_TO_OPEN
    count(connection, failures)
    before = Lane.objects.get().probe_at
    client, path = Client(), f"/api/v1/accounts/acme/connections/{connection.id}"
    token = stage.cast.authorization()
    assert client.get(path, **token).json()["health"] == "failing"
    stage.accept("tx-1")
    assert client.post(f"{path}/resume", **token).status_code == 200
    assert Lane.objects.get().probe_at < before
