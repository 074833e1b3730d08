"""The strict reader of URLs and the list of addresses, against a corpus and by property."""

import json
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connections.exchange.egress.addresses import UrlError, check_url, is_allowed, parse_url
from referral_export.environment import CHECKOUT

CORPUS = CHECKOUT.parent / "shared" / "corpora" / "urls.json"


def entries():
    if not CORPUS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{CORPUS} is not here"))]
    known = json.loads(CORPUS.read_text())["urls"]
    return [
        pytest.param(entry, id=entry["id"])
        for entry in known
        if entry["category"] not in ("dns", "behaviour")
    ]


def accepts(url, *, allow_loopback=False):
    try:
        parse_url(url, allow_loopback=allow_loopback)
    except UrlError as refused:
        problem = refused
    else:
        return True
    assert problem.code in ("invalid_url", "blocked_address")
    assert len(problem.detail) > 10
    return False


@pytest.mark.parametrize("entry", entries())
def test_url_of_the_corpus_ends_as_it_says(entry):
    assert accepts(entry["url"]) is (entry["expected"] == "allow"), entry["why"]


@pytest.mark.parametrize(
    ("url", "ok"),
    [
        ("https://api.example.com/v1/leads?a=b", True),
        ("https://api.example.com:8443/", True),
        ("https://8.8.8.8/", True),
        ("https://[2606:4700:4700::1111]/", True),
        ("https://localhost/", False),
        ("https://redis/", False),
        ("https://localhost./", False),
        ("https://2130706433/", False),
        ("https://127。0。0。1/", False),
        ("https://0x7f.1/", False),
        ("https://[::ffff:127.0.0.1]/", False),
        ("https://[fe80::1%25eth0]/", False),
        ("https://user@example.com/", False),
        ("https://example.com/#part", False),
        ("https://example.com/a b", False),
        ("https://example.com/straße", False),
        ("https://example.com/a\tb", False),
        ("https://exa\tmple.com/", False),
        ("https://example.com\\.evil.com/", False),
        ("https://example.com:0/", False),
        ("https://example.com:65536/", False),
        ("https://example.com:٤٤٣/", False),
        ("http://example.com/", False),
        ("https://example.com/" + "a" * 9_000, False),
        ("", False),
    ],
)
def test_url_for_production(url, ok):
    assert accepts(url) is ok


@pytest.mark.parametrize(
    ("url", "ok"),
    [
        ("http://127.0.0.1:9000/leads", True),
        ("http://localhost:9000/leads", True),
        ("http://[::1]:9000/", True),
        ("http://crm.localhost:80/", True),
        ("http://10.0.0.1/", False),
        ("http://169.254.169.254/", False),
        ("http://redis:6379/", False),
        ("ftp://127.0.0.1/", False),
    ],
)
def test_url_for_development_adds_this_machine_only(url, ok):
    assert accepts(url, allow_loopback=True) is ok


def test_destination_has_one_canonical_origin_and_the_target_as_written():
    destination = parse_url("HTTPS://API.Example.COM.:443/A/../b%2f?x[]='", allow_loopback=False)
    assert destination.origin == "https://api.example.com"
    assert destination.target == "/A/../b%2f?x[]='"
    assert parse_url("https://bücher.example.org", allow_loopback=False).host == (
        "xn--bcher-kva.example.org"
    )
    assert parse_url("https://a.example.com?x", allow_loopback=False).target == "/?x"


@pytest.mark.parametrize(
    ("url", "ok"),
    [
        ("https://a.example.com/{{ campaign.reference }}/x?list={{ email|urlencode }}", True),
        ("https://a.example.com/{% if test %}t{% endif %}", True),
        ("https://a.example.com?list={{ email }}", True),
        ("https://{{ variables.host }}/", False),
        ("https://a.example.com{{ variables.x }}/", False),
        ("https://a.example.com/a b/{{ email }}", False),
        ("{{ variables.url }}", False),
    ],
)
def test_check_url_knows_expressions_in_path_and_query(url, ok):
    if ok:
        check_url(url, allow_loopback=False)
    else:
        with pytest.raises(UrlError):
            check_url(url, allow_loopback=False)


@pytest.mark.parametrize(
    "address", ["", "localhost", "127.1", "2130706433", "fe80::1%eth0", "::1%lo", "1.2.3.4 "]
)
def test_what_is_no_address_is_not_allowed(address):
    assert not is_allowed(address, allow_loopback=True)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_ipv4_is_allowed_that_python_calls_not_global(number):
    ip = IPv4Address(number)
    if is_allowed(str(ip), allow_loopback=False):
        assert ip.is_global
        assert not ip.is_multicast


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_ipv6_that_carries_an_ipv4_address_is_allowed(number):
    for carrier in (
        number,
        0xFFFF << 32 | number,
        0xFFFF0000 << 32 | number,
        0x64FF9B << 96 | number,
        0x2002 << 112 | number << 80 | 1,
        0x20010000 << 96 | number,
        0x26064700 << 96 | 0x5EFE << 32 | number,
    ):
        if carrier != 1:
            assert not is_allowed(str(IPv6Address(carrier)), allow_loopback=True)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    for url in (text, f"https://{text}", f"https://{text}.example.com/", f"https://a.b/{text}"):
        accepts(url)
