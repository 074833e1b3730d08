"""Secrets that only templates name, in the editor: a field for each, and words for what lacks."""

import pytest

from connections.exchange.config import Environment
from connections.models import Connection, Secret
from connections.selectors import secret_values
from tests.integration.test_pages_connections import LIST, edit, form_on, page_of

pytestmark = pytest.mark.django_db

BODY = '{"key": "{{ secrets.api_key }}", "email": "{{ email }}"}'
FIELD = 'name="secrets.api_key.value"'


@pytest.fixture
def connection(cast, manager):
    url = "https://api.acme-leads.com/v1/leads"
    manager.post(f"{LIST}add/api/", {"name": "Acme CRM", "method": "POST", "url": url})
    return Connection.objects.for_account(cast.account).get()


def typed(value, *, name="api_key", environment="value"):
    """What the fields post that a page has, or got from the preview, for this secret."""
    return {f"secrets__{name}__reference": name, f"secrets__{name}__{environment}": value}


def preview(client, connection, **changes):
    form = form_on(client.get(page_of(connection))).dict()
    form |= {name.replace("__", "."): value for name, value in changes.items()}
    return client.post(f"{page_of(connection)}preview/", form).content.decode()


def values(connection, environment=Environment.PRODUCTION):
    connection.refresh_from_db()
    return secret_values(version=connection.head_version, environment=environment)


def test_secret_of_a_body_has_a_field_that_says_where_it_is_used(manager, connection):
    edit(
        manager,
        connection,
        body__template=BODY,
        environments__production__url="https://api.acme-leads.com/{{ secrets.api_key }}",
    )
    page = manager.get(page_of(connection)).content.decode()

    assert page.count(FIELD) == 1
    assert "Used in: URL, Body" in page
    assert "The secret “api_key” (URL, Body) has no value for production" in page


def test_saving_without_the_value_warns_and_with_it_does_not(manager, connection):
    edit(manager, connection, body__template=BODY)
    warned = manager.get(page_of(connection)).content.decode()
    edit(manager, connection, secrets__api_key__value="correct horse battery")
    page = manager.get(page_of(connection)).content.decode()

    assert (
        "Saved as version 2. The secret “api_key” (Body) has no value for production:"
        " set it under Authorization." in warned
    )
    assert values(connection) == {"api_key": "correct horse battery"}
    assert "has no value" not in page
    assert "•••• tery" in page
    assert "correct horse" not in page


def test_value_is_taken_together_with_the_template_that_first_names_it(manager, connection):
    edit(manager, connection, body__template=BODY, **typed("correct horse"))

    assert values(connection) == {"api_key": "correct horse"}


def test_value_may_differ_in_an_environment_and_what_lacks_is_told(manager, connection):
    testing = "https://test.acme-leads.com/v1"
    changes = {"environments__testing__url": testing, "body__template": BODY}
    edit(manager, connection, **changes, **typed("for testing", environment="testing"))
    page = manager.get(page_of(connection)).content.decode()

    assert values(connection, Environment.TESTING) == {"api_key": "for testing"}
    assert "(Body) has no value for production: set it" in page
    assert "Production: not set yet" in page


def test_value_of_a_name_that_no_template_has_any_more_is_not_kept(cast, manager, connection):
    edit(
        manager,
        connection,
        body__template=BODY.replace("api_key", "crm_key"),
        **typed("correct horse"),
    )

    assert not Secret.objects.for_account(cast.account).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"authorization__type": "bearer", "authorization__token__value": "one"},
        {"headers__0__name": "X-A", "headers__0__secret": "on", "headers__0__value": "one"},
    ],
)
def test_secret_with_a_field_already_gets_no_second_one(manager, connection, changes):
    name = "token" if "authorization__type" in changes else "header_x_a"
    edit(manager, connection, body__template=BODY.replace("api_key", name), **changes)
    page = manager.get(page_of(connection)).content.decode()

    assert "Saved as version 2." in page
    assert f'name="secrets.{name}.value"' not in page


def test_secret_in_the_template_of_a_token_has_a_field_of_its_own(manager, connection):
    edit(
        manager,
        connection,
        authorization__type="bearer",
        authorization__token__text="v1-{{ secrets.token }}",
    )
    edit(manager, connection, secrets__token__value="correct horse")
    connection.refresh_from_db()

    assert connection.head_version.document.authorization.token == "v1-{{ secrets.token }}"
    assert values(connection) == {"token": "correct horse"}
    assert "Used in: Authorization" in manager.get(page_of(connection)).content.decode()


def test_preview_brings_the_field_of_a_name_just_typed_once(manager, connection):
    first = preview(manager, connection, body__template=BODY)
    again = preview(manager, connection, body__template=BODY, secrets__api_key__reference="api_key")

    assert FIELD in first
    assert "beforeend:#named-secrets" in first
    assert FIELD not in again


def test_preview_takes_an_empty_field_away_and_leaves_what_was_typed(manager, connection):
    gone = preview(manager, connection, secrets__api_k__reference="api_k")
    kept = preview(manager, connection, **typed("correct horse", name="api_k"))

    assert '<div id="secret-api_k" hx-swap-oob="delete">' in gone
    assert "secret-api_k" not in kept


def test_preview_says_what_lacks_until_it_is_typed(manager, connection):
    lacking = preview(manager, connection, body__template=BODY)
    ready = preview(manager, connection, body__template=BODY, **typed("correct horse"))

    assert 'href="#id_secrets-api_key-value"' in lacking
    assert "has no value" not in ready
    assert "correct horse" not in ready


def test_refused_value_is_told_at_its_field(manager, connection):
    refused = edit(manager, connection, body__template=BODY, **typed("x" * 8_193))
    page = refused.content.decode()

    assert refused.status_code == 422
    assert 'href="#id_secrets-api_key-value"' in page
    assert 'id="id_secrets-api_key-value_error"' in page
