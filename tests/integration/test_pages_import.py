"""The page that makes a draft of what was pasted: read, looked at, then created."""

import json

import pytest

from connections.exchange.config import Environment
from connections.models import Connection
from connections.selectors import secret_values
from tests.cast import client_of

pytestmark = pytest.mark.django_db

PAGE = "/accounts/acme/integrations/connections/add/import/"
LINE = (
    "curl https://api.example.com/leads -H 'X-Api-Key: correct-horse-battery' -b a=b \\\r\n"
    ' --json \'{"email": "ada@example.com", "note": "<b>"}\''
)
DOCUMENT = json.dumps(
    {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.example.com"}],
        "paths": {
            "/leads": {
                "post": {"operationId": "addLead", "summary": "Add a lead", "responses": {}},
                "get": {"operationId": "listLeads", "responses": {}},
            }
        },
    }
)


def post(client, **fields):
    response = client.post(PAGE, fields)
    return response, response.content.decode()


def test_add_connection_leads_to_the_page(manager):
    page = manager.get("/accounts/acme/integrations/connections/add/").content.decode()

    assert f'href="{PAGE}"' in page
    assert 'name="text"' in manager.get(PAGE).content.decode()


def test_reading_shows_what_would_be_sent_and_saves_nothing(cast, manager):
    response, page = post(manager, text=LINE, then="read")

    assert response.status_code == 200
    assert "POST https://api.example.com/leads" in page
    assert "body email" in page
    assert "{{ email }}" in page
    assert "Certain" in page
    assert "Cookies are not sent" in page
    assert 'value="api.example.com"' in page
    assert not Connection.objects.for_account(cast.account).exists()


def test_creating_makes_the_draft_with_its_secret(cast, manager):
    response, _ = post(manager, text=LINE, name="Pasted", then="create")

    connection = Connection.objects.for_account(cast.account).get()
    assert response.url.endswith(f"/{connection.id}/")
    assert connection.name == "Pasted"
    values = secret_values(version=connection.head_version, environment=Environment.PRODUCTION)
    assert values == {"api_key": "correct-horse-battery"}
    assert "correct-horse" not in manager.get(response.url).content.decode()


def test_an_openapi_document_asks_for_the_operation_first(cast, manager):
    _, page = post(manager, text=DOCUMENT, then="read")
    assert "POST /leads: Add a lead" in page
    assert "What would be sent" not in page

    _, page = post(manager, text=DOCUMENT, operation="addLead", then="read")
    assert "POST https://api.example.com/leads" in page

    response, _ = post(manager, text=DOCUMENT, operation="addLead", name="A", then="create")
    assert response.status_code == 302


@pytest.mark.parametrize(
    ("fields", "sentence", "field"),
    [
        ({"text": ""}, "There is nothing to read", "id_text"),
        ({"text": "wget https://x"}, "This starts neither as a cURL line", "id_text"),
        ({"text": "openapi: ["}, "neither JSON nor YAML", "id_text"),
        ({"text": DOCUMENT, "operation": "x"}, "There is no operation", "id_operation"),
        ({"text": "curl http://10.0.0.1/"}, "", "id_text"),
        ({"text": LINE, "name": "x" * 101, "then": "create"}, "101 characters", "id_name"),
    ],
)
def test_what_is_refused_stays_on_the_page_with_a_sentence(cast, manager, fields, sentence, field):
    response, page = post(manager, **fields)

    assert response.status_code == 422
    assert sentence in page
    assert f'href="#{field}"' in page
    assert not Connection.objects.for_account(cast.account).exists()


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("outsider", 404)])
def test_only_who_may_write_gets_there(cast, who, status):
    client = client_of(getattr(cast, who))

    assert client.get(PAGE).status_code == status
    assert client.post(PAGE, {"text": LINE, "then": "create"}).status_code == status
