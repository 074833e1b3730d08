"""Requests that 31 CRMs take, from the collection beside the checkout when it is there."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from lxml import etree

from connections.exchange.rendering import check_config
from tests.unit.connections.exchange.examples import make_config, make_context, render_request

FOLDER = Path(__file__).parents[5] / "shared" / "crm" / "fixtures"
VENDORS = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
VARIANTS = [
    pytest.param(vendor, variant, id=f"{vendor['id']}-{variant['id']}")
    for vendor in VENDORS
    for variant in vendor["variants"]
]

# The collection's names for what we call otherwise.
NAMES = {
    "lead.phone[-10:]": 'mobile_number|replace("+1", "")',
    "lead.phone": "mobile_number",
    "lead.city": "suburb",
    "lead.ip": "ip_address",
    "lead.external_id": "referral.external_id",
    "lead.": "",
    "cfg.": "variables.",
    "secret.": "secrets.",
}
ATTRIBUTES = {"phone": "mobile_number", "city": "suburb", "ip": "ip_address"}
EXPRESSION = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)

pytestmark = pytest.mark.skipif(not VENDORS, reason="the collection is not beside the checkout")


def translated(source):
    return EXPRESSION.sub(in_our_names, source)


def in_our_names(expression):
    text = expression[0]
    for theirs, ours in NAMES.items():
        text = text.replace(theirs, ours)
    return text


def with_constant_host(url, variables):
    """Write the host out, as a connection must."""
    for name, value in variables.items():
        before, found, after = url.partition(f"{{{{cfg.{name}}}}}")
        if found and "/" not in before.removeprefix("https://"):
            url = before + value + after
    return url


def encoding_of(variant):
    content_type = variant.get("ctype") or ""
    for sign, encoding in (("json", "json"), ("xml", "xml"), ("form", "form"), ("text", "text")):
        if sign in content_type:
            return encoding
    return "none"


def parts_of(vendor, variant):
    variables = {name: str(value) for name, value in (vendor.get("example_cfg") or {}).items()}
    parts = {
        "url": translated(with_constant_host(variant["url"], variables)),
        "method": variant["method"],
        "variables": variables,
        "headers": [
            {"name": name, "value": translated(value)}
            for name, value in (variant.get("headers") or {}).items()
            if name.lower() != "content-type" and "basic(" not in value
        ],
    }
    if variant.get("body") and encoding_of(variant) != "none":
        parts["body"] = {"encoding": encoding_of(variant), "template": translated(variant["body"])}
    return parts


def attributes_of(vendor):
    lead = vendor["sample_lead"]
    return {
        ATTRIBUTES.get(name, name): value for name, value in lead.items() if name != "external_id"
    }


def meaning(encoding, body):
    if encoding == "json":
        return json.loads(body)
    if encoding == "xml":
        return etree.canonicalize(body)
    if encoding == "form":
        # White space in the JSON that one vendor takes as a parameter means nothing.
        return parse_qsl(body.replace("%3A%20", "%3A"), keep_blank_values=True)
    return body


@pytest.mark.parametrize(("vendor", "variant"), VARIANTS)
def test_vendors_request_comes_out_as_its_documentation_says(vendor, variant):
    parts = parts_of(vendor, variant)
    assert check_config(make_config(**parts)) == []
    secrets = {name: str(value) for name, value in (vendor.get("example_secret") or {}).items()}
    context = make_context(
        attributes_of(vendor), external_id=vendor["sample_lead"].get("external_id", "")
    )
    request = render_request(context=context, secrets=secrets, **parts)
    expected = variant["rendered"]
    ours, theirs = urlsplit(request.url), urlsplit(expected["url"])
    assert (ours.netloc, ours.path) == (theirs.netloc, theirs.path)
    assert parse_qsl(ours.query) == parse_qsl(theirs.query)
    encoding = encoding_of(variant)
    assert meaning(encoding, request.body.decode()) == meaning(encoding, expected.get("body") or "")
