"""The editor's form: whatever the configuration says survives the way to the page and back."""

from typing import get_args

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from connections.documents import dumped
from connections.exchange import config
from connections.exchange.config import ConnectionConfig
from connections.forms import EditorForm, Field, bind, request, rules, with_rows_changed
from connections.forms import settings as settings_section
from tests.unit.connections.forms.examples import FULL, editor, posted_from, round_trip, saved


@pytest.mark.parametrize(
    "authorization",
    [
        {"type": "none"},
        {"type": "basic", "username": "rokt", "password": {"secret": "pw"}},
        {"type": "basic", "username": "{{ secrets.key }}", "password": ""},
        {"type": "bearer", "token": {"secret": "token"}},
        {"type": "bearer", "token": "{{ secrets.a }}-{{ secrets.b }}"},
        FULL["authorization"],
        {
            "type": "oauth2_client_credentials",
            "token_url": "https://api.example.com/token",
            "token_urls": {"testing": "https://test.example.com/token"},
            "client_id": "us",
            "client_secret": {"secret": "client_secret"},
            "scope": "a b",
            "audience": "https://x",
            "credentials_in": "body",
        },
        {
            "type": "oauth2_refresh_token",
            "token_url": "https://api.example.com/token",
            "client_id": "us",
            "client_secret": {"secret": "client_secret"},
            "refresh_token": {"secret": "refresh_token"},
            "scope": "a b",
            "request_format": "json",
            "parameters": [
                {"name": "grant_type", "value": ""},
                {"name": "password", "value": {"secret": "token_password"}},
            ],
            "headers": [{"name": "X-Key", "value": {"secret": "other"}}],
            "token_path": "$.token",
            "lifetime_path": "$.ttl",
            "in": "query",
            "name": "session",
            "prefix": "",
        },
        {"type": "hmac_signature", "key": {"secret": "signing_key"}},
    ],
)
def test_editor_unchanged_saves_the_same_configuration(authorization):
    config = ConnectionConfig.model_validate(FULL | {"authorization": authorization})

    assert saved(round_trip(editor(config))) == config


@pytest.mark.parametrize(
    ("document", "form"),
    [
        (config.Header, request.HeaderRow),
        (config.QueryParameter, request.QueryRow),
        (config.Body, request.BodyForm),
        (config.BodyField, request.BodyFieldRow),
        (config.ResponseRule, rules.RuleRow),
        (config.Condition, rules.ConditionRow),
        (config.Capture, rules.CaptureRow),
        (config.TestCase, settings_section.TestCaseRow),
        (config.DeliveryPolicy, settings_section.DeliveryForm),
    ],
)
def test_form_has_each_field_of_its_document(document, form):
    """Whatever a row lacks would be dropped by the next save."""
    lacking = set(document.model_fields) - set(form.__dataclass_fields__)

    # The row says it as one choice.
    assert lacking <= {"omit_empty"}


@pytest.mark.parametrize("document", get_args(get_args(config.Authorization)[0]))
def test_form_has_each_field_of_an_authorization(document):
    kind = get_args(document.model_fields["type"].annotation)[0]
    called = {field.alias or name for name, field in document.model_fields.items()}

    assert set(request.AuthorizationForm(type=kind).document()) == called


def test_what_the_form_does_not_know_stays_as_it_is():
    current = dumped(ConnectionConfig.model_validate(FULL)) | {"later": [1]}
    current["authorization"] |= {"more": "kept"}
    current["delivery"] |= {"timeout_seconds": 5, "more": "kept"}
    document = round_trip(editor(FULL)).document_over(current)

    assert document["later"] == [1]
    assert document["authorization"]["more"] == "kept"
    assert document["delivery"]["more"] == "kept"
    assert document["delivery"]["timeout_seconds"] == "2.5"


def test_authorization_of_another_type_keeps_nothing_of_the_old():
    posted = posted_from(bind(editor(FULL), {}))
    posted["authorization.type"] = "none"
    current = dumped(ConnectionConfig.model_validate(FULL))

    assert EditorForm.posted(posted).document_over(current)["authorization"] == {"type": "none"}


