"""Whatever is pasted becomes a draft that can be saved, or a sentence; nothing hangs.

`HYPOTHESIS_EXAMPLES=10000` makes the nightly run of what is 200 examples here.
"""

import json
import os
import time

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connections.drafting.curl import read_curl
from connections.drafting.draft import draft_connection
from connections.drafting.openapi import draft_operation, read_openapi
from connections.drafting.pasted import NotUnderstood, PastedRequest
from connections.drafting.raw_http import looks_like_raw_http, read_raw_http
from connections.drafting.samples import draft_rules
from connections.exchange.config import Environment, Outcome, ResponseSample
from connections.exchange.problems import RenderError
from connections.exchange.rendering import check_config, compile_config, render
from connections.exchange.responses import check_rules
from connections.exchange.rule_lint import lint_rules, lint_samples, received_sample
from tests.unit.connections.exchange.examples import make_context

LONGEST_SECONDS = 5.0
fuzz = settings(
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "200")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

WORDS = st.sampled_from(
    ["curl", "-X", "POST", "-H", "-d", "--data-urlencode", "--json", "-F", "-u", "-G", "-b", "--url",
     "https://api.example.com/leads", "https://u:p@api.example.com:8443/{id}?key=1&a={{b}}#c",
     "http://[::1]/x", "Authorization: Basic cm9rdDpwYTU1", "Authorization: Bearer $TOKEN",
     "X-Api-Key: {{k}}", "Content-Type: application/json", "Content-Type: text/xml",
     "'{\"email\": \"ada@example.com\", \"age\": 36}'", "'<a b=\"1\"><email>a@b.co</email></a>'",
     "email=a%40b.co&password=x", "name=Ada Lovelace", "@file", "$'\\x41\\u00e9'", "{{", "{%", "{#",
     "\\\n", "|", "'", '"', "%", "&", ";", '^"', "`", "<token>", "\x00", "\ud800", "é", "\t"]
)  # fmt: skip
TEXTS = st.text(max_size=40)
LINES = st.lists(WORDS | TEXTS, max_size=14).map(" ".join).map("curl https://a.example ".__add__)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
    | st.sampled_from(["ada@example.com", "{{ x }}", "+15555550123", "YOUR_KEY", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        TEXTS | st.sampled_from(["email", "name", "value", "api_key", "key", "phone", "dob", "zip"]),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip
KINDS = ["application/json", "application/x-www-form-urlencoded", "text/xml", "text/plain", "", "x"]


def in_time(work, *arguments):
    """Run it; what it refuses is a sentence. Return the result, or None."""
    started = time.perf_counter()
    try:
        return work(*arguments)
    except NotUnderstood:
        return None
    finally:
        assert time.perf_counter() - started < LONGEST_SECONDS


def assert_good(draft):
    """It can be saved, and what it sends can be built or is refused as a referral's would be."""
    assert check_config(draft.config) == []
    templates = " ".join(guess.template for guess in draft.guesses)
    assert not any(len(value) > 20 and value in templates for value in draft.secret_values.values())
    try:
        render(
            compile_config(draft.config),
            environment=Environment.PRODUCTION,
            context=make_context({"email": "grace@example.com"}),
            secrets=draft.secret_values,
        )
    except RenderError:
        return


@given(text=TEXTS | LINES)
@example("curl https://a.example -d '" + "{" * 5_000)
@example("curl https://a.example/" + "a" * 20_000 + "@")
@example("curl https://a.example --json '" + "<!--" * 20_000 + "'")
@example("curl https://a.example -H 'Content-Type: text/xml' -d '<" + ' a="b"' * 15_000 + "'")
@example("curl https://a.example -d '" + "a@" * 40_000 + "'")
@example("curl https://a.example -H 'X-Token: " + "A" * 50_000 + "!'")
@fuzz
def test_any_curl_line_becomes_a_draft_or_a_sentence(text):
    request = in_time(read_curl, text)
    draft = request and in_time(draft_connection, request)
    if draft:
        assert_good(draft)


@given(
    method=st.sampled_from(["GET", "post", "PUT", "HEAD", ""]),
    target=TEXTS | st.sampled_from(["/x?api_key=1", "https://a.example/{email}", "*"]),
    headers=st.lists(
        st.tuples(TEXTS | st.sampled_from(["Host", "Authorization"]), TEXTS), max_size=4
    ),
    body=TEXTS | JSON.map(json.dumps),
)
@fuzz
def test_any_raw_request_becomes_a_draft_or_a_sentence(method, target, headers, body):
    lines = [f"{name}: {value}" for name, value in [("Host", "a.example"), *headers]]
    text = "\n".join([f"{method} {target} HTTP/1.1", *lines, "", body])
    in_time(looks_like_raw_http, text)
    request = in_time(read_raw_http, text)
    draft = request and in_time(draft_connection, request)
    if draft:
        assert_good(draft)


@given(document=JSON, kind=st.sampled_from(KINDS))
@fuzz
def test_any_json_body_becomes_a_draft_or_a_sentence(document, kind):
    headers = (("Content-Type", kind),)
    request = PastedRequest("POST", "https://a.example", headers, json.dumps(document))
    draft = in_time(draft_connection, request)
    if draft:
        assert_good(draft)


SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(
                ["string", "integer", "object", "array", ["string", "null"], 7]
            ),
            "example": JSON,
            "enum": st.lists(JSON, max_size=2) | st.just("x"),
            "$ref": st.sampled_from(
                ["#/components/schemas/A", "#/components", "#/a/b", "x.yaml", 1]
            ),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from(["email", "list_id", "{{"]), inner)
            | st.just([]),
            "required": st.just(["email", "list_id", 3]),
            "items": inner,
            "allOf": st.lists(inner, max_size=2),
            "oneOf": st.lists(inner, max_size=2),
        },
    ),
    max_leaves=8,
)
OPERATIONS = st.fixed_dictionaries(
    {},
    optional={
        "operationId": TEXTS | st.just(5),
        "parameters": st.lists(
            st.fixed_dictionaries(
                {"in": st.sampled_from(["path", "query", "header", "cookie"])},
                optional={
                    "name": TEXTS | st.just("id"),
                    "required": st.booleans(),
                    "schema": SCHEMAS,
                    "example": JSON,
                },
            )
            | JSON,
            max_size=3,
        ),
        "requestBody": st.fixed_dictionaries(
            {
                "content": st.dictionaries(
                    st.sampled_from(KINDS),
                    st.fixed_dictionaries(
                        {}, optional={"schema": SCHEMAS, "example": JSON, "examples": JSON}
                    ),
                    max_size=2,
                )
            }
        )
        | JSON,
        "responses": st.dictionaries(
            st.sampled_from(["200", 201, "409", "4XX", "default", "999", "x"]),
            st.fixed_dictionaries({"description": TEXTS | st.just("duplicate")}) | JSON,
            max_size=4,
        ),
        "security": st.lists(
            st.dictionaries(st.sampled_from(["a", "b"]), JSON, max_size=2), max_size=2
        )
        | JSON,
        "servers": JSON,
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "openapi": st.just("3.1.0"),
        "servers": st.lists(
            st.fixed_dictionaries(
                {"url": st.sampled_from(["https://a.example/v1", "https://{h}.a.example", "/x", 3])},
                optional={"variables": st.just({"h": {"default": "eu"}}) | JSON},
            ),
            max_size=2,
        ),
        "paths": st.dictionaries(
            st.sampled_from(["/leads", "/leads/{id}", "x", "/{{"]) | TEXTS,
            st.dictionaries(st.sampled_from(["post", "get", "put", "$ref"]), OPERATIONS | JSON),
            max_size=2,
        )
        | JSON,
        "components": st.fixed_dictionaries(
            {
                "schemas": st.fixed_dictionaries({"A": SCHEMAS}),
                "securitySchemes": st.dictionaries(
                    st.sampled_from(["a", "b"]),
                    st.fixed_dictionaries(
                        {"type": st.sampled_from(["http", "apiKey", "oauth2", "mutualTLS"])},
                        optional={
                            "in": st.sampled_from(["header", "query", "cookie"]),
                            "name": TEXTS,
                            "scheme": st.sampled_from(["basic", "bearer"]),
                            "description": TEXTS,
                            "flows": JSON,
                        },
                    )
                    | JSON,
                ),
            }
        ),
    }
)  # fmt: skip


