"""Filters on dates, amounts, parts of a text, and hashes."""

import hashlib
import hmac
import re
from base64 import b64encode
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.exchange.language.filters import FILTERS
from connections.exchange.rendering import RenderError, check_config
from referral_export.environment import CHECKOUT
from tests.unit.connections.exchange.examples import make_config, render_body

MOMENT = "2026-08-20T23:34:56.789-05:00"


def filtered(expression, **attributes):
    return render_body("text", f"{{{{ {expression} }}}}", attributes)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('opted_in_at|date("%d/%m/%Y %H:%M")', "20/08/2026 23:34"),
        ('opted_in_at|date("%d/%m/%Y %H:%M", "UTC")', "21/08/2026 04:34"),
        ('opted_in_at|date("%b %d, %I:%M %p", "Australia/Sydney")', "Aug 21, 02:34 PM"),
        ('opted_in_at|date("iso")', "2026-08-20T23:34:56-05:00"),
        ('opted_in_at|date("iso", "UTC")', "2026-08-21T04:34:56Z"),
        ('opted_in_at|date("epoch")', "1787286896"),
        ('opted_in_at|date("epoch_ms")', "1787286896789"),
        ('opted_in_at|date("epoch", "Asia/Tokyo")', "1787286896"),
        ('birth_date|date("%m/%d/%Y", "America/New_York")', "11/27/1991"),
        ('birth_date|date("iso")', "1991-11-27T00:00:00"),
        ('birth_date|date("epoch")', "691200000"),
        ('birth_date|date("epoch", "America/New_York")', "691218000"),
        ('now|date("iso")', "2026-11-23T13:00:00Z"),
        ('state|date("iso")', ""),
    ],
)
def test_date_comes_in_any_format(expression, value):
    assert filtered(expression, opted_in_at=MOMENT, birth_date="1991-11-27") == value


def test_epoch_is_a_number_in_json():
    body = render_body("json", '{"at": {{ now|date("epoch_ms") }}}')
    assert body == '{"at": 1795438800000}'


@pytest.mark.parametrize("number", ["1e-999999", "1e999999", "0e-999999", "-1e-101"])
def test_number_that_is_long_to_print_is_none(number):
    with pytest.raises(RenderError) as raised:
        filtered("first_name|plus(0)|first(1)", first_name=number)
    assert raised.value.code == "not_a_number"


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_date_beyond_the_calendar_is_an_error(value):
    with pytest.raises(RenderError) as raised:
        filtered('opted_in_at|date("%Y", "UTC")', opted_in_at=value)
    assert raised.value.code == "not_a_date"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("bid_price|round(2)", "12.35"),
        ("bid_price|round(4)", "12.3450"),
        ("bid_price|round", "12"),
        ("bid_price|cents", "1235"),
        ("state|cents", "100050"),
        ("title|round(2)", ""),
        ('bid_price|round(2)|replace(".", ",")', "12,35"),
    ],
)
def test_amount_comes_in_any_form(expression, value):
    assert filtered(expression, bid_price=Decimal("12.345"), state=" 1000.5 ") == value


@given(st.decimals(-(10**15), 10**15, allow_nan=False, places=4))
def test_cents_and_rounding_to_two_digits_agree(amount):
    cents = filtered("bid_price|cents", bid_price=amount)
    assert Decimal(cents) == Decimal(filtered("bid_price|round(2)", bid_price=amount)) * 100


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("mobile_number|digits|last(10)", "5555550123"),
        ("state|first(1)", "N"),
        ("state|last(10)", "NY"),
        ("title|last(3)", ""),
    ],
)
def test_part_of_a_text_is_taken_from_either_end(expression, value):
    assert filtered(expression, mobile_number="+1 (555) 555-0123", state="NY") == value


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("news, offers ,, events", '["news","offers","events"]'),
        ("news", '["news"]'),
        (" , ", "[]"),
        ("", "[]"),
        (None, "[]"),
        ("\ta\u2003", '["a"]'),
    ],
)
def test_text_is_split_into_its_parts(text, parts):
    assert filtered('ad_response|split(",")|tojson', ad_response=text) == parts


def test_text_is_split_at_a_longer_sign():
    assert filtered('ad_response|split(" - ")|tojson', ad_response="a-b - c") == '["a-b","c"]'


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('[suburb, state]|join(", ")', "Kent, NY"),
        ('[address_line_1, suburb, "", state]|join(", ")', "Kent, NY"),
        ('[suburb, age]|join("")', "Kent25"),
        ('(suburb, state)|join(" ")', "Kent NY"),
        ('[address_line_1]|join(", ")', ""),
        ('[]|join(", ")', ""),
        ('"a;b"|split(";")|join(",")', "a,b"),
    ],
)
def test_list_is_joined_without_its_empty_entries(expression, text):
    assert filtered(expression, suburb="Kent", state="NY", age=25) == text


@pytest.mark.parametrize(
    ("expression", "length"),
    [
        ("state|length", "4"),
        ("title|length", "0"),
        ('""|length', "0"),
        ('state|split("o")|length', "2"),
        ("[]|length", "0"),
        ('{"a": state}|length', "1"),
        ("age|length", "2"),
    ],
)
def test_length_counts_characters_or_entries(expression, length):
    assert filtered(expression, state="Zoë!", age=25) == length


