"""Adds, changes and deletes custom fields; what changes takes effect in all connections at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.access import Actor
from accounts.errors import CorrectInput, Problem, ResolveConflict
from accounts.models import Account
from accounts.services import record_event
from connections.documents import dumped, parse_custom_field
from connections.exchange.custom_fields import CustomField as Definition
from connections.exchange.custom_fields import check_custom_field
from connections.exchange.rendering import used_custom_fields
from connections.models import Connection, CustomField
from connections.selectors import (
    connections_by_custom_field,
    custom_definitions,
    custom_field_of,
    custom_fields_of,
)
from connections.signals import connection_mended

MAX_CUSTOM_FIELDS = 200


class FieldIsInUse(ResolveConflict):
    """Connections need the field under its name."""

    code = "custom_field_in_use"


@transaction.atomic
def create_custom_field(
    *, account: Account, actor: Actor, now: datetime, definition: Definition
) -> CustomField:
    """Add a custom field. *Raises* CorrectInput; ResolveConflict when there are too many."""
    _lock(account)
    taken = {field.name for field in custom_fields_of(account)}
    if len(taken) >= MAX_CUSTOM_FIELDS:
        detail = f"An account has at most {MAX_CUSTOM_FIELDS} custom fields: delete one first."
        raise ResolveConflict(detail, code="too_many_custom_fields")
    _require_right(definition, taken)
    field = CustomField(
        account=account, definition=dumped(definition), created_at=now, updated_at=now
    )
    return _saved(field, "custom_field.created", {"name": definition.name}, actor=actor, now=now)


@transaction.atomic
def change_custom_field(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    field_id: UUID | str,
    change: object,
) -> CustomField:
    """Merge the change into the definition: null takes a part away (RFC 7396).

    *Raises* LookElsewhere; CorrectInput; FieldIsInUse when it would lose a name that is used.
    *Effects* connections that use it reach their next revision, so that workers look anew.
    """
    _lock(account)
    field = custom_field_of(account, field_id)
    definition = parse_custom_field(_merged(field.definition, change))
    _require_right(definition, {one.name for one in custom_fields_of(account)} - {field.name})
    if dumped(definition) == field.definition:
        return field
    users = connections_by_custom_field(account).get(field.name, [])
    if definition.name != field.name:
        _require_unused(field.name, users, "rename")
    connections = Connection.objects.for_account(account)
    connections.filter(id__in=[user.id for user in users]).update(revision=F("revision") + 1)
    fields = custom_definitions(account)
    for user in users:
        live = user.live_version
        if live and field.name in used_custom_fields(live.document, custom_fields=fields):
            connection_mended.send(Connection, connection=user)
    field.definition, field.updated_at = dumped(definition), now
    details = {"name": definition.name, "connections": [user.name for user in users]}
    return _saved(field, "custom_field.changed", details, actor=actor, now=now)


@transaction.atomic
def delete_custom_field(
    *, account: Account, actor: Actor, now: datetime, field_id: UUID | str
) -> None:
    """Delete a custom field that nothing uses. *Raises* LookElsewhere; FieldIsInUse."""
    _lock(account)
    field = custom_field_of(account, field_id)
    _require_unused(field.name, connections_by_custom_field(account).get(field.name, []), "delete")
    record_event(
        account=account,
        actor=actor,
        event="custom_field.deleted",
        subject=field,
        details={"name": field.name},
        now=now,
    )
    field.delete()


def _lock(account: Account) -> None:
    """Let nobody save a configuration that uses a field while the field changes."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    connections = Connection.objects.for_account(account).select_for_update(no_key=True)
    list(connections.order_by("id").values_list("id"))


def _merged(definition: Mapping[str, object], change: object) -> object:
    """A definition holds no objects but in lists, which are replaced whole."""
    if not isinstance(change, Mapping):
        return change
    parts = {**definition, **change}
    return {name: part for name, part in parts.items() if part is not None}


def _saved(
    field: CustomField, event: str, details: Mapping[str, object], *, actor: Actor, now: datetime
) -> CustomField:
    field.save()
    field.refresh_from_db(fields=("name",))  # which the database derives
    record_event(
        account=field.account, actor=actor, event=event, subject=field, details=details, now=now
    )
    return field


def _require_right(definition: Definition, taken: set[str]) -> None:
    if problems := check_custom_field(definition, taken=taken):
        raise CorrectInput(*(Problem(one.pointer, one.code, one.detail) for one in problems))


def _require_unused(name: str, users: Sequence[Connection], verb: str) -> None:
    if users:
        names = ", ".join(user.name for user in users)
        use = "use" if len(users) > 1 else "uses"
        raise FieldIsInUse(
            f"{names} {use} {name}: take it out there, and make that live, before you {verb} it."
        )
