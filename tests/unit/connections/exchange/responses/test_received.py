"""Answers that are no whole document, and waits that are told as a moment."""

from datetime import UTC, datetime

import pytest

from connections.exchange.responses import Reading, ReceivedResponse, parse_retry_after
from connections.exchange.responses.xml_path import compile_xml_path

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def found(path, body):
    root = Reading(ReceivedResponse(200, (), body.encode())).xml
    return None if root is None else list(compile_xml_path(path)(root))


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("//status", ["rejected"]),
        ("/status", ["rejected"]),
        ("status", ["rejected"]),
        ("/status/@code", ["7"]),
        ("/errors/error[2]", ["b"]),
        ("//error", ["a", "b"]),
        ("/*", ["rejected", "ab"]),
        ("/errors[1]", ["ab"]),
        ("/__fragment__/status", []),
        ("//__fragment__", []),
    ],
)
def test_fragment_is_read_like_a_document(path, values):
    body = (
        '<status code="7">rejected</status>Duplicate'
        "<errors><error>a</error><error>b</error></errors>"
    )
    assert found(path, body) == values


@pytest.mark.parametrize(
    "body",
    [
        "<p>one<p>two",
        "<a/></__fragment__><__fragment__>",
        '<a/><!DOCTYPE a [<!ENTITY x "y">]><b>&x;</b>',
        '<!DOCTYPE a [<!ENTITY x "y">]><a/><b>&x;</b>',
        "text <a/>",
    ],
)
def test_what_is_no_fragment_is_no_xml(body):
    assert found("//*", body) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (str(int(NOW.timestamp()) + 30), 30),
        (f"{NOW.timestamp() + 30:.1f}", 30),
        (str(int(NOW.timestamp() * 1_000) + 1_500), 1.5),
        (str(int(NOW.timestamp()) - 30), 0),
        (str(int(NOW.timestamp()) + 10**7), 86_400),
        ("999999999", 86_400),
    ],
)
def test_wait_may_be_told_as_a_moment(text, seconds):
    assert parse_retry_after(text, now=NOW) == pytest.approx(seconds)