@pytest.mark.parametrize(
    ("expression", "code", "sentence"),
    [
        ('state|join(",")', "not_a_list", 'this is not a list: write |split(",") after a text'),
        ('title|join(",")', "not_a_list", 'this is not a list: write |split(",") after a text'),
        ('[[state]]|join(",")', "not_text", "a list or an object cannot be printed"),
        ('[state]|split(",")', "not_text", "a list or an object cannot be printed"),
        ('ad_response|split(",")|length', "too_large", "this text has more than 10,000 parts"),
        (
            f'[{"ad_response," * 14}]|join("{"x" * 100}")',
            "too_large",
            "this comes to more than 262,144 characters",
        ),
    ],
)
def test_list_has_bounds_and_is_one(expression, code, sentence):
    attributes = {"state": "NY", "ad_response": "a," * 10_001}
    with pytest.raises(RenderError) as raised:
        filtered(expression, **attributes)
    assert raised.value.code == code
    assert sentence in raised.value.detail


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
def test_hash_of_the_normalised_value_is_a_chain(name):
    expected = hashlib.new(name, b"ada@example.com").hexdigest()
    assert filtered(f"email|trim|lower|{name}", email=" Ada@Example.com ") == expected


def test_base64_writes_the_bytes_of_the_text():
    assert filtered('("user:" ~ first_name)|base64', first_name="Zoë") == "dXNlcjpab8Or"


@pytest.mark.parametrize(
    "expression",
    [
        'now|date("%Q")',
        'now|date("%Y", "Mars/Olympus")',
        'now|date("%Y", "../etc/passwd")',
        'now|date("%Y", "America")',
        'now|date("%Y", email)',
        "email|last(0)",
        "email|last(1001)",
        "email|last(-1)",
        'email|last("3")',
        "email|first(true)",
        "bid_price|round(7)",
        "bid_price|round(age)",
        "bid_price|cents(2)",
        "bid_price|plus(age)",
        "bid_price|plus(1000000001)",
        'email|split("")',
        "email|split(state)",
        "email|join",
        'email|length("x")',
        'email|sha256("HEX")',
        'email|hmac("sha256")',
        'email|hmac("crc32", "key")',
        'email|hmac("sha256", "key", "hex", "hexadecimal")',
    ],
)
def test_argument_that_cannot_be_is_refused_at_save(expression):
    config = make_config(body={"encoding": "text", "template": f"{{{{ {expression} }}}}"})
    assert [problem.code for problem in check_config(config)] == ["template_filter"]


def test_every_filter_is_documented():
    page = (CHECKOUT / "docs" / "templates.md").read_text()
    table = page.partition("## Filters")[2].partition("## Escaping")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`(\w+)", " ".join(cells))) == set(FILTERS)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('"abc"|sha1("base64")', "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="),
        ('"abc"|sha256("base64url")', "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"),
        ('"abc"|sha512|first(16)', "ddaf35a193617aba"),
        ('""|sha256', ""),
        # RFC 4231, test case 2.
        (
            '"what do ya want for nothing?"|hmac("sha256", "Jefe")',
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        ('"abc"|hmac("md5", "k")', hmac.digest(b"k", b"abc", "md5").hex()),
        ('""|hmac("sha1", "k")', hmac.digest(b"k", b"", "sha1").hex()),
        (
            '"abc"|hmac("sha256", "00ff", "base64", "hex")',
            b64encode(hmac.digest(b"\x00\xff", b"abc", "sha256")).decode(),
        ),
        (
            '"abc"|hmac("sha256", "AP8=", "hex", "base64")',
            hmac.digest(b"\x00\xff", b"abc", "sha256").hex(),
        ),
        ('(first_name ~ "?")|base64url', "Wm_Dqz8"),
    ],
)
def test_digest_is_written_as_asked_for(expression, value):
    assert filtered(expression, first_name="Zoë") == value


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('"sha256", email', "key_missing"),
        ('"sha256", "xyz", "hex", "hex"', "key_unreadable"),
        ('"sha256", "x", "hex", "base64"', "key_unreadable"),
    ],
)
def test_key_that_cannot_be_used_is_an_error(arguments, code):
    with pytest.raises(RenderError) as raised:
        filtered(f'"abc"|hmac({arguments})')
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("country", "code"), [("Australia", "AU"), ("gb", "GB"), ("united states", "US"), ("", "")]
)
def test_country_becomes_its_two_letters(country, code):
    assert filtered("country|country_code", country=country) == code


def test_country_that_is_none_is_an_error():
    with pytest.raises(RenderError) as raised:
        filtered("country|country_code", country="Atlantis")
    assert raised.value.code == "not_a_country"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('now|date("epoch")|plus(300)', "1795439100"),
        ("bid_price|plus(1)", "3.50"),
        ("age|plus(1)", "26"),
        ("state|plus(1)", ""),
    ],
)
def test_number_becomes_larger(expression, value):
    assert filtered(expression, bid_price="2.50", age=25) == value
