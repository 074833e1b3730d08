"""Every documented platform: the request as documented, and every answer read as it is meant."""

import json
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from lxml import etree

from connections.exchange.config import ConnectionConfig, Environment
from connections.exchange.rendering import (
    check_config,
    compile_config,
    render,
    render_token_request,
)
from connections.exchange.responses import ReceivedResponse, classify, compile_rules
from tests.platforms.documented import answers, requests, written_as_fields
from tests.unit.connections.exchange.examples import make_context

REQUESTS = requests()
ANSWERS = answers()
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NASTY = 'O\'Lovelace & Co "x" <b>\\{{ 7 }}+'
OURS = {"user-agent", "accept-encoding", "idempotency-key"}

pytestmark = pytest.mark.skipif(not REQUESTS, reason="the collection is not beside the checkout")


def named(one):
    return f"{one.platform}-{one.name}"


def prepared(request, *, attributes=None, config=None, access_token=None, **secrets):
    return render(
        compile_config(ConnectionConfig.model_validate(config or request.config)),
        environment=Environment.PRODUCTION,
        context=make_context(attributes or request.attributes, external_id=request.external_id),
        secrets=request.secrets | secrets,
        access_token=access_token,
    )


def meaning(encoding, body):
    if encoding == "json":
        return json.loads(body)
    if encoding == "xml":
        return etree.canonicalize(body)
    if encoding == "form":
        return [
            (name, _json_or_text(value)) for name, value in parse_qsl(body, keep_blank_values=True)
        ]
    return body


def _json_or_text(value):
    """White space in a parameter that is JSON means nothing."""
    return json.loads(value) if value.startswith("{") else value


def wanted_headers(headers):
    return {name.lower(): value for name, value in headers if name.lower() not in OURS}


def is_as_documented(sent, request):
    expected = request.expected
    ours, theirs = urlsplit(sent.url), urlsplit(expected["url"])
    documented = {name.lower(): value for name, value in expected["headers"].items()}
    carried = {name.lower(): value for name, value in sent.headers}
    return (
        (sent.method, ours.scheme, ours.netloc, ours.path)
        == (expected["method"], theirs.scheme, theirs.netloc, theirs.path)
        and parse_qsl(ours.query) == parse_qsl(theirs.query)
        and wanted_headers(carried.items()) == wanted_headers(documented.items())
        and carried["user-agent"] == documented.get("user-agent", carried["user-agent"])
        and meaning(request.encoding, sent.body.decode())
        == meaning(request.encoding, expected.get("body") or "")
    )


def outcome_of(answer):
    rules = ConnectionConfig.model_validate(
        {
            "environments": {"production": {"url": "https://a.example"}},
            "response_rules": answer.rules,
        }
    ).response_rules
    received = ReceivedResponse(answer.status, answer.headers, answer.body)
    verdict = classify(compile_rules(rules), received, now=NOW)
    return verdict.outcome.value, verdict.matched


@pytest.mark.parametrize("request_", REQUESTS, ids=named)
def test_request_is_as_documented(request_):
    assert check_config(ConnectionConfig.model_validate(request_.config)) == []
    sent = prepared(request_)
    assert is_as_documented(sent, request_), (sent, request_.expected)


@pytest.mark.parametrize("request_", [one for one in REQUESTS if written_as_fields(one)], ids=named)
def test_request_written_as_fields_is_the_same(request_):
    config = written_as_fields(request_)
    assert check_config(ConnectionConfig.model_validate(config)) == []
    assert is_as_documented(prepared(request_, config=config), request_)


@pytest.mark.parametrize("request_", REQUESTS, ids=named)
def test_shown_request_holds_no_secret(request_):
    secrets = {name: f"s3cret-of-{name}" for name in request_.secrets}
    shown = repr(prepared(request_, **secrets).shown)
    assert not [secret for secret in secrets.values() if secret in shown]


def texts(value):
    if isinstance(value, dict | list | tuple):
        for child in value.values() if isinstance(value, dict) else value:
            yield from texts(child)
    else:
        yield str(value)


@pytest.mark.parametrize("request_", REQUESTS, ids=named)
def test_awkward_name_arrives_whole(request_):
    sent = prepared(request_, attributes=request_.attributes | {"last_name": NASTY})
    if "last_name" not in json.dumps(request_.config["body"]):
        assert NASTY not in sent.body.decode()
        return
    if request_.encoding == "xml":
        arrived = list(etree.fromstring(sent.body).itertext())
    else:
        arrived = list(texts(meaning(request_.encoding, sent.body.decode())))
    assert any(NASTY in text for text in arrived)


