"""A technical contact pastes a request that works: it answers several items of a set-up request."""

import pytest

from accounts.models import AuditEvent
from connections.exchange.config import Environment
from connections.models import Connection, SetupRequest
from connections.selectors import secret_values
from connections.setup_requests.answers import Item, ItemState
from tests.integration.setup_requests.answering import ANSWERS, LIST, setup_of

pytestmark = pytest.mark.django_db

SECRET = "correct-horse-battery-staple"
CURL = f"""curl -X PUT 'https://api.acme-crm.com/leads?list=summer' \\
  -H 'Authorization: Bearer {SECRET}' -H 'X-List: summer' -H 'Cookie: a=b' \\
  --json '{{"mail": "ada@example.com", "list": {{"id": 7}}}}'"""
RAW = f"""POST /leads HTTP/1.1
Host: api.acme-crm.com
X-Api-Key: {SECRET}
Content-Type: application/x-www-form-urlencoded

email=ada%40example.com&first_name=Ada"""


@pytest.fixture
def paste(contact, link):
    def pasted(text=CURL, **typed):
        return contact.post(f"{link}example/", {"text": text, "environment": "production"} | typed)

    return pasted


def draft_of(cast, manager):
    made = manager.post(f"{LIST}{setup_of(cast).id}/draft/")
    assert made.status_code == 302, made.content
    return Connection.objects.for_account(cast.account).get().head_version


def test_pasted_request_answers_items_and_says_what_it_left_out(cast, contact, link, paste):
    assert paste().status_code == 302
    answers = setup_of(cast).document
    said = {item for item in Item if answers.state_of(item) is ItemState.IN_EXAMPLE}
    assert said == {
        Item.ENDPOINTS,
        Item.METHOD,
        Item.AUTHENTICATION,
        Item.ENCODING,
        Item.PARAMETERS,
    }
    page = contact.get(f"{link}example/").content.decode()
    assert "PUT https://api.acme-crm.com/leads?list=summer" in page
    assert "Cookies are not sent" in page
    assert contact.get(link).content.decode().count("In your example") == 5
    assert "says this already" in contact.get(f"{link}method/").content.decode()


@pytest.mark.parametrize("text", [CURL, RAW])
def test_credential_goes_to_the_vault_and_onto_no_page(
    cast, manager, contact, link, paste, text, caplog
):
    paste(text)
    setup = setup_of(cast)
    pages = [contact.get(f"{link}example/"), contact.get(link), manager.get(f"{LIST}{setup.id}/")]
    assert not any(SECRET in page.content.decode() for page in pages)
    row = SetupRequest.objects.for_account(cast.account).values().get()
    assert SECRET not in repr(row["answers"])
    assert SECRET.encode() not in bytes(row["example_secrets_sealed"])
    events = AuditEvent.objects.for_account(cast.account).values_list("details", flat=True)
    assert SECRET not in repr(list(events)) + caplog.text


def test_example_becomes_the_draft_as_it_is(cast, manager, paste):
    paste(environment="staging")
    version = draft_of(cast, manager)
    config = version.document
    assert config.environments.keys() == {Environment.STAGING}
    assert (config.method, config.headers[0].name) == ("PUT", "X-List")
    assert config.body.template or config.body.fields
    assert "{{ email }}" in config.model_dump_json()
    kept = secret_values(version=version, environment=Environment.STAGING)
    assert list(kept.values()) == [SECRET]
    assert setup_of(cast).example_secrets_sealed is None


def test_what_is_answered_by_itself_goes_before_the_example(cast, manager, contact, link, paste):
    paste(environment="staging")
    for item in ("endpoints", "authentication", "parameters"):
        contact.post(f"{link}{item}/", ANSWERS[item])
    contact.post(f"{link}method/", {"method": "POST"})
    version = draft_of(cast, manager)
    config = version.document
    assert (config.method, config.authorization.type) == ("POST", "api_key")
    assert config.environments.keys() == {Environment.PRODUCTION, Environment.STAGING}
    assert config.environments[Environment.STAGING].url == "https://staging.acme-crm.com/leads"
    assert [field.name for field in config.body.fields] == ["contact.email", "contact.surname"]
    assert config.headers[0].name == "X-List", "no item asks for it"
    kept = secret_values(version=version, environment=Environment.STAGING)
    assert kept == {"api_key": ANSWERS["authentication"]["api_key"]}


def test_item_that_the_example_answers_is_not_unknown(cast, manager, contact, link, paste):
    for item in ("endpoints", "contact"):
        contact.post(f"{link}{item}/", {"unknown": ""})
    paste()
    answers = setup_of(cast).document
    page = manager.get(f"{LIST}{setup_of(cast).id}/").content.decode()

    assert answers.state_of(Item.ENDPOINTS) is ItemState.IN_EXAMPLE
    assert answers.state_of(Item.CONTACT) is ItemState.UNKNOWN
    assert "Endpoints: they do not know" not in page
    assert "Technical contact: they do not know" in page


def test_team_sees_what_was_pasted_and_what_a_draft_lacks(cast, manager, paste):
    paste()
    page = manager.get(f"{LIST}{setup_of(cast).id}/").content.decode()
    assert "PUT https://api.acme-crm.com/leads" in page
    assert "As in their example request." in page
    assert "Example request: header Cookie: Cookies are not sent" in page
    assert "Method: not answered yet." not in page


def test_example_is_replaced_and_forgotten(cast, contact, link, paste):
    paste()
    paste(RAW)
    assert setup_of(cast).document.example.config.method == "POST"
    contact.post(f"{link}example/", {"then": "remove"})
    assert (setup_of(cast).document.example, setup_of(cast).example_secrets_sealed) == (None, None)
    assert contact.get(link).content.decode().count("Not yet started") == 8


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"text": ""}, "There is nothing to read"),
        ({"text": "how are you"}, "There is a problem"),
        ({"text": "curl http://169.254.169.254/latest -d a=b"}, "There is a problem"),
        ({"environment": "moon"}, "Choose where its address leads to."),
    ],
)
def test_what_cannot_be_taken_is_refused_and_keeps_what_was(cast, paste, typed, sentence):
    paste()
    refused = paste(**typed)
    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    assert setup_of(cast).document.example.config.method == "PUT"


def test_link_that_ended_takes_nothing(cast, manager, paste):
    manager.post(f"{LIST}{setup_of(cast).id}/revoke/")
    assert paste().status_code == 410
    assert setup_of(cast).document.example is None
