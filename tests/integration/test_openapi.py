"""The description of the API says what the API does."""

import json
import re

import pytest
from django.urls import URLPattern, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from delivery.intake import Acceptance
from delivery.retention import KEY_DAYS

PREFIX = "api/v1/"
UNDESCRIBED = {"document", "docs", "nowhere"}


@pytest.fixture(scope="module")
def document():
    return json.loads(json.dumps(SchemaGenerator().get_schema(public=True), default=str))


def routes():
    """Yield every (path, methods) below /api/v1/ that the URL map knows."""

    def walk(patterns, prefix):
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                if path.startswith(PREFIX) and pattern.name not in UNDESCRIBED:
                    yield (
                        "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", path),
                        {*pattern.callback.actions} - {"head"},
                    )
            else:
                yield from walk(pattern.url_patterns, path)

    return list(walk(get_resolver().url_patterns, ""))


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_document_describes_every_route_and_no_other(document):
    described = {(path, method) for path, method, _ in operations(document)}
    known = {(path, method) for path, methods in routes() for method in methods}
    assert described == known


def test_document_is_made_without_a_warning(document):
    assert not GENERATOR_STATS, "drf-spectacular had to guess"


def test_every_operation_says_what_it_does_and_how_it_fails(document):
    for path, method, operation in operations(document):
        assert operation.get("summary"), (path, method)
        assert "default" in operation["responses"], (path, method)
        assert operation["security"] == [{"token": []}], (path, method)


def test_every_body_has_an_example(document):
    without = [
        (path, method, where)
        for path, method, operation in operations(document)
        for where, body in bodies(operation)
        if not any("example" in content or "examples" in content for content in body)
    ]
    assert without == []


def bodies(operation):
    if "requestBody" in operation:
        yield "request", operation["requestBody"]["content"].values()
    answers = [
        answer["content"].values()
        for status, answer in operation["responses"].items()
        if status != "default" and "content" in answer
    ]
    if answers:
        yield "response", [content for answer in answers for content in answer]


def test_references_of_the_document_lead_somewhere(document):
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        found = document
        for part in reference.split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]


def test_examples_of_referrals_are_of_the_shape_that_is_answered(document):
    schema = document["components"]["schemas"]["ReferralsAccepted"]
    operation = document["paths"]["/api/v1/accounts/{account}/referrals"]["post"]
    examples = operation["responses"]["202"]["content"]["application/json"]["examples"]
    for example in examples.values():
        assert example["value"].keys() == schema["properties"].keys()
    assert document["components"]["schemas"]["Acceptance"]["enum"] == [*Acceptance]


def test_document_and_its_page_need_no_token(client, db):
    served = client.get("/api/v1/openapi.json")
    assert served.status_code == 200
    assert served.json()["openapi"].startswith("3.1")
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    script = client.get("/api/v1/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"/api/v1/openapi.json" in script.content


def test_page_loads_nothing_from_another_host_and_has_nothing_inline(client, db):
    page = client.get("/api/v1/docs").content.decode()
    assert re.findall(r'(?:src|href)="([^"]*)"', page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)


def test_document_teaches_how_to_write_a_configuration(document):
    guide = document["info"]["description"]
    assert "# Writing templates" in guide
    assert "# Reading answers" in guide
    assert "](adr/" not in guide, "a link that leads nowhere from there"


def test_document_says_for_how_long_an_external_id_is_one_referral(document):
    posted = document["paths"]["/api/v1/accounts/{account}/referrals"]["post"]
    key = document["components"]["schemas"]["ReferralInput"]["properties"]["external_id"]
    for told in (posted, key):
        assert f"{KEY_DAYS} days" in told["description"]
