"""Credentials that the tests of authorization share."""

from base64 import b64encode

OAUTH = {
    "type": "oauth2_client_credentials",
    "token_url": "https://login.example.com/token",
    "client_id": "id:1",
    "client_secret": {"secret": "client"},
    "scope": "leads write",
}


def basic(pair):
    return "Basic " + b64encode(pair.encode()).decode()
