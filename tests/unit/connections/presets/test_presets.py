"""Every preset: its document, its request with an awkward referral, and its documented answers.

Where a vendor's OpenAPI document lies beside the checkout the request is held to it. Those
documents let pass what is asserted here besides: authorization, version headers and the email.
"""

import base64
import json
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from lxml import etree
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.validation.request.exceptions import InvalidRequestBody
from werkzeug.datastructures import Headers, ImmutableMultiDict

from connections.exchange.config import Environment
from connections.exchange.rendering import (
    check_config,
    compile_config,
    referenced_secrets,
    render,
    render_token_request,
)
from connections.exchange.responses import ReceivedResponse, classify, compile_rules
from connections.exchange.rule_lint import lint_rules, received_sample
from connections.presets import InputKind, presets
from tests.unit.connections.exchange.examples import NOW, make_context

SPECS = Path(__file__).parents[5] / "shared" / "crm" / "specs"
EMAIL = "ada+test@example.com"
LAST_NAME = 'O\'Lovelace & Co "x" <b>'
LEAD = {
    "email": EMAIL,
    "first_name": "Ada",
    "last_name": LAST_NAME,
    "mobile_number": "+15555550123",
    "country": "US",
    "ip_address": "203.0.113.7",
    "source": "rokt",
    "opted_in_at": "2026-08-20T12:34:56Z",
}
SECRET = "s3cr3t"
TOKEN = "t0k3n"


def _basic(username, password):
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


# The headers that prove who we are and say which version we speak, from the vendors' pages.
HEADERS = {
    "acoustic": {"authorization": f"Bearer {TOKEN}", "content-type": "text/xml;charset=utf-8"},
    "activecampaign": {"api-token": SECRET},
    "attentive": {"authorization": f"Bearer {SECRET}"},
    "braze": {"authorization": f"Bearer {SECRET}"},
    "brevo": {"api-key": SECRET, "accept": "application/json"},
    "campaign-monitor": {"authorization": _basic(SECRET, "x")},
    "constant-contact": {"authorization": f"Bearer {TOKEN}"},
    "customerio": {"authorization": _basic(SECRET, SECRET)},
    "drip": {"authorization": _basic(SECRET, ""), "user-agent": "Referral Export"},
    "getresponse": {"x-auth-token": f"api-key {SECRET}"},
    "hubspot": {"authorization": f"Bearer {SECRET}"},
    "hubspot-forms": {},
    "intercom": {"authorization": f"Bearer {SECRET}", "intercom-version": "2.15"},
    "iterable": {"api-key": SECRET},
    "kit": {"x-kit-api-key": SECRET},
    "klaviyo": {
        "authorization": f"Klaviyo-API-Key {SECRET}",
        "revision": "2026-07-15",
        "content-type": "application/vnd.api+json",
    },
    "mailchimp": {"authorization": _basic("any", SECRET)},
    "mailerlite": {"authorization": f"Bearer {SECRET}", "accept": "application/json"},
    "mailgun": {"authorization": _basic("api", SECRET)},
    "marketo": {"authorization": f"Bearer {TOKEN}"},
    "omnisend": {
        "authorization": f"Omnisend-API-Key {SECRET}",
        "omnisend-version": "2026-03-15",
    },
    "salesforce": {"authorization": f"Bearer {TOKEN}"},
    "salesforce-marketing-cloud": {"authorization": f"Bearer {TOKEN}"},
    "salesforce-web-to-lead": {},
    "sendgrid": {"authorization": f"Bearer {SECRET}"},
    "sendy": {},
    "zoho-crm": {"authorization": f"Zoho-oauthtoken {TOKEN}"},
}
SPEC_FILES = {
    "activecampaign": "activecampaign",
    "attentive": "attentive",
    "braze": "braze",
    "brevo": "brevo",
    "constant-contact": "constant_contact",
    "customerio": "customerio_track",
    "getresponse": "getresponse",
    "hubspot": "hubspot_contacts",
    "intercom": "intercom",
    "iterable": "iterable",
    "kit": "kit_v4",
    "klaviyo": "klaviyo",
    "mailchimp": "mailchimp_marketing",
    "marketo": "marketo",
    "omnisend": "omnisend",
    "sendgrid": "sendgrid_marketing",
    "zoho-crm": "zoho_crm",
}
TAKES_NO_NAME = {"attentive"}
EVERY = list(presets().values())
SAMPLES = [(preset, sample) for preset in EVERY for sample in preset.config.response_samples]


def named(value):
    return getattr(value, "slug", None) or value.name


def config_of(preset):
    return preset.filled(preset.examples())


def sent(preset):
    config = config_of(preset)
    return render(
        compile_config(config),
        environment=Environment.PRODUCTION,
        context=make_context(LEAD),
        secrets=dict.fromkeys(referenced_secrets(config), SECRET),
        access_token=TOKEN,
    )


def headers_of(request):
    return {name.lower(): value for name, value in request.headers}


def texts(value):
    if isinstance(value, dict | list):
        children = value.values() if isinstance(value, dict) else value
        return [text for child in children for text in texts(child)]
    return [str(value)]