@given(document=DOCUMENTS, as_yaml=st.booleans())
@fuzz
def test_any_openapi_document_becomes_drafts_or_sentences(document, as_yaml):
    text = yaml.safe_dump(document) if as_yaml else json.dumps(document)
    read = in_time(read_openapi, text)
    for operation in read.operations() if read else ():
        draft = in_time(draft_operation, read, operation)
        if draft:
            assert_good(draft)


@given(text=st.text(alphabet="openapi: 3.0&*a[]{}<>-\n\"'|!?,#%@`", max_size=80) | TEXTS)
@fuzz
def test_any_text_is_an_openapi_document_or_a_sentence(text):
    in_time(read_openapi, text)
    in_time(read_openapi, f"openapi: 3.0.0\n{text}")


SAMPLES = st.lists(
    st.builds(
        ResponseSample,
        name=st.just("x"),
        status=st.sampled_from([200, 201, 400, 409, 500]),
        body=st.sampled_from(
            ["", "ok", "Duplicate", '{"id": 1}', '{"error": "x"}', "<r><s>1</s></r>", "1", "[]"]
        )
        | JSON.map(json.dumps)
        | TEXTS.filter(lambda text: "\ud800" not in text),
        headers=st.just({}),
        expected_outcome=st.sampled_from(Outcome),
    ),
    max_size=8,
).map(
    lambda samples: [
        sample.model_copy(update={"name": f"sample {at}"}) for at, sample in enumerate(samples)
    ]
)  # fmt: skip


@given(samples=SAMPLES)
@fuzz
def test_rules_from_samples_read_every_sample_as_it_was_said_or_say_which_not(samples):
    made = in_time(draft_rules, samples)
    assert check_rules(made.rules) == []
    if not made.problems:
        assert lint_samples(made.rules, samples) == []
    lint_rules(made.rules, seen=[received_sample(sample) for sample in samples])
