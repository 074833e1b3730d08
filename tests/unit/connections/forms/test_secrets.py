"""Secrets in the form: typed, named, kept, and never put on the page."""

from django.http import QueryDict

from connections.exchange.config import Environment
from connections.forms import EditorForm, bind
from tests.unit.connections.forms.examples import FULL, editor, posted_from


def test_secret_of_a_token_request_is_named_typed_and_never_put_on_the_page():
    oauth = {
        "type": "oauth2_client_credentials",
        "token_url": "https://api.example.com/token",
        "client_id": "us",
        "client_secret": "",
        "parameters": [{"name": "password", "value": "x"}],
        "headers": [{"name": "X-Key", "value": "x"}],
    }
    posted = posted_from(bind(editor(FULL | {"authorization": oauth}), {}))
    for row in ("parameters", "headers"):
        posted[f"authorization.{row}.0.secret"] = "on"
        posted[f"authorization.{row}.0.value"] = "s3cret"
    form = EditorForm.posted(posted)

    typed = [(one.name, one.value) for one in form.typed_secrets()]
    assert typed == [("token_header_x_key", "s3cret"), ("token_password", "s3cret")]
    authorization = form.config_document()["authorization"]
    assert authorization["parameters"] == [{"name": "password", "value": {"secret": typed[1][0]}}]
    assert authorization["headers"] == [{"name": "X-Key", "value": {"secret": typed[0][0]}}]
    assert form.field_at("/secret_values/token_password") == "authorization.parameters.0.value"
    assert "s3cret" not in str(bind(form, {}))


def test_secret_typed_is_named_and_never_put_on_the_page():
    posted = posted_from(bind(editor(FULL | {"authorization": {"type": "none"}}), {}))
    posted["authorization.type"] = "bearer"
    posted["authorization.token.value"] = "s3cret"
    posted["authorization.token.testing"] = "t3st"
    posted["headers.1.value"] = "h3ader"
    posted["headers.0.secret"] = "on"
    form = EditorForm.posted(posted)

    assert [(typed.name, typed.value, typed.environment) for typed in form.typed_secrets()] == [
        ("token", "s3cret", None),
        ("token", "t3st", Environment.TESTING),
        ("header_x_source", "{{ source }}", None),
        ("second_key", "h3ader", None),
    ]
    assert form.config_document()["authorization"] == {
        "type": "bearer",
        "token": {"secret": "token"},
    }
    page = str(bind(form, {}))
    assert not any(value in page for value in ("s3cret", "t3st", "h3ader"))
    assert not any(value in repr(form.typed_secrets()) for value in ("s3cret", "t3st", "h3ader"))


def test_secret_that_must_be_set_is_named_before_it_is_typed():
    posted = QueryDict("authorization.type=bearer")

    assert EditorForm.posted(posted).config_document()["authorization"] == {
        "type": "bearer",
        "token": {"secret": "token"},
    }


def test_template_in_place_of_a_secret_gives_way_to_what_is_typed():
    form = editor(FULL | {"authorization": {"type": "bearer", "token": "{{ secrets.a }}"}})
    posted = posted_from(bind(form, {}))
    posted["authorization.token.value"] = "new"

    assert EditorForm.posted(posted).config_document()["authorization"]["token"] == {
        "secret": "token"
    }


def test_secret_that_the_configuration_named_keeps_its_name():
    posted = posted_from(bind(editor(FULL), {}))
    posted["authorization.value.value"] = "new"

    assert [typed.name for typed in EditorForm.posted(posted).typed_secrets()] == ["crm_key"]


def test_two_secret_headers_of_one_name_get_two_secrets():
    posted = QueryDict(
        "headers.0.name=X-Key&headers.0.secret=on&headers.1.name=x-key&headers.1.secret=on"
    )

    assert [row.reference for row in EditorForm.posted(posted).headers] == [
        "header_x_key",
        "header_x_key_2",
    ]
