"""Connections are added, changed and archived; each changed configuration is a version."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.db import connections as databases

from accounts.errors import CorrectInput, LookElsewhere, ReadAgain, ResolveConflict
from connections import selectors, services
from connections.documents import parse_config, parse_contacts
from connections.exchange.config import Environment
from connections.models import Connection, ConnectionVersion, Secret
from connections.signals import connection_archived
from tests.cast import BEGINNING, make_cast
from tests.unit.connections.services.changes import (
    BASIC,
    PRODUCTION,
    TESTING,
    change,
    events,
    patch,
    pointers,
)


class TestCreate:
    def test_name_and_endpoint_are_enough(self, make_connection, cast):
        connection = make_connection()
        assert (connection.status, connection.head_version.number) == ("draft", 1)
        assert connection.live_version is None
        assert connection.head_version.document.response_rules[0].name == "Success"
        assert events(cast.account)[-1] == "connection.created"

    @pytest.mark.parametrize("name", ["", "   ", "x" * 101, "two\nlines"])
    def test_unusable_name_is_refused(self, make_connection, name):
        with pytest.raises(CorrectInput) as refused:
            make_connection(name=name)
        assert pointers(refused) == ["/name"]

    def test_name_that_is_taken_is_refused_whatever_its_case(self, make_connection):
        make_connection(name="CRM")
        with pytest.raises(CorrectInput) as refused:
            make_connection(name="crm")
        assert pointers(refused) == ["/name"]

    def test_wrong_template_is_refused_and_nothing_is_kept(self, make_connection, cast):
        with pytest.raises(CorrectInput) as refused:
            make_connection(body={"template": "{{ frist_name }}"})
        assert pointers(refused) == ["/config/body/template"]
        assert not selectors.connections_of(cast.account).exists()

    def test_secrets_that_come_along_are_set_for_each_environment(self, make_connection):
        connection = make_connection(
            environments=PRODUCTION | TESTING,
            authorization=BASIC,
            secret_values={"crm_password": "correct horse"},
        )
        shown = selectors.secrets_shown(connection)
        assert set(shown["crm_password"]) == {Environment.PRODUCTION, Environment.TESTING}

    def test_parsed_and_stored_configuration_are_the_same(self, make_connection):
        connection = make_connection(
            authorization={"type": "api_key", "in": "query", "name": "key", "value": "x"}
        )
        version = connection.head_version
        version.refresh_from_db()
        assert parse_config(version.config) == version.document
        assert version.config["authorization"]["in"] == "query"
        assert (version.concurrency, version.timeout_seconds) == (8, 10.0)


class TestChange:
    def test_changed_configuration_is_a_new_version(self, make_connection, who):
        connection = make_connection()
        changed = patch(who, connection, method="PUT")
        assert changed.new_version
        assert changed.connection.head_version.number == 2
        assert changed.connection.revision == 2

    def test_equal_configuration_makes_no_version_revision_or_event(
        self, make_connection, who, cast
    ):
        connection = make_connection()
        before = events(cast.account)
        changed = patch(who, connection, method="POST")
        assert not changed.new_version
        assert (changed.connection.head_version.number, changed.connection.revision) == (1, 1)
        assert events(cast.account) == before

    def test_new_name_makes_a_revision_but_no_version(self, make_connection, who):
        changed = change(who, make_connection(), name="CRM two")
        assert (changed.connection.name, changed.connection.revision) == ("CRM two", 2)
        assert not changed.new_version

    def test_name_of_another_connection_is_refused(self, make_connection, who, cast):
        make_connection(name="One")
        other = make_connection(name="Two")
        with pytest.raises(CorrectInput) as refused:
            change(who, other, name="one")
        assert pointers(refused) == ["/name"]
        assert Connection.objects.for_account(cast.account).get(id=other.id).name == "Two"

    def test_contacts_are_replaced(self, make_connection, who):
        contacts = parse_contacts([{"name": "Ana", "role": "IT"}])
        changed = change(who, make_connection(), contacts=contacts)
        assert changed.connection.contacts[0]["name"] == "Ana"

    def test_stale_revision_is_refused(self, make_connection, who):
        connection = make_connection()
        change(who, connection, name="CRM two", expected_revision=1)
        with pytest.raises(ReadAgain):
            change(who, connection, name="CRM three", expected_revision=1)

    def test_restored_version_is_the_newest_again_under_a_new_number(self, make_connection, who):
        connection = make_connection()
        patch(who, connection, method="PUT")
        restored = services.restore_version(**who, connection_id=connection.id, number=1)
        assert restored.connection.head_version.number == 3
        assert restored.connection.head_version.config == connection.head_version.config

    def test_version_that_does_not_exist_is_not_found(self, make_connection, who):
        with pytest.raises(LookElsewhere):
            services.restore_version(**who, connection_id=make_connection().id, number=9)

    def test_database_refuses_to_change_a_version(self, make_connection, cast):
        version = make_connection().head_version
        versions = ConnectionVersion.objects.for_account(cast.account).filter(id=version.id)
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            versions.update(number=7)

    def test_connection_of_another_account_is_not_found(self, make_connection, who, cast):
        connection = make_connection()
        with pytest.raises(LookElsewhere):
            change(who | {"account": cast.rival}, connection, name="Mine")


class TestArchive:
    @pytest.fixture
    def connection(self, make_connection):
        return make_connection(authorization=BASIC, secret_values={"crm_password": "x"})

    def archive(self, who, connection):
        return services.archive_connection(**who, connection_id=connection.id)

    def test_it_is_gone_from_lists_and_the_engine_is_told_once(self, connection, who, cast):
        told = []

        def hear(sender, **facts):
            told.append(facts["connection"].id)

        connection_archived.connect(hear)
        try:
            self.archive(who, connection)
            self.archive(who, connection)
        finally:
            connection_archived.disconnect(hear)
        assert told == [connection.id]
        assert not selectors.connections_of(cast.account).exists()
        assert selectors.connection_of(cast.account, connection.id).status == "archived"

    def test_no_secret_of_it_is_kept(self, connection, who, cast):
        self.archive(who, connection)
        assert not Secret.objects.for_account(cast.account).exists()

    def test_it_is_not_changed_any_more(self, connection, who):
        self.archive(who, connection)
        with pytest.raises(ResolveConflict, match="archived"):
            change(who, connection, name="Again")

    def test_its_name_is_free(self, connection, who, make_connection):
        self.archive(who, connection)
        assert make_connection(name=connection.name).name == connection.name


def test_changes_at_the_same_moment_make_one_version_each(transactional_db):
    cast = make_cast()
    who = {"account": cast.account, "actor": cast.actor, "now": BEGINNING}
    config = parse_config({"environments": PRODUCTION})
    connection = services.create_connection(**who, name="CRM", config=config)

    def change_variable(number):
        try:
            variables = {f"name_{number}": "value"}
            return patch(who, connection, variables=variables).connection.head_version.number
        finally:
            databases.close_all()

    with ThreadPoolExecutor(max_workers=6) as pool:
        numbers = list(pool.map(change_variable, range(6)))
    assert sorted(numbers) == [2, 3, 4, 5, 6, 7]
    # Each was merged into what the one before had made, so none is lost.
    last = selectors.connection_of(cast.account, connection.id).head_version
    assert len(last.document.variables) == 6
