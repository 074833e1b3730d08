"""The catalogue, and how attributes are read."""

import json
from decimal import Decimal

import pytest

from connections.exchange.attributes import CATALOGUE, AttributeErrors, parse_attributes
from referral_export.environment import CHECKOUT

SHARED = CHECKOUT.parent / "shared" / "attributes.json"


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("email", "jane@example.com", "jane@example.com"),
        ("email", "", None),
        ("email", None, None),
        ("postal_code", "01001", "01001"),
        ("age", 25, 25),
        ("age", " 25 ", 25),
        ("age", "-1", -1),
        ("bid_price", "2.50", Decimal("2.50")),
        ("bid_price", 2.5, Decimal("2.5")),
        ("bid_price", 3, Decimal(3)),
        ("birth_date", "1991-11-27", "1991-11-27"),
        ("opted_in_at", "2026-10-27T01:42:00Z", "2026-10-27T01:42:00Z"),
    ],
)
def test_parse_attributes_reads_each_type(name, given, read):
    assert parse_attributes({name: given}) == {name: read}


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("frist_name", "Jane", "unknown_attribute"),
        ("postal_code", 1001, "not_text"),
        ("email", True, "not_text"),
        ("email", "x" * 16_385, "too_long"),
        ("email", "\ud800", "not_unicode"),
        ("age", True, "not_an_integer"),
        ("age", 2.5, "not_an_integer"),
        ("age", "25.0", "not_an_integer"),
        ("age", "٢٥", "not_an_integer"),
        ("age", 10**31, "not_an_integer"),
        ("age", "9" * 5_000, "not_an_integer"),
        ("bid_price", "two", "not_a_number"),
        ("bid_price", "NaN", "not_a_number"),
        ("bid_price", float("inf"), "not_a_number"),
        ("bid_price", "1e999999", "not_a_number"),
        pytest.param("bid_price", 10**5_000, "not_a_number", id="a number of 5,000 digits"),
        ("birth_date", "27/11/1991", "not_a_date"),
        ("birth_date", 19911127, "not_text"),
        ("opted_in_at", "yesterday", "not_a_datetime"),
    ],
)
def test_parse_attributes_refuses_what_is_not_of_the_type(name, given, code):
    with pytest.raises(AttributeErrors) as raised:
        parse_attributes({name: given})
    (problem,) = raised.value.problems
    assert (problem.name, problem.code) == (name, code)


def test_parse_attributes_unknown_name_suggests_the_nearest():
    with pytest.raises(AttributeErrors, match=r"Did you mean first_name\?"):
        parse_attributes({"frist_name": "Jane"})


def test_parse_attributes_tells_every_problem():
    with pytest.raises(AttributeErrors) as raised:
        parse_attributes({"age": "old", "nonsense": 1, "email": "jane@example.com"})
    assert [problem.name for problem in raised.value.problems] == ["age", "nonsense"]


def test_parse_attributes_reads_its_own_json_form_again():
    raw = {name: attribute.example for name, attribute in CATALOGUE.items()}
    parsed = parse_attributes(raw)
    assert parse_attributes(json.loads(json.dumps(parsed, default=str))) == parsed


@pytest.mark.skipif(not SHARED.exists(), reason="the agreed catalogue is not beside the checkout")
def test_catalogue_states_the_agreed_facts():
    agreed = json.loads(SHARED.read_text())
    ours = [
        {
            "name": attribute.name,
            "label": attribute.label,
            "type": attribute.type.value,
            "description": attribute.description,
            "example": attribute.example,
            "pii": attribute.pii,
        }
        for attribute in CATALOGUE.values()
    ]
    assert ours == agreed
