"""Documented requests of 31 CRMs as cURL lines and raw HTTP; from the collection, when present."""

import json
import shlex
from urllib.parse import parse_qsl, urlsplit

import pytest
from lxml import etree

from connections.drafting.curl import read_curl
from connections.drafting.draft import draft_connection
from connections.drafting.raw_http import read_raw_http
from connections.exchange.config import ConnectionConfig, Environment
from connections.exchange.rendering import check_config, compile_config, referenced_secrets, render
from tests.platforms.documented import requests
from tests.unit.connections.drafting.vendor_pages import LINES
from tests.unit.connections.exchange.examples import make_context

# Its example gives a moment that is not the one of its sample lead.
UNLIKE_ITS_LEAD = ("customerio_track", "identify")
REQUESTS = [one for one in requests() if (one.platform, one.name) != UNLIKE_ITS_LEAD]
EACH = pytest.mark.parametrize(
    "documented", [pytest.param(one, id=f"{one.platform}-{one.name}") for one in REQUESTS]
)

pytestmark = pytest.mark.skipif(not REQUESTS, reason="the collection is not beside the checkout")


def as_curl(documented):
    parts = ["curl", "-X", documented["method"], shlex.quote(documented["url"])]
    for name, value in documented["headers"].items():
        parts += ["\\\n  -H", shlex.quote(f"{name}: {value}")]
    if documented.get("body"):
        parts += ["\\\n  --data-raw", shlex.quote(documented["body"])]
    return " ".join(parts)


def as_raw_http(documented):
    url = urlsplit(documented["url"])
    target = url.path + (f"?{url.query}" if url.query else "")
    headers = {"Host": url.netloc, **documented["headers"]}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"{documented['method']} {target} HTTP/1.1", *lines])
    return f"{head}\r\n\r\n{documented.get('body') or ''}"


def meaning(encoding, body):
    match encoding:
        case "json":
            return json.loads(body)
        case "xml":
            return etree.canonicalize(body)
        case "form":
            return parse_qsl(body, keep_blank_values=True)
    return body


def assert_comes_out(config, secrets, documented):
    assert check_config(config) == []
    request = render(
        compile_config(config),
        environment=Environment.PRODUCTION,
        context=make_context(documented.attributes, external_id=documented.external_id),
        secrets=secrets,
    )
    expected = documented.expected
    ours, theirs = urlsplit(request.url), urlsplit(expected["url"])
    assert request.method == expected["method"]
    assert (ours.netloc, ours.path) == (theirs.netloc, theirs.path)
    assert sorted(parse_qsl(ours.query)) == sorted(parse_qsl(theirs.query))
    headers = {name.lower(): value for name, value in request.headers}
    for name, value in expected["headers"].items():
        assert headers[name.lower()] == value
    assert meaning(documented.encoding, request.body.decode()) == meaning(
        documented.encoding, expected.get("body") or ""
    )


@EACH
def test_a_vendors_curl_line_becomes_the_documented_request(documented):
    draft = draft_connection(read_curl(as_curl(documented.expected)))
    assert_comes_out(draft.config, draft.secret_values, documented)


@EACH
def test_a_vendors_raw_request_becomes_the_documented_request(documented):
    draft = draft_connection(read_raw_http(as_raw_http(documented.expected)))
    assert_comes_out(draft.config, draft.secret_values, documented)


@EACH
def test_neither_credential_nor_person_stays_in_the_configuration(documented):
    draft = draft_connection(read_curl(as_curl(documented.expected)))
    document = draft.config.model_dump_json()
    told = [*documented.secrets.values(), documented.attributes["email"], "Lovelace", "+1555555"]
    assert [text for text in told if len(text) > 3 and text in document] == []


def filled_in(draft, page, documented):
    """Return the draft's configuration as an account manager completes it."""
    document = draft.config.model_dump(mode="json", by_alias=True)
    assert set(document["variables"]) == set(page.variables)
    document["variables"] = page.variables
    endpoint = document["environments"]["production"]
    host = urlsplit(endpoint["url"]).netloc
    if host.startswith("your-"):
        theirs = urlsplit(documented.expected["url"]).netloc
        endpoint["url"] = endpoint["url"].replace(host, theirs, 1)
    return ConnectionConfig.model_validate(document)


@pytest.mark.parametrize("page", [pytest.param(one, id=one.platform) for one in LINES])
def test_a_line_as_a_page_writes_it_becomes_the_documented_request(page):
    [documented] = [
        one for one in REQUESTS if (one.platform, one.name) == (page.platform, page.request)
    ]
    draft = draft_connection(read_curl(page.line))
    config = filled_in(draft, page, documented)
    assert draft.secret_values == {}
    [credential] = documented.secrets.values()
    assert_comes_out(config, dict.fromkeys(referenced_secrets(config), credential), documented)
