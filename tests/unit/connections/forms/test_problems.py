"""Where a problem of the configuration stands on the page."""

import pytest

from accounts.errors import Problem
from connections.forms import AddForm, Field, bind, problems_by_field
from tests.unit.connections.forms.examples import FULL, editor


def test_problem_of_where_the_token_goes_is_told_at_its_field():
    oauth = {
        "type": "oauth2_client_credentials",
        "token_url": "https://api.example.com/token",
        "client_id": "us",
        "client_secret": "",
    }
    form = editor(FULL | {"authorization": oauth})

    assert form.field_at("/config/authorization/name") == "authorization.sent_name"
    assert form.field_at("/config/authorization/in") == "authorization.sent_as"
    assert editor(FULL).field_at("/config/authorization/name") == "authorization.name"


@pytest.mark.parametrize(
    ("pointer", "field"),
    [
        ("/name", "name"),
        ("/config/body/template", "body.template"),
        ("/config/body/fields/1/value", "body.fields.1.value"),
        ("/config/environments", "environments.production.url"),
        ("/config/environments/testing/url", "environments.testing.url"),
        ("/config/environments/testing", "environments.testing.url"),
        ("/config/authorization/in", "authorization.location"),
        ("/config/authorization/value", "authorization.value.value"),
        ("/config/headers/1/value/secret", "headers.1.value"),
        ("/config/variables/list_id", "variables.0.name"),
        ("/config/response_rules/0/conditions/2/path", "response_rules.0.conditions.2.path"),
        ("/config/response_rules/1/reason", "response_rules.1.reason.text"),
        ("/config/test_cases/0/attributes/frist_name", "test_cases.0.attributes"),
        ("/config/required_attributes/0", "required_attributes"),
        ("/config/delivery/concurrency", "delivery.concurrency"),
        ("/secret_values/crm_key", "authorization.value.value"),
        ("/secret_values/second_key", "headers.1.value"),
        ("/contacts/0/email", "contacts.0.email"),
        ("/config/response_rules/9/name", "response_rules.0.name"),
        ("/config", ""),
        ("", ""),
    ],
)
def test_problem_stands_beside_its_field(pointer, field):
    problems = problems_by_field(editor(FULL), [Problem(pointer, "code", "mend it")])

    assert problems == {field: ["Mend it."]}


def test_bound_field_carries_its_problems():
    page = bind(editor(FULL), {"headers.1.name": ["A.", "B."]})

    assert page["headers"][1]["name"] == Field("headers.1.name", "X-Key", ["A.", "B."])
    assert page["headers"][1]["at"] == "headers.1"


@pytest.mark.parametrize(
    ("pointer", "field"),
    [
        ("/name", "name"),
        ("/config/environments/production/url", "url"),
        ("/config/environments", "url"),
        ("/config/method", "method"),
        ("/config", ""),
    ],
)
def test_add_form_problem_stands_beside_its_field(pointer, field):
    assert problems_by_field(AddForm(), [Problem(pointer, "code", "mend it")]) == {
        field: ["Mend it."]
    }
