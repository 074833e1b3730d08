"""Lines for a shell that a page shows, to be copied and to work as they are."""

import json
import shlex

from campaigns.models import Campaign
from connections.exchange.attributes import CATALOGUE
from connections.exchange.config import ConnectionConfig

USUAL_ATTRIBUTES = ("email", "first_name", "last_name")
MOMENT = "MOMENT"
# Out of the single quotes and in again, so that the shell puts the time there.
SECONDS_NOW = """'"$(date +%s)"'"""


def curl_line(*, url: str, campaign: Campaign, config: ConnectionConfig) -> str:
    """Return a shell command that submits one referral of this campaign.

    Shape: what the connection requires is in it, with the catalogue's examples; the token is
    the variable TOKEN; every run is another referral, because its id holds the time.
    """
    names = dict.fromkeys((*USUAL_ATTRIBUTES, *config.required_attributes))
    referral = {
        "campaign": campaign.reference,
        "external_id": f"curl-{MOMENT}",
        "attributes": {name: CATALOGUE[name].example for name in names if name in CATALOGUE},
    }
    body = shlex.quote(json.dumps(referral, ensure_ascii=False))
    return " \\\n  ".join(
        (
            f"curl {shlex.quote(url)}",
            '-H "Authorization: Bearer $TOKEN"',
            '-H "Content-Type: application/json"',
            f"-d {body.replace(MOMENT, SECONDS_NOW, 1)}",
        )
    )


def token_line(slug: str) -> str:
    """Return a shell command that makes a token, in the variable that `curl_line` reads."""
    command = f".venv/bin/python manage.py issue_token --account {slug} --name curl"
    return f"export TOKEN=$({command})"