def test_new_token_is_asked_for_only_beside_an_outcome_that_is_sent_again():
    posted = posted_from(bind(editor(FULL), {}))
    rule = EditorForm.posted(posted).config_document()["response_rules"][1]
    posted["response_rules.1.outcome"] = "delivered"
    final = EditorForm.posted(posted).config_document()["response_rules"][1]

    assert (rule["renew_token"], final["renew_token"]) == (True, False)


def test_editor_unchanged_keeps_contacts_and_documentation():
    form = editor(FULL)

    assert round_trip(form).contacts == form.contacts
    assert round_trip(form).documentation == form.documentation


text = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=40)


@settings(max_examples=60, deadline=None)
@given(template=text, values=st.lists(text.map(str.strip).filter(bool), min_size=1), lead=text)
def test_any_text_survives_the_page(template, values, lead):
    config = FULL | {
        "body": {"encoding": "text", "template": template or None},
        "response_rules": [
            {
                "name": "Rule",
                "conditions": [
                    {
                        "source": "json",
                        "path": "$.a",
                        "operator": "in",
                        "value": [v.replace("\n", " ") for v in values],
                    }
                ],
                "outcome": "hold",
            }
        ],
        "test_cases": [{"name": "Lead", "attributes": {"first_name": lead, "age": lead}}],
    }

    assert saved(round_trip(editor(config))) == ConnectionConfig.model_validate(config)


def test_form_body_switched_to_template_sends_only_the_template():
    posted = posted_from(bind(editor(FULL), {}))
    posted["body.mode"] = "template"
    posted["body.template"] = "a={{ email }}"

    assert EditorForm.posted(posted).config_document()["body"] == {
        "encoding": "form",
        "content_type": "application/x-custom",
        "template": "a={{ email }}",
    }


def test_rows_come_in_the_order_of_the_page_whatever_their_numbers():
    posted = QueryDict("query.1007.name=first&query.2.name=second&query.1007.value=1")

    assert [row.name for row in EditorForm.posted(posted).query] == ["first", "second"]


def test_rows_left_empty_are_not_saved():
    form = with_rows_changed(editor(FULL), "add", "headers")
    form = with_rows_changed(form, "add", "response_rules.0.conditions")

    assert len(form.headers) == 3
    assert len(form.response_rules[0].conditions) == 5
    assert form.tidy() == editor(FULL)


@pytest.mark.parametrize(
    ("action", "path", "names"),
    [
        ("down", "response_rules.0", ["Busy", "Already there"]),
        ("up", "response_rules.1", ["Busy", "Already there"]),
        ("up", "response_rules.0", ["Already there", "Busy"]),
        ("down", "response_rules.1", ["Already there", "Busy"]),
        ("remove", "response_rules.0", ["Busy"]),
        ("remove", "response_rules.7", ["Already there", "Busy"]),
        ("remove", "response_rules", ["Already there", "Busy"]),
        ("remove", "no.such.0", ["Already there", "Busy"]),
        ("add", "method", ["Already there", "Busy"]),
        ("dance", "response_rules.0", ["Already there", "Busy"]),
    ],
)
def test_rule_moves_or_goes(action, path, names):
    form = with_rows_changed(editor(FULL), action, path)

    assert [rule.name for rule in form.response_rules] == names


def test_condition_goes_from_inside_its_rule():
    form = with_rows_changed(editor(FULL), "remove", "response_rules.0.conditions.1")

    assert [row.source for row in form.response_rules[0].conditions] == ["status", "body", "header"]


def test_blank_rows_stand_ready_to_be_copied():
    page = bind(editor(FULL), {})

    assert page["blank_query"]["name"] == Field("query.__query__.name", "")
    condition = page["response_rules"][1]["blank_conditions"]
    assert condition["path"].id == "id_response_rules-1-conditions-__conditions__-path"
