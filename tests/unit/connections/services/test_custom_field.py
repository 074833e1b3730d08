"""Custom fields are added, changed and deleted, and what uses them takes notice."""

import asyncio

import pytest
from django.db import connection as database

from accounts.errors import CorrectInput, ResolveConflict
from connections import selectors, services
from connections.documents import parse_config, parse_custom_field
from connections.models import Connection
from connections.previews import Sample, preview
from delivery.equipment import EquipmentStore
from delivery.queue import Claimed
from tests.cast import make_cast
from tests.unit.connections.services.changes import events, pointers

TEMPLATE = {"body": {"encoding": "json", "template": '{"region": "{{ region }}"}'}}


def definition(**parts):
    fixed = {"name": "region", "source": "state", "mappings": [{"match": "NY", "value": "East"}]}
    return parse_custom_field(fixed | parts)


@pytest.fixture
def make_field(who):
    def make(**parts):
        return services.create_custom_field(**who, definition=definition(**parts))

    return make


def revision(connection):
    return Connection.objects.for_account(connection.account).get(pk=connection.pk).revision


def previewed(connection, now, state):
    return preview(
        connection=connection,
        config=connection.head_version.document,
        now=now,
        sample=Sample(attributes={"state": state}),
    ).body


def test_connection_may_use_a_field_by_its_name(make_field, make_connection, cast, now):
    with pytest.raises(CorrectInput) as refused:
        make_connection(**TEMPLATE)
    assert pointers(refused) == ["/config/body/template"]
    make_field()
    connection = make_connection(**TEMPLATE)
    assert previewed(connection, now, "ny") == '{"region": "East"}'
    assert "custom_field.created" in events(cast.account)


def test_fields_of_others_are_not_seen(make_field, make_connection, cast, now):
    services.create_custom_field(
        account=cast.rival, actor=cast.actor, now=now, definition=definition()
    )
    with pytest.raises(CorrectInput):
        make_connection(**TEMPLATE)


@pytest.mark.parametrize("name", ["email", "region", "referral"])
def test_name_that_means_something_already_is_refused(make_field, name):
    make_field()
    with pytest.raises(CorrectInput) as refused:
        make_field(name=name)
    assert pointers(refused) == ["/name"]


def test_change_takes_effect_at_once_where_it_is_used_and_nowhere_else(
    make_field, make_connection, who, now
):
    field = make_field()
    user, other = make_connection(**TEMPLATE), make_connection(name="Another")
    before = revision(user), revision(other)
    services.change_custom_field(
        **who, field_id=field.id, change={"mappings": [{"match": "NY", "value": "North"}]}
    )
    assert (revision(user), revision(other)) == (before[0] + 1, before[1])
    assert previewed(user, now, "NY") == '{"region": "North"}'


def test_change_that_changes_nothing_leaves_no_trace(make_field, who, cast):
    field = make_field()
    services.change_custom_field(**who, field_id=field.id, change={"source": "state"})
    assert events(cast.account)[-1] == "custom_field.created"


@pytest.mark.parametrize("change", [{"source": None}, {"nam": "x"}, ["name"], None])
def test_change_that_leaves_no_definition_is_refused(make_field, who, change):
    field = make_field()
    with pytest.raises(CorrectInput):
        services.change_custom_field(**who, field_id=field.id, change=change)


def test_used_field_keeps_its_name_and_is_not_deleted(make_field, make_connection, who, cast):
    field = make_field()
    connection = make_connection(**TEMPLATE)
    with pytest.raises(ResolveConflict, match="Newsletter CRM uses region"):
        services.delete_custom_field(**who, field_id=field.id)
    with pytest.raises(ResolveConflict, match="before you rename it"):
        services.change_custom_field(**who, field_id=field.id, change={"name": "area"})
    services.archive_connection(**who, connection_id=connection.id)
    services.delete_custom_field(**who, field_id=field.id)
    assert not selectors.custom_fields_of(cast.account).exists()
    assert events(cast.account)[-1] == "custom_field.deleted"


def test_field_of_a_live_version_is_not_deleted_though_the_newest_lost_it(
    make_field, make_connection, who
):
    field = make_field()
    connection = make_connection(**TEMPLATE)
    services.activate_connection(**who, connection_id=connection.id, override="for the test")
    plain = {"environments": {"production": {"url": "https://api.example.com/leads"}}}
    services.change_connection(**who, connection_id=connection.id, config=parse_config(plain))
    with pytest.raises(ResolveConflict):
        services.delete_custom_field(**who, field_id=field.id)


def test_secret_of_a_template_with_a_custom_field_must_be_set(make_field, make_connection, who):
    make_field()
    template = '{"region": "{{ region }}", "key": "{{ secrets.crm_key }}"}'
    connection = make_connection(body={"encoding": "json", "template": template})
    with pytest.raises(ResolveConflict, match="crm_key"):
        services.activate_connection(**who, connection_id=connection.id, override="for the test")


@pytest.mark.django_db(transaction=True)
def test_worker_sends_with_the_field_as_it_is_now(now):
    cast = make_cast()
    who = {"account": cast.account, "actor": cast.actor, "now": now}
    field = services.create_custom_field(**who, definition=definition())
    endpoint = {"environments": {"production": {"url": "https://api.example.com/leads"}}}
    connection = services.create_connection(
        **who, name="CRM", config=parse_config(endpoint | TEMPLATE)
    )

    def apart(call, *arguments, **named):
        try:
            return call(*arguments, **named)
        finally:
            database.close()  # this thread's own

    async def value_of(store):
        claimed = Claimed.__new__(Claimed)
        for name, value in {
            "account_id": cast.account.id,
            "version_id": connection.head_version_id,
            "connection_revision": await asyncio.to_thread(apart, revision, connection),
        }.items():
            object.__setattr__(claimed, name, value)
        equipment = await store.get(claimed)
        return equipment.compiled.parts.custom_fields[0].value_for("NY")

    async def before_and_after():
        store = EquipmentStore()
        before = await value_of(store)
        change = {"mappings": [{"match": "NY", "value": "North"}]}
        await asyncio.to_thread(
            apart, services.change_custom_field, **who, field_id=field.id, change=change
        )
        return before, await value_of(store)

    assert asyncio.run(before_and_after()) == ("East", "North")
