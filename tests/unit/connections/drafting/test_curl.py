"""cURL lines, as people copy them from documentation, browsers and terminals."""

import pytest

from connections.drafting.curl import read_curl
from connections.drafting.pasted import NotUnderstood

URL = "https://api.example.com/leads"


def places(request):
    return [note.place for note in request.notes]


def test_a_documented_line_is_read():
    request = read_curl(
        f"""curl --request POST \\
        --url {URL} \\
        --header 'Authorization: Bearer abc' \\
        --header "Content-Type: application/json" \\
        --data '{{"email": "ada@example.com"}}'"""
    )
    assert (request.method, request.url) == ("POST", URL)
    assert request.headers == (
        ("Authorization", "Bearer abc"),
        ("Content-Type", "application/json"),
    )
    assert request.body == '{"email": "ada@example.com"}'
    assert request.notes == ()


@pytest.mark.parametrize(
    ("line", "method", "body"),
    [
        (f"curl {URL}", "GET", ""),
        (f"curl -XPUT {URL}", "PUT", ""),
        (f"curl -sSLkX DELETE {URL}", "DELETE", ""),
        (f"curl {URL} -d a=1 -d b=2", "POST", "a=1&b=2"),
        (f"curl {URL} -da=1", "POST", "a=1"),
        (f"$ curl {URL} --data-urlencode 'name=O Brien & Co'", "POST", "name=O+Brien+%26+Co"),
        (f"curl.exe {URL} --json '{{}}'", "POST", "{}"),
        (f"curl {URL} -F a=1 -F b=2", "POST", "a=1&b=2"),
        (f"curl {URL} --data-raw '@handle'", "POST", "@handle"),
        (f"curl {URL} ^\n -d a=1", "POST", "a=1"),
        (f"curl {URL} `\n -d a=1", "POST", "a=1"),
        (f"curl {URL} -d $'it\\'s \\u00e9'", "POST", "it's é"),
        (f'curl {URL} -d "{{\\"a\\": 1}}"', "POST", '{"a": 1}'),
        (f"curl {URL} -d 'a'\"b\"c", "POST", "abc"),
    ],
)
def test_options_say_method_and_body(line, method, body):
    request = read_curl(line)
    assert (request.method, request.url, request.body) == (method, URL, body)


def test_get_puts_the_data_into_the_query():
    request = read_curl(f"curl -G {URL}?x=1 -d a=1 --data-urlencode 'b=c d'")
    assert (request.method, request.url) == ("GET", f"{URL}?x=1&a=1&b=c+d")
    assert request.body == ""


def test_data_is_a_form_unless_the_line_says_otherwise():
    assert ("Content-Type", "application/x-www-form-urlencoded") in read_curl(
        f"curl {URL} -d a=1"
    ).headers
    assert ("Content-Type", "application/json") in read_curl(f"curl {URL} --json '{{}}'").headers


def test_json_without_a_content_type_is_sent_as_json_and_said_so():
    request = read_curl(f"""curl {URL} -d '{{"a": 1}}'""")
    assert ("Content-Type", "application/json") in request.headers
    assert places(request) == ["--data"]


def test_a_user_is_kept_apart():
    assert read_curl(f"curl -u key:x:y {URL}").user == ("key", "x:y")


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ("-b session=1", "--cookie"),
        ("--cookie session=1", "--cookie"),
        ("-T file", "--upload-file"),
        ("-d @lead.json", "--data"),
        ("--data-urlencode name@file", "--data-urlencode"),
        ("-F photo=@me.png", "--form"),
        ("--frobnicate", "--frobnicate"),
        ("-x proxy:80", "--proxy"),
        ("stray", "curl"),
        ("-H nonsense", "--header"),
        ("-H", "--header"),
        ("| jq .", "|"),
        ("&& echo done", "&&"),
    ],
)
def test_what_is_not_understood_is_named(options, place):
    request = read_curl(f"curl {URL} {options}")
    assert request.url == URL
    assert places(request) == [place]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "nothing to read"),
        ("wget https://example.com", "neither as a cURL line"),
        ("curl -X POST", "no URL"),
        (f"curl {URL} -d 'open", "not closed"),
        (f'curl ^"{URL}^"', "Windows"),
        (f"curl {URL} -d $'\\ud800'", "cannot be sent"),
        (f"curl {URL} -d {'a' * 100_000}", "longer than"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(line, sentence):
    with pytest.raises(NotUnderstood, match=sentence):
        read_curl(line)
