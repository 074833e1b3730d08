"""The editor's form: whatever the configuration says survives the way to the page and back."""

from typing import Any, get_args

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.errors import Problem
from connections.documents import dumped
from connections.exchange import config
from connections.exchange.config import ConnectionConfig, Environment
from connections.forms import (
    AddForm,
    EditorForm,
    Field,
    bind,
    problems_by_field,
    request,
    rules,
    with_rows_changed,
)
from connections.forms import settings as settings_section

FULL: dict[str, Any] = {
    "method": "PUT",
    "variables": {"list_id": "a1b2c3"},
    "environments": {
        "production": {"url": "https://api.example.com/v1"},
        "testing": {"url": "https://test.example.com/v1?list={{ variables.list_id }}"},
    },
    "authorization": {
        "type": "api_key",
        "in": "query",
        "name": "key",
        "value": {"secret": "crm_key"},
        "prefix": "K ",
    },
    "headers": [
        {"name": "X-Source", "value": "{{ source }}"},
        {"name": "X-Key", "value": {"secret": "second_key"}},
    ],
    "query": [
        {"name": "source", "value": "referral", "omit_empty": True},
        {"name": "more", "value": "{}", "value_encoding": "json"},
    ],
    "body": {
        "encoding": "form",
        "content_type": "application/x-custom",
        "fields": [
            {"name": "merge.FNAME", "value": "{{ first_name }}", "omit_empty": True},
            {"name": "email", "value": "{{ email }}", "required": True, "empty": "null"},
        ],
    },
    "required_attributes": ["email"],
    "response_rules": [
        {
            "name": "Already there",
            "conditions": [
                {"source": "status", "operator": "in", "value": "400-499, 304"},
                {"source": "json", "path": "$.title", "operator": "in", "value": ["A, b", 'c"d']},
                {"source": "body", "operator": "exists"},
                {
                    "source": "header",
                    "path": "X-A",
                    "operator": "matches",
                    "value": "^a ?",
                    "case_sensitive": True,
                },
            ],
            "outcome": "duplicate",
            "reason": {"source": "json", "path": "$.detail", "pattern": "^[^.]*"},
            "captures": [{"name": "lead_id", "source": "body", "pattern": r" id=(\d+) "}],
        },
        {
            "name": "Busy",
            "conditions": [{"source": "status", "operator": "equals", "value": "429"}],
            "outcome": "retry",
            "reason": "Too busy",
            "retry_after": {"source": "header", "path": "X-Wait", "pattern": "reset=([0-9]+)"},
            "renew_token": True,
        },
    ],
    "delivery": {
        "timeout_seconds": 2.5,
        "concurrency": 3,
        "rate_per_second": 0.5,
        "retry_for_hours": 1,
        "retry_on_timeout": False,
    },
    "test_environment": "testing",
    "test_cases": [
        {
            "name": "New lead",
            "attributes": {
                "email": "a=b@example.com",
                "age": 25,
                "birth_date": "1991-11-27",
                "bid_price": 2.5,
                "mobile_number": "0770",
                "ad_text": ' two\nlines "quoted" ',
            },
            "expected_outcome": "duplicate",
        }
    ],
}


def editor(config: dict[str, Any] | ConnectionConfig, **changes: Any) -> EditorForm:
    parts: dict[str, Any] = {
        "name": "Acme CRM",
        "revision": 7,
        "config": ConnectionConfig.model_validate(config),
        "contacts": [{"name": "John", "role": "Support", "email": "john@example.com", "phone": ""}],
        "documentation": [{"title": "Docs", "url": "https://docs.example.com"}],
    }
    return EditorForm.of(**(parts | changes))


def posted_from(page: Any) -> QueryDict:
    """What a browser sends of a page in which nobody changed anything."""
    data = QueryDict(mutable=True)
    _fill(data, page)
    return data


def _fill(data: QueryDict, part: Any) -> None:
    if isinstance(part, dict):
        for name, inner in part.items():
            if not name.startswith("blank_"):
                _fill(data, inner)
    elif isinstance(part, list):
        for inner in part:
            _fill(data, inner)
    elif isinstance(part, Field):
        if isinstance(part.value, tuple):
            data.setlist(part.name, list(part.value))
        elif part.value is True:
            data[part.name] = "on"
        elif part.value is not False:
            data[part.name] = part.value.replace("\n", "\r\n")


def round_trip(form: EditorForm) -> EditorForm:
    return EditorForm.posted(posted_from(bind(form, {}))).tidy()


def saved(form: EditorForm) -> ConnectionConfig:
    return ConnectionConfig.model_validate(form.config_document())


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


def test_blank_rows_stand_ready_to_be_copied():
    page = bind(editor(FULL), {})

    assert page["blank_query"]["name"] == Field("query.__query__.name", "")
    condition = page["response_rules"][1]["blank_conditions"]
    assert condition["path"].id == "id_response_rules-1-conditions-__conditions__-path"


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
