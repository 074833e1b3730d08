"""The corpus of hostile templates, when it lies beside the checkout: each ends as it says."""

import json
import time
from decimal import Decimal

import pytest

from connections.exchange.rendering import RenderError, check_config
from referral_export.environment import CHECKOUT
from tests.unit.connections.exchange.examples import URL, make_config, render_request

CORPUS = CHECKOUT.parent / "shared" / "corpora" / "templates.json"
ENTRIES = json.loads(CORPUS.read_text())["templates"] if CORPUS.exists() else []

# The corpus keeps its record under `lead`; ours are attributes at the top level.
NAMES = {
    "lead.email": "email",
    "lead.first_name": "first_name",
    "lead.birth_date": "birth_date",
    "lead.note": "physical_address",
    # A referral holds no lists: several values come as one text.
    "lead.tags": 'physical_address|split(",")',
    "lead.n|": "bid_price|",
    "xmlescape": "e",
}
ATTRIBUTES = {"note": "physical_address", "tags": "physical_address", "n": "bid_price"}

# A wrong name is found when it is saved; and a value cannot break out of its quotes.
BETTER_WITH_US = {
    "T075": "reject_at_save",
    "T076": "reject_at_save",
    "T077": "reject_at_save",
    "T079": "render_ok",
}
BODY = {"T078": "json", "T079": "json", "T085": "json", "T107": "json", "T104": "xml"}

pytestmark = pytest.mark.skipif(not ENTRIES, reason="the corpus is not beside the checkout")


def source_of(entry):
    source = entry.get("template")
    if source is None:
        # The corpus writes these as arithmetic on constants: "x"*70000.
        source = eval(entry["template_py"], {"__builtins__": {}})
    for theirs, ours in NAMES.items():
        source = source.replace(theirs, ours)
    return source


def attributes_of(entry):
    context = entry.get("context")
    if context is None and "context_py" in entry:
        known = {"float": float, "list": list, "range": range}
        context = eval(entry["context_py"], {"__builtins__": known})
    lead = (context or {}).get("lead", {})
    return {ATTRIBUTES.get(name, name): typed(value) for name, value in lead.items()}


def typed(value):
    if isinstance(value, list):
        return ",".join(map(str, value))
    return Decimal(value) if isinstance(value, float) else value


def parts_of(entry):
    source = source_of(entry)
    if entry["field"] == "url":
        return {"url": source}
    if entry["field"] == "header":
        return {"headers": [{"name": "X-Name", "value": source.removeprefix("X-Name: ")}]}
    encoding = BODY.get(entry["id"], "form" if entry["id"] in {"T081", "T105"} else "text")
    return {"body": {"encoding": encoding, "template": source}}


def ending_of(entry):
    try:
        parts = parts_of(entry)
        if check_config(make_config(**{"url": URL} | parts)):
            return "reject_at_save"
    except ValueError:
        return "reject_at_save"
    try:
        render_request(attributes_of(entry), **parts)
    except RenderError:
        return "render_error"
    return "render_ok"


def expected_of(entry):
    expected = BETTER_WITH_US.get(entry["id"], entry["expected"])
    return {"render_error_not_sent": "render_error", "limit_at_render": "render_error"}.get(
        expected, expected
    )


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_hostile_template_ends_as_the_corpus_says(entry):
    began = time.process_time()
    assert ending_of(entry) == expected_of(entry)
    assert time.process_time() - began < 0.2
