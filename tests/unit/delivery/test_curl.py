"""The line on the page, run by a real shell with a curl that shows what it was given."""

import json
import subprocess

import pytest

from campaigns.models import Campaign
from connections.exchange.config import ConnectionConfig
from delivery.curl import curl_line, token_line


def config(**more):
    environments = {"production": {"url": "https://api.example.com/leads"}}
    return ConnectionConfig.model_validate({"environments": environments} | more)


def run(line: str) -> list[str]:
    """Return the arguments that curl gets from the shell."""
    script = f"""curl() {{ printf '%s\\0' "$@"; }}\nTOKEN=a-token\n{line}"""
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\0").split("\0")


@pytest.mark.parametrize("reference", ["spring-savings", 'it\'s $(touch x) `y` "quoted" \\ é'])
def test_shell_gives_curl_the_referral_as_meant(reference):
    url = "http://127.0.0.1:8000/api/v1/accounts/demo/referrals"
    campaign = Campaign(name="Spring", reference=reference)
    arguments = run(curl_line(url=url, campaign=campaign, config=config()))
    assert arguments[:3] == [url, "-H", "Authorization: Bearer a-token"]
    referral = json.loads(arguments[-1])
    assert referral["campaign"] == reference
    assert referral["external_id"].removeprefix("curl-").isdigit()


def test_what_the_connection_requires_is_in_it():
    needed = config(required_attributes=("age", "email"))
    line = curl_line(url="http://x", campaign=Campaign(reference="r"), config=needed)
    assert set(json.loads(run(line)[-1])["attributes"]) >= {"email", "first_name", "age"}


def test_token_line_makes_the_variable_that_the_curl_line_reads():
    assert token_line("demo").startswith("export TOKEN=$(")
