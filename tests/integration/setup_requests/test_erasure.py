"""Set-up requests that ended, in whatever way, are erased 30 days after."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import AuditEvent
from connections.models import Connection, SetupRequest
from connections.services import archive_connection, erase_ended_setup_requests
from delivery.retention import retain
from tests.integration.setup_requests.answering import LIST, answer, setup_of

pytestmark = pytest.mark.django_db


def erase(cast, *, days):
    now = timezone.now() + timedelta(days=days)
    return erase_ended_setup_requests(account=cast.account, now=now)


@pytest.mark.parametrize(("how", "days"), [("expires", 30), ("revoke", 0), ("draft", 0)])
def test_ended_request_is_erased_30_days_after(cast, manager, contact, link, how, days):
    answer(contact, link)
    if how != "expires":
        manager.post(f"{LIST}{setup_of(cast).id}/{how}/")
    assert erase(cast, days=days + 29) == 0
    assert erase(cast, days=days + 31) == 1
    assert not SetupRequest.objects.for_account(cast.account).exists()
    assert Connection.objects.for_account(cast.account).count() == (how == "draft")
    event = AuditEvent.objects.for_account(cast.account).latest("id")
    assert (event.event, event.actor_label) == ("setup_request.erased", "retention")
    assert contact.get(link).status_code == 404
    assert manager.get(LIST).status_code == 200


def test_file_stays_as_long_as_the_connection_that_it_documents(cast, manager, contact, link):
    file = SimpleUploadedFile("guide.txt", b"how it works")
    contact.post(f"{link}documentation/", {"file": file})
    contact.post(f"{link}endpoints/", {"production": "https://api.acme-crm.com/leads"})
    page = f"{LIST}{setup_of(cast).id}/"
    manager.post(f"{page}draft/")
    assert erase(cast, days=31) == 0
    assert "kept as long as the connection" in manager.get(page).content.decode()
    assert manager.get(f"{page}file/").content == b"how it works"
    archive_connection(
        account=cast.account,
        actor=cast.actor,
        now=timezone.now(),
        connection_id=setup_of(cast).connection_id,
    )
    assert erase(cast, days=31) == 1


def test_both_sides_are_told_when(cast, manager, contact, link):
    assert (
        "30 days after it ends, what you answered is erased" in contact.get(link).content.decode()
    )
    manager.post(f"{LIST}{setup_of(cast).id}/revoke/")
    assert "What you answered is kept until" in contact.get(link).content.decode()
    assert "erased after" in manager.get(f"{LIST}{setup_of(cast).id}/").content.decode()


def test_retention_erases_those_of_every_account(cast, manager, link):
    SetupRequest.objects.for_account(cast.account).update(
        expires_at=timezone.now() - timedelta(days=31)
    )
    retain(now=timezone.now(), is_time_up=lambda: False)
    assert not SetupRequest.objects.for_account(cast.account).exists()
