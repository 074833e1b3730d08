"""A whole configuration in the editor's form, and the way of a form to the page and back."""

from typing import Any

from django.http import QueryDict

from connections.exchange.config import ConnectionConfig
from connections.forms import EditorForm, Field, bind

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