def arrived(request):
    """Return every text that the receiver reads in the body."""
    body, kind = request.body.decode(), headers_of(request)["content-type"]
    if "json" in kind:
        return texts(json.loads(body))
    if "xml" in kind:
        return list(etree.fromstring(request.body).itertext())
    return [value for _, value in parse_qsl(body)]


def test_at_least_24_platforms_are_known():
    assert len(EVERY) >= 24
    assert HEADERS.keys() == {preset.slug for preset in EVERY}


@pytest.mark.parametrize("preset", EVERY, ids=named)
def test_configuration_is_sound_and_asks_for_what_it_uses(preset):
    config = config_of(preset)
    assert check_config(config) == []
    asked = {one.name for one in preset.inputs_of(InputKind.SECRET)}
    assert referenced_secrets(config) == asked
    if (compiled := compile_config(config)).oauth2:
        token = render_token_request(
            compiled,
            environment=Environment.PRODUCTION,
            context=make_context(LEAD),
            secrets=dict.fromkeys(asked, SECRET),
        )
        assert SECRET in token.url + token.body.decode()


@pytest.mark.parametrize("preset", EVERY, ids=named)
def test_awkward_name_and_email_arrive_whole(preset):
    request = sent(preset)
    assert EMAIL in arrived(request)
    assert any(LAST_NAME in text for text in arrived(request)) or preset.slug in TAKES_NO_NAME


@pytest.mark.parametrize("preset", EVERY, ids=named)
def test_authorization_and_version_are_as_the_vendor_wants(preset):
    carried = headers_of(sent(preset))
    wanted = HEADERS[preset.slug]
    assert {name: carried.get(name) for name in wanted} == wanted
    assert ("authorization" in carried) == ("authorization" in wanted)


@pytest.mark.parametrize("preset", EVERY, ids=named)
def test_shown_request_holds_no_secret(preset):
    assert SECRET not in repr(sent(preset).shown)


@pytest.mark.parametrize(("preset", "sample"), SAMPLES, ids=named)
def test_documented_answer_has_its_outcome(preset, sample):
    response = ReceivedResponse(
        status=sample.status, headers=tuple(sample.headers.items()), body=sample.body.encode()
    )
    verdict = classify(compile_rules(preset.config.response_rules), response, now=NOW)
    assert (verdict.outcome, verdict.matched) == (sample.expected_outcome, True), verdict.rule


@pytest.mark.parametrize("preset", EVERY, ids=named)
def test_every_answer_that_waits_or_fails_has_a_rule(preset):
    rules = compile_rules(preset.config.response_rules)
    outcomes = {
        status: classify(rules, ReceivedResponse(status=status, headers=(), body=b""), now=NOW)
        for status in (401, 404, 408, 422, 429, 500, 503)
    }
    assert all(verdict.matched for verdict in outcomes.values())
    assert {outcomes[status].outcome for status in (408, 429, 500, 503)} == {"retry"}
    assert {outcomes[status].outcome for status in (401, 404)} <= {"hold", "rejected"}


# Platforms that never tell a duplicate: for them the linter is right, and there is nothing to add.
TELLS_NO_DUPLICATE = {
    "acoustic",
    "braze",
    "campaign-monitor",
    "constant-contact",
    "customerio",
    "hubspot-forms",
    "iterable",
    "kit",
    "mailerlite",
    "mailgun",
    "omnisend",
    "salesforce-marketing-cloud",
    "salesforce-web-to-lead",
    "sendgrid",
}


@pytest.mark.parametrize("preset", EVERY, ids=named)
def test_linter_finds_nothing_against_the_rules(preset):
    seen = [received_sample(sample) for sample in preset.config.response_samples]
    found = {warning.code for warning in lint_rules(preset.config.response_rules, seen=seen)}
    assert found == ({"no_duplicate_rule"} if preset.slug in TELLS_NO_DUPLICATE else set())


class SpecRequest:
    """A request of ours as openapi-core reads one."""

    def __init__(self, request):
        url = urlsplit(request.url)
        self.host_url = f"{url.scheme}://{url.netloc}"
        self.path = url.path
        self.method = request.method.lower()
        self.body = request.body
        self.content_type = headers_of(request)["content-type"]
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(parse_qsl(url.query)), header=Headers(list(request.headers))
        )


@cache
def vendor(name):
    document = json.loads((SPECS / f"{name}.json").read_text())
    if name == "zoho_crm":  # the file's host is not the one of the vendor's own pages
        document["servers"] = [{"url": "https://www.zohoapis.com/crm/v8"}]
    return OpenAPI.from_dict(document, config=Config())


@pytest.mark.skipif(not SPECS.is_dir(), reason="the vendors' documents are not here")
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("preset", [one for one in EVERY if one.slug in SPEC_FILES], ids=named)
def test_request_is_what_the_vendors_document_says(preset):
    document = vendor(SPEC_FILES[preset.slug])
    document.validate_request(SpecRequest(sent(preset)))


@pytest.mark.skipif(not SPECS.is_dir(), reason="the vendors' documents are not here")
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_vendors_document_refuses_a_request_without_its_email():
    request = SpecRequest(sent(presets()["mailchimp"]))
    request.body = b'{"status_if_new": "subscribed"}'
    with pytest.raises(InvalidRequestBody):
        vendor("mailchimp_marketing").validate_request(request)