@pytest.mark.parametrize("answer", ANSWERS, ids=named)
def test_answer_is_read_as_listed(answer):
    assert outcome_of(answer) == (answer.outcome, True)


REFRESH = {
    "type": "oauth2_refresh_token",
    "client_id": {"secret": "id"},
    "client_secret": {"secret": "key"},
    "refresh_token": {"secret": "refresh"},
    "credentials_in": "body",
}
CLIENT = {
    "type": "oauth2_client_credentials",
    "client_id": {"secret": "id"},
    "client_secret": {"secret": "key"},
    "credentials_in": "body",
}
FORM = "client_id=i&client_secret=k"
# What the vendors' pages say about getting the token that the collection takes as given.
TOKENS = {
    "marketo": (
        CLIENT
        | {
            "token_url": "https://123-abc-456.mktorest.com/identity/oauth/token",
            "request_format": "query",
        },
        (
            "GET",
            f"https://123-abc-456.mktorest.com/identity/oauth/token?grant_type=client_credentials&{FORM}",
            b"",
        ),
    ),
    "sfmc_rowset": (
        CLIENT
        | {
            "token_url": "https://sub.auth.marketingcloudapis.com/v2/token",
            "request_format": "json",
        },
        (
            "POST",
            "https://sub.auth.marketingcloudapis.com/v2/token",
            b'{"grant_type":"client_credentials","client_id":"i","client_secret":"k"}',
        ),
    ),
    "salesforce_lead": (
        CLIENT | {"token_url": "https://acme.my.salesforce.com/services/oauth2/token"},
        (
            "POST",
            "https://acme.my.salesforce.com/services/oauth2/token",
            f"grant_type=client_credentials&{FORM}".encode(),
        ),
    ),
    "zoho_crm": (
        REFRESH
        | {"token_url": "https://accounts.zoho.com/oauth/v2/token", "prefix": "Zoho-oauthtoken "},
        (
            "POST",
            "https://accounts.zoho.com/oauth/v2/token",
            f"grant_type=refresh_token&refresh_token=r&{FORM}".encode(),
        ),
    ),
    "acoustic_xml": (
        REFRESH | {"token_url": "https://api-campaign-us-1.goacoustic.com/oauth/token"},
        (
            "POST",
            "https://api-campaign-us-1.goacoustic.com/oauth/token",
            f"grant_type=refresh_token&refresh_token=r&{FORM}".encode(),
        ),
    ),
    "constant_contact": (
        REFRESH
        | {
            "token_url": "https://authz.constantcontact.com/oauth2/default/v1/token",
            "credentials_in": "header",
        },
        (
            "POST",
            "https://authz.constantcontact.com/oauth2/default/v1/token",
            b"grant_type=refresh_token&refresh_token=r",
        ),
    ),
}


@pytest.mark.parametrize("request_", [one for one in REQUESTS if one.platform in TOKENS], ids=named)
def test_request_with_a_token_that_is_fetched_is_as_documented(request_):
    authorization, documented = TOKENS[request_.platform]
    config = request_.config | {"authorization": authorization}
    secrets = {"id": "i", "key": "k", "refresh": "r"}
    token = render_token_request(
        compile_config(ConnectionConfig.model_validate(config)),
        environment=Environment.PRODUCTION,
        context=make_context(),
        secrets=secrets,
    )
    assert (token.method, token.url, token.body) == documented
    sent = prepared(request_, config=config, access_token=request_.secrets["token"], **secrets)
    assert is_as_documented(sent, request_)


COLUMNS = ("requests", "answers", "unconfirmed", "wrong")


def line(name, counts):
    return f"{name:24}" + "".join(f"{counts[column]:12}" for column in COLUMNS)


def test_table_of_all_platforms_has_nothing_wrong(capsys):
    rows = defaultdict(Counter)
    for request_ in REQUESTS:
        wrong = not is_as_documented(prepared(request_), request_)
        rows[request_.platform].update(requests=1, wrong=wrong)
    for answer in ANSWERS:
        wrong = outcome_of(answer) != (answer.outcome, True)
        rows[answer.platform].update(answers=1, unconfirmed=not answer.confirmed, wrong=wrong)
    total = sum(rows.values(), Counter())
    head = "platform".ljust(24) + "".join(f"{column:>12}" for column in COLUMNS)
    lines = [head, *(line(*row) for row in rows.items()), line(f"{len(rows)} platforms", total)]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert total["wrong"] == 0
    assert len(rows) == 31
