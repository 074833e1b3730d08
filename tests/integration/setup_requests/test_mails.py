"""Mails of set-up requests: a reminder when it is asked for, and the team told once."""

import re
import smtplib
from datetime import timedelta

import pytest
from django.core.mail.backends import locmem
from django.utils import timezone

from accounts.models import AuditEvent
from connections.models import SetupRequest
from connections.setup_requests.mails import mail_forgotten, mail_setup_request
from connections.tasks import mail_setup_requests
from tests.cast import client_of
from tests.integration.setup_requests.answering import LIST, answer, setup_of

pytestmark = pytest.mark.django_db

EMAIL = "john@acme-crm.example"


@pytest.fixture
def remind(cast, manager, link):
    def reminded(email=EMAIL):
        return manager.post(f"{LIST}{setup_of(cast).id}/remind/", {"email": email})

    return reminded


def mail(cast, *, days=0):
    mail_setup_request(setup_of(cast).id, now=timezone.now() + timedelta(days=days))


def test_contact_is_reminded_once_by_a_link_that_works(cast, contact, link, remind, mailoutbox):
    assert remind().status_code == 302
    assert mailoutbox == [], "a worker mails"
    mail(cast)
    mail(cast)
    [sent] = mailoutbox
    assert (sent.to, sent.subject) == ([EMAIL], "Acme Energy waits for you: set up Newsletter CRM")
    assert f"http://testserver{link}\n" in sent.body
    assert "0 of 8 items are answered" in sent.body
    assert contact.get(link).status_code == 200


def test_second_reminder_waits_a_day(cast, remind, mailoutbox):
    remind()
    refused = remind()
    assert refused.status_code == 409
    assert "less than a day ago" in refused.content.decode()
    SetupRequest.objects.for_account(cast.account).update(
        reminded_at=timezone.now() - timedelta(days=1)
    )
    assert remind().status_code == 302


def test_reminder_is_recorded_without_the_address_and_kept_sealed(cast, remind):
    remind()
    event = AuditEvent.objects.for_account(cast.account).latest("id")
    assert (event.event, event.actor_label) == ("setup_request.reminded", cast.manager.name)
    assert EMAIL not in repr(event.details)
    assert EMAIL.encode() not in bytes(setup_of(cast).reminder_sealed)


def test_wrong_address_is_told_beside_its_field(cast, remind):
    refused = remind("john")
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "Write an email address" in page
    assert 'href="#id_email"' in page
    assert setup_of(cast).reminded_at is None


def test_contact_that_is_known_stands_in_the_form(cast, manager, contact, link):
    contact.post(f"{link}contact/", {"name": "John Smith", "email": EMAIL})
    assert f'value="{EMAIL}"' in manager.get(f"{LIST}{setup_of(cast).id}/").content.decode()


def test_nobody_is_reminded_of_what_is_over(cast, manager, contact, link, remind, mailoutbox):
    remind()
    answer(contact, link)
    contact.post(f"{link}send/")
    SetupRequest.objects.for_account(cast.account).update(told_at=timezone.now(), reminded_at=None)
    mail(cast)
    assert "nothing to remind them of" in remind().content.decode()
    manager.post(f"{LIST}{setup_of(cast).id}/revoke/")
    assert "The link has ended" in remind().content.decode()
    assert "Remind them" not in manager.get(f"{LIST}{setup_of(cast).id}/").content.decode()
    assert mailoutbox == []


def test_reminder_that_comes_after_the_link_is_not_mailed(cast, remind, mailoutbox):
    remind()
    mail(cast, days=31)
    assert (mailoutbox, setup_of(cast).reminder_sealed) == ([], None)


def test_link_of_before_there_were_reminders_must_be_made_anew(cast, remind):
    SetupRequest.objects.for_account(cast.account).update(token_sealed=None)
    assert "cannot be repeated: make a new one first" in remind().content.decode()


def test_new_link_takes_the_place_of_the_old_one_in_reminders(cast, manager, remind, mailoutbox):
    page = manager.post(f"{LIST}{setup_of(cast).id}/renew/").content.decode()
    renewed = re.search(r"http://testserver/setup/rex_[\w-]+/", page)[0]
    remind()
    mail(cast)
    assert renewed in mailoutbox[0].body


def test_team_is_told_once_however_often_it_is_sent(cast, contact, link, mailoutbox):
    answer(contact, link)
    for _ in range(2):
        contact.post(f"{link}send/")
        mail_setup_requests()
    [sent] = mailoutbox
    assert sent.to == [cast.manager.email]
    assert sent.subject == "Newsletter CRM: the set-up is answered"
    assert "of Acme Energy" in sent.body


@pytest.mark.parametrize(
    ("error", "mails"),
    [(smtplib.SMTPServerDisconnected(), 1), (smtplib.SMTPRecipientsRefused({}), 0)],
)
def test_mail_server_that_is_away_gets_it_later(
    cast, remind, mailoutbox, monkeypatch, error, mails
):
    def refuse(*_):
        raise error

    remind()
    with monkeypatch.context() as away:
        away.setattr(locmem.EmailBackend, "send_messages", refuse)
        mail(cast)
    mail_forgotten(now=timezone.now())
    assert len(mailoutbox) == mails


def test_request_that_is_gone_is_mailed_to_nobody(cast, remind, mailoutbox):
    remind()
    gone = setup_of(cast).id
    SetupRequest.objects.for_account(cast.account).delete()
    mail_setup_request(gone, now=timezone.now())
    assert mailoutbox == []


def test_list_says_how_long_the_client_keeps_us_waiting(cast, manager, link, remind):
    three_days_ago = timezone.now() - timedelta(days=3)
    SetupRequest.objects.for_account(cast.account).update(updated_at=three_days_ago)
    remind()
    page = manager.get(LIST).content.decode()
    assert "Waiting for the client for 3 days" in page
    assert f"{setup_of(cast).id}/#remind" in page


def test_who_may_only_read_reminds_nobody(cast, link):
    path = f"{LIST}{setup_of(cast).id}/remind/"
    assert client_of(cast.viewer).post(path, {"email": EMAIL}).status_code == 403
