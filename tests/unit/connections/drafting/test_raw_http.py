"""Raw HTTP requests, as logs and documentation show them."""

import pytest

from connections.drafting.pasted import NotUnderstood
from connections.drafting.raw_http import looks_like_raw_http, read_raw_http

REQUEST = (
    "POST /v1/leads?list=7 HTTP/1.1\r\nHost: api.example.com\r\nContent-Type: text/xml\r\n"
    "X-Long: one\r\n two\r\n\r\n<lead>\r\n\r\n</lead>"
)


def test_a_request_is_read():
    request = read_raw_http(REQUEST)
    assert (request.method, request.url) == ("POST", "https://api.example.com/v1/leads?list=7")
    assert ("X-Long", "one two") in request.headers
    assert request.body == "<lead>\n\n</lead>"
    assert [note.place for note in request.notes] == ["line 1"]


def test_a_whole_url_needs_no_host_and_no_version():
    request = read_raw_http("get http://api.example.com/x")
    assert (request.method, request.url, request.notes) == ("GET", "http://api.example.com/x", ())


def test_a_line_that_is_no_header_is_named():
    request = read_raw_http("GET http://a.example/ HTTP/1.1\nwhat is this\nA: b")
    assert [note.place for note in request.notes] == ["line 2"]
    assert request.headers == (("A", "b"),)


@pytest.mark.parametrize("text", ["GET /x HTTP/1.1\nA: b", "hello", "", "POST"])
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(NotUnderstood):
        read_raw_http(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(REQUEST, True), ("\n PUT /x", True), ("curl https://x", False), ("{}", False), ("", False)],
)
def test_it_is_told_from_a_curl_line(text, expected):
    assert looks_like_raw_http(text) is expected
