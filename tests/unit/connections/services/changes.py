"""What tests of the services say often."""

from accounts.models import AuditEvent
from connections import services
from connections.documents import MergePatch

PRODUCTION = {"production": {"url": "https://api.example.com/leads"}}
TESTING = {"testing": {"url": "https://test.example.com/leads"}}
BASIC = {"type": "basic", "username": "rokt", "password": {"secret": "crm_password"}}


def pointers(refused):
    return [problem.pointer for problem in refused.value.problems]


def events(account):
    return list(
        AuditEvent.objects.for_account(account).order_by("id").values_list("event", flat=True)
    )


def change(who, connection, **changes):
    return services.change_connection(**who, connection_id=connection.id, **changes)


def patch(who, connection, **config):
    return change(who, connection, config=MergePatch(config))
