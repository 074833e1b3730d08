"""A connection comes into use after a passed test, or for a reason that is recorded."""

import pytest

from accounts.errors import CorrectInput, ResolveConflict
from accounts.models import AuditEvent
from connections import selectors, services
from connections.models import TestRun
from tests.unit.connections.services.changes import BASIC, TESTING, events, patch, pointers


def activate(who, connection, **asked):
    return services.activate_connection(**who, connection_id=connection.id, **asked)


class TestActivate:
    @pytest.fixture
    def run(self, now):
        def run(connection, status="passed"):
            return TestRun.objects.for_account(connection.account).create(
                account=connection.account,
                connection=connection,
                version=connection.head_version,
                environment="production",
                status=status,
                created_at=now,
            )

        return run

    def test_passed_run_of_this_version_makes_it_live(self, make_connection, who, cast, run):
        connection = make_connection()
        run(connection)
        active = activate(who, connection)
        assert (active.status, active.live_version) == ("active", connection.head_version)
        assert events(cast.account)[-1] == "connection.activated"

    def test_without_any_run_it_is_refused(self, make_connection, who):
        with pytest.raises(ResolveConflict, match="No test run of version 1 passed"):
            activate(who, make_connection())

    @pytest.mark.parametrize("status", ["failed", "running"])
    def test_run_that_did_not_pass_does_not_count(self, make_connection, who, run, status):
        connection = make_connection()
        run(connection, status)
        with pytest.raises(ResolveConflict):
            activate(who, connection)

    def test_run_of_an_earlier_version_does_not_count(self, make_connection, who, run):
        connection = make_connection()
        run(connection)
        patch(who, connection, method="PUT")
        with pytest.raises(ResolveConflict, match="version 2"):
            activate(who, connection)

    def test_override_is_recorded_with_its_reason(self, make_connection, who, cast):
        activate(who, make_connection(), override=" tested by telephone ")
        event = AuditEvent.objects.for_account(cast.account).get(event="connection.activated")
        assert event.details == {"version": 1, "tested": False, "override": "tested by telephone"}

    @pytest.mark.parametrize("override", ["", "  a  ", "x" * 501, "nul \x00"])
    def test_override_without_a_reason_is_refused(self, make_connection, who, override):
        with pytest.raises(CorrectInput) as refused:
            activate(who, make_connection(), override=override)
        assert pointers(refused) == ["/override"]

    def test_override_does_not_replace_a_missing_endpoint(self, make_connection, who):
        with pytest.raises(ResolveConflict, match="no production endpoint"):
            activate(who, make_connection(environments=TESTING), override="why not")

    def test_override_does_not_replace_a_missing_secret(self, make_connection, who):
        with pytest.raises(ResolveConflict, match='"crm_password" has no value for production'):
            activate(who, make_connection(authorization=BASIC), override="why not")

    def test_change_of_an_active_connection_is_not_live_before_activation(
        self, make_connection, who
    ):
        connection = make_connection()
        activate(who, connection, override="why not")
        changed = patch(who, connection, method="PUT").connection
        assert (changed.live_version.number, changed.head_version.number) == (1, 2)
        activate(who, connection, override="why not")
        assert selectors.connection_of(who["account"], connection.id).live_version.number == 2

    def test_what_is_live_already_stays_without_an_event(self, make_connection, who, cast):
        connection = make_connection()
        revision = activate(who, connection, override="why not").revision
        assert activate(who, connection).revision == revision
        assert events(cast.account).count("connection.activated") == 1


class TestPauseAndResume:
    MOVES = (services.pause_connection, services.resume_connection)

    def test_each_is_recorded_once(self, make_connection, who, cast):
        connection = activate(who, make_connection(), override="why not")
        for move in self.MOVES:
            move(**who, connection_id=connection.id)
            move(**who, connection_id=connection.id)
        assert events(cast.account)[-2:] == ["connection.paused", "connection.resumed"]

    @pytest.mark.parametrize("move", MOVES)
    def test_draft_is_neither_paused_nor_resumed(self, make_connection, who, move):
        with pytest.raises(ResolveConflict, match="activate it first"):
            move(**who, connection_id=make_connection().id)
