"""The curl command of a request: a real shell reads back what was sent, and no secret is in it."""

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from connections.curl import as_curl

text = st.text(st.characters(codec="utf-8", exclude_characters="•\0"), max_size=60)


def request(**changes):
    return {
        "method": "POST",
        "url": "https://api.acme-leads.com/v1?a=b&c=d",
        "headers": [["Content-Type", "application/json"], ["Host", "api.acme-leads.com"]],
        "body": "",
    } | changes


def words(command, **variables):
    """Return the arguments that a shell would give to curl."""
    printed = subprocess.run(
        ["/bin/sh", "-c", command.replace("curl", "printf '%s\\0'", 1)],
        env=variables,
        capture_output=True,
        check=True,
    )
    return printed.stdout.decode().split("\0")[:-1]


def test_curl_leaves_out_what_every_client_says_itself():
    assert words(as_curl(request())) == [
        "--request",
        "POST",
        "https://api.acme-leads.com/v1?a=b&c=d",
        "--header",
        "Content-Type: application/json",
    ]


def test_curl_has_a_variable_for_a_secret():
    command = as_curl(request(headers=[["Authorization", "Bearer ••••"]]))

    assert words(command, SECRET="a b'c")[-1] == "Authorization: Bearer a b'c"


def test_curl_numbers_several_secrets():
    command = as_curl(request(headers=[["A", "••••"], ["B", "••••"]], body="k=••••"))

    told = words(command, SECRET_1="one", SECRET_2="two", SECRET_3="three")
    assert [told[4], told[6], told[8]] == ["A: one", "B: two", "k=three"]


@settings(max_examples=60, deadline=None)
@given(body=text, value=text)
def test_curl_breaks_out_of_no_quote(body, value):
    told = words(as_curl(request(headers=[["X-A", value]], body=body)))

    assert told[3:5] == ["--header", f"X-A: {value}"]
    assert told[5:] == (["--data-raw", body] if body else [])
