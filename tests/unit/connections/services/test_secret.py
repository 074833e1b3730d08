"""Secrets are sealed, bound to hosts, and never shown again."""

import pytest

from accounts.errors import CorrectInput
from accounts.models import AuditEvent
from connections import selectors, services
from connections.documents import MergePatch
from connections.exchange.config import Environment
from tests.unit.connections.services.changes import (
    BASIC,
    PRODUCTION,
    TESTING,
    change,
    patch,
    pointers,
)

VALUE = "correct horse battery"


@pytest.fixture
def connection(make_connection):
    return make_connection(
        environments=PRODUCTION | TESTING,
        authorization=BASIC,
        secret_values={"crm_password": VALUE},
    )


def read(connection, environment=Environment.PRODUCTION):
    return selectors.secret_values(version=connection.head_version, environment=environment)


def set_secret(who, connection, **given):
    return services.set_secret(**who, connection_id=connection.id, **given)


def move_production(who, connection, url, **changes):
    config = MergePatch({"environments": {"production": {"url": url}}})
    return change(who, connection, config=config, **changes)


class TestSet:
    def test_value_is_sealed_and_opens_for_sending_only(self, connection):
        assert read(connection) == {"crm_password": VALUE}
        for row in connection.secrets.all():
            assert VALUE.encode() not in bytes(row.sealed)
        assert VALUE not in str(selectors.secrets_shown(connection))

    def test_no_event_holds_a_value(self, connection, who, cast):
        set_secret(who, connection, name="crm_password", value="another value")
        details = AuditEvent.objects.for_account(cast.account).values_list("details", flat=True)
        assert VALUE not in str(list(details))
        assert "another value" not in str(list(details))

    def test_hint_is_given_only_where_it_tells_nothing(self, connection, who):
        shown = selectors.secrets_shown(connection)["crm_password"]
        assert shown[Environment.PRODUCTION].hint == "tery"
        set_secret(who, connection, name="crm_password", value="short")
        shown = selectors.secrets_shown(connection)["crm_password"]
        assert shown[Environment.PRODUCTION].hint == ""

    def test_one_environment_can_have_its_own(self, connection, who):
        testing = Environment.TESTING
        set_secret(who, connection, name="crm_password", value="for tests", environment=testing)
        assert read(connection) == {"crm_password": VALUE}
        assert read(connection, testing) == {"crm_password": "for tests"}

    def test_every_new_value_is_a_new_revision(self, connection, who):
        changed = set_secret(who, connection, name="crm_password", value="new")
        assert changed.revision == connection.revision + 1

    @pytest.mark.parametrize(
        ("name", "value"), [("a b", "x"), ("a", ""), ("a", "x" * 9_000), ("a", "\ud800")]
    )
    def test_unusable_name_or_value_is_refused(self, connection, who, name, value):
        with pytest.raises(CorrectInput):
            set_secret(who, connection, name=name, value=value)

    def test_environment_without_endpoint_is_refused(self, connection, who):
        with pytest.raises(CorrectInput) as refused:
            set_secret(who, connection, name="a", value="b", environment=Environment.STAGING)
        assert pointers(refused) == ["/environment"]


class TestBinding:
    def test_new_host_drops_the_secret_and_says_so(self, connection, who):
        changed = move_production(who, connection, "https://evil.example.com/leads")
        assert changed.dropped_secrets == ("crm_password",)
        assert read(changed.connection) == {}
        assert read(changed.connection, Environment.TESTING) == {"crm_password": VALUE}
        assert not connection.secrets.filter(environment="production").exists()

    def test_new_path_on_the_same_host_keeps_the_secret(self, connection, who):
        changed = move_production(who, connection, "https://api.example.com/v2/leads")
        assert changed.dropped_secrets == ()
        assert read(changed.connection) == {"crm_password": VALUE}

    def test_new_token_address_drops_the_secret(self, connection, who):
        oauth = {
            "type": "oauth2_client_credentials",
            "token_url": "https://login.example.com/token",
            "client_id": "me",
            "client_secret": {"secret": "crm_password"},
            "username": None,
            "password": None,
        }
        assert patch(who, connection, authorization=oauth).dropped_secrets == ("crm_password",)

    def test_new_token_address_of_one_environment_drops_the_secret_there(self, connection, who):
        oauth = {
            "type": "oauth2_client_credentials",
            "token_url": "https://api.example.com/token",
            "token_urls": {"testing": "https://test.example.com/token"},
            "client_id": "me",
            "client_secret": {"secret": "crm_password"},
            "username": None,
            "password": None,
        }
        assert patch(who, connection, authorization=oauth).dropped_secrets == ()
        oauth = {"token_urls": {"testing": "https://login.example.com/token"}}
        changed = patch(who, connection, authorization=oauth)
        assert changed.dropped_secrets == ("crm_password",)
        assert read(changed.connection) == {"crm_password": VALUE}
        assert read(changed.connection, Environment.TESTING) == {}

    def test_new_host_with_new_value_drops_nothing(self, connection, who):
        changed = move_production(
            who,
            connection,
            "https://new.example.com/leads",
            secret_values={"crm_password": "another"},
        )
        assert changed.dropped_secrets == ()
        assert read(changed.connection) == {"crm_password": "another"}

    def test_live_version_keeps_its_secret_while_the_new_one_lacks_it(self, connection, who):
        live = services.activate_connection(
            **who, connection_id=connection.id, override="first customer waits"
        )
        changed = move_production(who, connection, "https://new.example.com/leads")
        assert changed.dropped_secrets == ("crm_password",)
        assert read(changed.connection) == {}
        kept = selectors.secret_values(
            version=live.live_version, environment=Environment.PRODUCTION
        )
        assert kept == {"crm_password": VALUE}
