"""What tests of connections start from."""

from datetime import UTC, datetime

import pytest

from connections import services
from connections.documents import parse_config

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def who(cast, now):
    """The arguments that every service takes."""
    return {"account": cast.account, "actor": cast.actor, "now": now}


@pytest.fixture
def make_connection(who):
    """Make a connection to an address that nobody calls, with changes to its configuration."""

    def make(name="Newsletter CRM", secret_values=None, **config):
        endpoint = {"environments": {"production": {"url": "https://api.example.com/leads"}}}
        return services.create_connection(
            **who, name=name, config=parse_config(endpoint | config), secret_values=secret_values
        )

    return make
