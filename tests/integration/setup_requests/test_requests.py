"""Set-up requests: the link without a login, the team's pages, and the draft that results."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import AuditEvent
from connections.exchange.config import Environment, Outcome
from connections.models import Connection, SetupRequest
from connections.previews import classify_response, preview
from connections.selectors import secret_values
from connections.services import create_setup_request
from connections.setup_requests.answers import Item
from tests.cast import NOBODY, client_of
from tests.integration.setup_requests.answering import ANSWERS, LIST, SECRET, answer, setup_of

pytestmark = pytest.mark.django_db


def test_link_shows_eight_open_items_without_a_login(link, contact):
    page = contact.get(link)
    text = page.content.decode()
    assert text.count("Not yet started") == 8
    assert "Newsletter CRM" in text
    assert "Acme Energy" in text


def test_link_is_never_kept_indexed_or_told_to_another_site(link, contact):
    page = contact.get(f"{link}documentation/")
    assert "no-store" in page["Cache-Control"]
    assert page["X-Robots-Tag"] == "noindex"
    assert page["Referrer-Policy"] == "same-origin"


def test_token_is_stored_hashed_and_sealed_only(cast, link):
    row = SetupRequest.objects.for_account(cast.account).filter().values()[0]
    token = link.split("/")[2]
    assert token not in repr(
        {name: bytes(v) if isinstance(v, memoryview) else v for name, v in row.items()}
    )


@pytest.mark.parametrize("item", Item)
def test_every_item_is_asked_on_a_page_of_its_own(link, contact, item):
    assert contact.get(f"{link}{item}/").status_code == 200


@pytest.mark.parametrize("item", Item)
def test_not_to_know_is_an_answer(cast, link, contact, item):
    assert contact.post(f"{link}{item}/", {"unknown": "yes"}).status_code == 302
    assert "You do not know" in contact.get(link).content.decode()
    assert setup_of(cast).document.unknown == (item,)


@pytest.mark.parametrize("item", Item)
def test_empty_page_is_told_what_is_missing(cast, link, contact, item):
    page = contact.post(f"{link}{item}/", {})
    assert page.status_code == 422
    assert "There is a problem" in page.content.decode()
    assert setup_of(cast).document.answered() == 0


@pytest.mark.parametrize(
    ("item", "typed", "field"),
    [
        ("endpoints", {"production": "ftp://api.example.com"}, "id_production"),
        ("endpoints", {"staging": "https://169.254.169.254/latest"}, "id_staging"),
        ("contact", {"name": ""}, "id_name"),
        ("authentication", {"kind": "basic"}, "id_username"),
        ("responses", {"rows.0.meaning": "delivered"}, "id_rows-0-status"),
        ("responses", {"rows.0.status": "99", "rows.0.meaning": "delivered"}, "id_rows-0-status"),
        ("parameters", {"rows.0.attribute": "", "rows.0.name": "mail"}, "id_rows-0-attribute"),
    ],
)
def test_wrong_answer_is_told_beside_its_field(link, contact, item, typed, field):
    page = contact.post(f"{link}{item}/", typed)
    assert page.status_code == 422
    assert f'href="#{field}"' in page.content.decode()


def test_answer_stands_on_its_page_when_they_come_back(link, contact):
    answer(contact, link)
    assert "https://staging.acme-crm.com/leads" in contact.get(f"{link}endpoints/").content.decode()
    assert "contact.surname" in contact.get(f"{link}parameters/").content.decode()


def test_credential_is_on_no_page_and_in_no_plain_column(cast, manager, link, contact):
    answer(contact, link)
    seen = [contact.get(link), contact.get(f"{link}authentication/")]
    seen += [manager.get(f"{LIST}{setup_of(cast).id}/"), manager.get(LIST)]
    assert not any(SECRET in page.content.decode() for page in seen)
    row = SetupRequest.objects.for_account(cast.account).values().get()
    assert SECRET not in repr(row["answers"])
    assert SECRET.encode() not in bytes(row["secrets_sealed"])
    assert "Credential: set" in seen[2].content.decode()
    events = AuditEvent.objects.for_account(cast.account).values_list("details", flat=True)
    assert SECRET not in repr(list(events))


def test_credential_stays_until_another_kind_is_chosen(cast, link, contact):
    answer(contact, link)
    kept = bytes(setup_of(cast).secrets_sealed)
    contact.post(f"{link}authentication/", ANSWERS["authentication"] | {"api_key": ""})
    assert bytes(setup_of(cast).secrets_sealed) == kept
    contact.post(f"{link}authentication/", {"kind": "bearer"})
    assert setup_of(cast).secrets_sealed is None


def test_rows_are_added_and_removed_without_script(link, contact):
    typed = ANSWERS["parameters"] | {"then": "add:rows"}
    assert (
        contact.post(f"{link}parameters/", typed).content.decode().count('name="rows.3.name"') == 1
    )
    typed = ANSWERS["parameters"] | {"then": "remove:rows.1"}
    assert "contact.surname" not in contact.post(f"{link}parameters/", typed).content.decode()


def test_request_is_sent_when_all_is_answered(cast, link, contact):
    assert contact.post(f"{link}send/").status_code == 409
    answer(contact, link)
    assert contact.post(f"{link}send/").status_code == 200
    assert setup_of(cast).sent_at


def test_answers_become_a_draft_that_works(cast, manager, link, contact):
    answer(contact, link)
    made = manager.post(f"{LIST}{setup_of(cast).id}/draft/")
    connection = Connection.objects.for_account(cast.account).get()
    assert made["Location"].endswith(f"/connections/{connection.id}/")
    assert (connection.name, connection.status) == ("Newsletter CRM", "draft")
    assert connection.contacts[0]["name"] == "John Smith"
    assert connection.documentation[0]["url"] == "https://developers.acme-crm.com/api"
    config = connection.head_version.document
    for environment in (Environment.PRODUCTION, Environment.STAGING):
        kept = secret_values(version=connection.head_version, environment=environment)
        assert kept == {"api_key": SECRET}
    shown = preview(
        connection=connection,
        config=config,
        now=timezone.now(),
    )
    assert shown.body == '{"contact":{"email":"jane.citizen@example.com","surname":"Citizen"}}'
    assert dict(shown.headers)["X-Key"] == "••••"
    assert config.required_attributes == ("email",)
    for status, body, outcome in [
        (201, '{"id": 9}', Outcome.DELIVERED),
        (400, '{"error": "exists"}', Outcome.DUPLICATE),
        (400, '{"error": "bad email"}', Outcome.REJECTED),
    ]:
        verdict = classify_response(
            rules=config.response_rules, status=status, headers=(), body=body, now=timezone.now()
        )
        assert verdict.outcome is outcome


def test_answers_without_a_status_become_rules_on_their_bodies(cast, manager, link, contact):
    rows = {
        "rows.0.body": "successfully delivered",
        "rows.0.meaning": "delivered",
        "rows.1.body": '{"status": "duplicate"}',
        "rows.1.meaning": "duplicate",
        "rows.2.body": '{"success": false}',
        "rows.2.meaning": "rejected",
    }
    answer(contact, link, responses=rows)
    assert 'value="None"' not in contact.get(f"{link}responses/").content.decode()
    assert "Any status" in manager.get(f"{LIST}{setup_of(cast).id}/").content.decode()
    manager.post(f"{LIST}{setup_of(cast).id}/draft/")
    config = Connection.objects.for_account(cast.account).get().head_version.document
    assert len(config.response_samples) == 3
    for body, outcome in [
        ("Lead successfully delivered", Outcome.DELIVERED),
        ('{"status": "duplicate", "id": 4}', Outcome.DUPLICATE),
        ('{"success": false}', Outcome.REJECTED),
    ]:
        verdict = classify_response(
            rules=config.response_rules, status=202, headers=(), body=body, now=timezone.now()
        )
        assert (verdict.outcome, verdict.matched) == (outcome, True)


def test_after_the_draft_the_link_ends_and_keeps_no_credential(cast, manager, link, contact):
    answer(contact, link)
    manager.post(f"{LIST}{setup_of(cast).id}/draft/")
    assert contact.get(link).status_code == 410
    assert setup_of(cast).secrets_sealed is None
    assert manager.post(f"{LIST}{setup_of(cast).id}/draft/").status_code == 409
    assert Connection.objects.for_account(cast.account).count() == 1


def test_draft_gets_a_name_that_is_free(cast, manager, link, contact):
    answer(contact, link)
    taken = {"name": "newsletter crm", "method": "POST", "url": "https://api.acme-crm.com/"}
    manager.post("/accounts/acme/integrations/connections/add/api/", taken)
    assert manager.post(f"{LIST}{setup_of(cast).id}/draft/").status_code == 302
    assert Connection.objects.for_account(cast.account).filter(name="Newsletter CRM 2").exists()


def test_draft_needs_an_endpoint_and_says_what_it_lacks(cast, manager, link, contact):
    page = f"{LIST}{setup_of(cast).id}/"
    assert manager.post(f"{page}draft/").status_code == 409
    contact.post(f"{link}endpoints/", ANSWERS["endpoints"])
    shown = manager.get(page).content.decode()
    assert "Method: not answered yet." in shown
    assert manager.post(f"{page}draft/").status_code == 302


def test_answer_that_cannot_be_used_is_left_out_of_the_draft(cast, manager, link, contact):
    answer(contact, link, parameters={"rows.0.attribute": "email", "rows.0.name": "a..b[c"})
    page = f"{LIST}{setup_of(cast).id}/"
    assert "Parameters could not be used" in manager.get(page).content.decode()
    manager.post(f"{page}draft/")
    assert (
        Connection.objects.for_account(cast.account).get().head_version.document.body.fields is None
    )


@pytest.mark.parametrize("encoding", ["json", "form", "text", "xml", "none"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_encoding_and_method_becomes_a_draft(cast, manager, link, contact, encoding, method):
    answer(contact, link, encoding={"encoding": encoding}, method={"method": method})
    page = f"{LIST}{setup_of(cast).id}/"
    assert "could not be used" not in manager.get(page).content.decode()
    assert manager.post(f"{page}draft/").status_code == 302


@pytest.mark.parametrize(
    "authentication",
    [
        {"kind": "none"},
        {"kind": "basic", "username": "rokt", "password": SECRET},
        {"kind": "bearer", "token": SECRET},
        {
            "kind": "oauth2_client_credentials",
            "token_url": "https://api.acme-crm.com/token",
            "client_id": "rokt",
            "client_secret": SECRET,
        },
        {"kind": "other", "explanation": "We sign with our own scheme."},
        {"kind": "other", "explanation": "It goes into the XML.", "credential": SECRET},
    ],
)
def test_every_kind_of_authentication_becomes_a_draft(cast, manager, link, contact, authentication):
    answer(contact, link, authentication=authentication)
    page = f"{LIST}{setup_of(cast).id}/"
    assert "could not be used" not in manager.get(page).content.decode()
    assert manager.post(f"{page}draft/").status_code == 302


def test_credential_of_what_is_described_in_words_reaches_the_vault(cast, manager, link, contact):
    other = {"kind": "other", "explanation": "Sign with HMAC.", "credential": SECRET}
    answer(contact, link, authentication=other)
    page = f"{LIST}{setup_of(cast).id}/"
    seen = [contact.get(f"{link}authentication/"), manager.get(page)]
    assert not any(SECRET in one.content.decode() for one in seen)
    assert SECRET not in repr(setup_of(cast).answers)
    assert "write {{ secrets.credential }} where" in seen[1].content.decode()
    manager.post(f"{page}draft/")
    connection = Connection.objects.for_account(cast.account).get()
    for environment in (Environment.PRODUCTION, Environment.STAGING):
        kept = secret_values(version=connection.head_version, environment=environment)
        assert kept == {"credential": SECRET}
    editor = manager.get(f"/accounts/acme/integrations/connections/{connection.id}/")
    assert SECRET not in editor.content.decode()


def test_file_is_sealed_and_only_ever_saved(cast, manager, link, contact):
    content = b"%PDF-1.7 how to create a subscriber"
    file = SimpleUploadedFile('../../API "guide".pdf', content)
    assert contact.post(f"{link}documentation/", {"file": file}).status_code == 302
    row = SetupRequest.objects.for_account(cast.account).get()
    assert content not in bytes(row.file_sealed)
    saved = manager.get(f"{LIST}{row.id}/file/")
    assert saved.content == content
    assert saved["Content-Type"] == "application/octet-stream"
    assert saved["Content-Disposition"].startswith("attachment")
    assert saved["X-Content-Type-Options"] == "nosniff"
    contact.post(f"{link}endpoints/", ANSWERS["endpoints"])
    manager.post(f"{LIST}{row.id}/draft/")
    links = Connection.objects.for_account(cast.account).get().documentation
    assert links[0]["url"] == f"http://testserver{LIST}{row.id}/file/"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "neither a PDF nor a text file"),
        (b"a" * (5 * 1024 * 1024 + 1), "larger than 5 MB"),
        (b"a" * (6 * 1024 * 1024), "larger than 5 MB"),
    ],
)
def test_other_files_are_refused(cast, link, contact, content, sentence):
    file = SimpleUploadedFile("guide.txt", content)
    page = contact.post(f"{link}documentation/", {"file": file})
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert setup_of(cast).file_sealed is None


@pytest.mark.parametrize("length", ["odd", "5_0x", "9" * 5_000])
def test_odd_length_is_no_file(link, contact, length):
    page = contact.post(f"{link}documentation/", {"url": ""}, CONTENT_LENGTH=length)
    assert page.status_code == 422


def test_link_that_ended_says_whom_to_ask(cast, manager, link, contact):
    manager.post(f"{LIST}{setup_of(cast).id}/revoke/")
    for page in (contact.get(link), contact.post(f"{link}method/", {"method": "PUT"})):
        assert page.status_code == 410
        assert f"Ask {cast.manager.name} for a new one" in page.content.decode()
    assert setup_of(cast).document.method is None


def test_link_ends_after_30_days(cast, link, contact):
    setup = setup_of(cast)
    setup.expires_at = timezone.now()
    setup.save()
    assert contact.get(link).status_code == 410


def test_new_link_ends_the_old_one_and_keeps_the_answers(cast, manager, link, contact):
    answer(contact, link)
    page = manager.post(f"{LIST}{setup_of(cast).id}/renew/").content.decode()
    renewed = re.search(r"http://testserver(/setup/rex_[\w-]+/)", page)[1]
    assert contact.get(link).status_code == 404
    assert contact.get(renewed).content.decode().count("Completed") == 8


@pytest.mark.parametrize("token", ["nothing", "rex_" + "a" * 51])
def test_link_that_leads_nowhere_is_not_found(db, contact, token):
    assert contact.get(f"/setup/{token}/").status_code == 404


def test_item_that_does_not_exist_is_not_found(link, contact):
    assert contact.get(f"{link}nothing/").status_code == 404


def test_who_may_only_read_may_not_ask(cast):
    viewer = client_of(cast.viewer)
    assert viewer.get(LIST).status_code == 403
    assert viewer.get(f"{LIST}add/").status_code == 403
    assert "setup-requests" not in viewer.get("/accounts/acme/").content.decode()
    assert client_of(cast.outsider).get(LIST).status_code == 404


def test_list_holds_its_query_count(cast, manager, django_assert_max_num_queries):
    for number in range(20):
        create_setup_request(
            account=cast.account, actor=NOBODY, now=timezone.now(), name=f"CRM {number}"
        )
    with django_assert_max_num_queries(6):
        assert manager.get(LIST).content.decode().count("0 of 8") == 20


def test_everything_is_recorded(cast, manager, link, contact):
    answer(contact, link)
    manager.post(f"{LIST}{setup_of(cast).id}/draft/")
    events = AuditEvent.objects.for_account(cast.account).filter(subject_type="setuprequest")
    recorded = list(events.order_by("id").values_list("event", "actor_label"))
    assert recorded[0] == ("setup_request.created", cast.manager.name)
    assert recorded[1:9] == [("setup_request.answered", "technical contact")] * 8
    assert recorded[9] == ("setup_request.drafted", cast.manager.name)
