"""Presets through their pages and the REST API."""

import logging

import pytest

from connections.exchange.config import Environment
from connections.models import Connection
from connections.presets import presets
from connections.selectors import secret_values
from tests.cast import client_of

pytestmark = pytest.mark.django_db

ADD = "/accounts/acme/integrations/connections/add/"
MAILCHIMP = f"{ADD}presets/mailchimp/"
ANSWERS = {
    "name": "Newsletter",
    "inputs.data_centre": "us21",
    "inputs.list_id": "f00",
    "inputs.api_key": "a key that nobody sees",
}


def test_gallery_shows_every_platform(manager):
    page = manager.get(ADD).content.decode()
    assert all(f"{ADD}presets/{slug}/" in page for slug in presets())


def test_gallery_searches_by_name_and_kind(manager):
    page = manager.get(ADD, {"q": "salesforce", "category": "crm"}).content.decode()
    assert f"{ADD}presets/salesforce/" in page
    assert "presets/salesforce-web-to-lead/" not in page
    assert "presets/mailchimp/" not in page


def said_of_presets(caplog):
    records = [one for one in caplog.records if one.name == "connections.views.presets"]
    return [record.getMessage() for record in records]


def test_search_that_finds_nothing_is_logged(manager, caplog):
    caplog.set_level(logging.INFO, logger="connections.views.presets")
    page = manager.get(ADD, {"q": "Pardot"})
    assert "We know no such platform yet" in page.content.decode()
    assert said_of_presets(caplog) == ["preset not found: search='Pardot' account=acme"]
    caplog.clear()
    manager.get(ADD, {"q": "ada@example.com"})
    manager.get(ADD, {"q": "mailchimp"})
    assert said_of_presets(caplog) == []


@pytest.mark.parametrize("slug", presets())
def test_page_of_every_preset_shows_what_is_sent(manager, slug):
    page = manager.get(f"{ADD}presets/{slug}/")
    assert page.status_code == 200
    assert "Made with sample data." in page.content.decode()


def test_answers_make_a_draft(cast, manager):
    made = manager.post(MAILCHIMP, ANSWERS)
    connection = Connection.objects.for_account(cast.account).get()
    assert made["Location"].endswith(f"/connections/{connection.id}/")
    assert (connection.name, connection.status) == ("Newsletter", "draft")
    config = connection.head_version.document
    url = config.environments[Environment.PRODUCTION].url
    assert url.startswith("https://us21.api.mailchimp.com/3.0/lists/{{ variables.list_id }}/")
    assert config.variables == {"list_id": "f00"}
    assert config.response_samples
    secrets = secret_values(version=connection.head_version, environment=Environment.PRODUCTION)
    assert secrets == {"api_key": "a key that nobody sees"}
    assert "mailchimp.com" in connection.documentation[0]["url"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Give the connection a name."),
        ("inputs.list_id", " ", "Fill in: Audience ID."),
        ("inputs.data_centre", "us6.evil.example/#", "becomes part of the address"),
        ("inputs.api_key", "", "Fill in: API key."),
    ],
)
def test_answer_that_cannot_be_taken_is_told_beside_its_field(
    cast, manager, field, value, sentence
):
    page = manager.post(MAILCHIMP, ANSWERS | {field: value})
    assert page.status_code == 422
    text = page.content.decode()
    assert sentence in text
    assert f'href="#id_{field.replace(".", "-")}"' in text
    assert "a key that nobody sees" not in text
    assert not Connection.objects.for_account(cast.account).exists()


def test_who_may_only_read_may_not_add(cast):
    assert client_of(cast.viewer).get(MAILCHIMP).status_code == 403
    assert client_of(cast.outsider).get(MAILCHIMP).status_code == 404


def test_preset_that_does_not_exist_is_not_found(manager):
    assert manager.get(f"{ADD}presets/nothing/").status_code == 404


def test_rest_lists_and_shows_presets(cast, client):
    token = cast.authorization()
    listed = client.get("/api/v1/presets", **token).json()
    assert [one["slug"] for one in listed["results"]] == list(presets())
    shown = client.get("/api/v1/presets/marketo", **token).json()
    places = {one["name"]: one["pointers"] for one in shown["inputs"]}
    assert places == {
        "munchkin": ["/config/environments/production/url", "/config/authorization/token_url"],
        "client_id": ["/secret_values/client_id"],
        "client_secret": ["/secret_values/client_secret"],
    }
    assert client.get("/api/v1/presets/nothing", **token).status_code == 404
    assert client.get("/api/v1/presets").status_code == 401


@pytest.mark.parametrize("slug", presets())
def test_configuration_of_every_preset_is_taken_by_rest(cast, client, slug):
    token = cast.authorization()
    preset = client.get(f"/api/v1/presets/{slug}", **token).json()
    body = {"name": preset["name"], "config": preset["config"]}
    made = client.post(
        "/api/v1/accounts/acme/connections", body, content_type="application/json", **token
    )
    assert made.status_code == 201, made.content
    assert made.json()["config"] == preset["config"]
