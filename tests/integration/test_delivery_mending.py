"""What people do while a breaker is open: what may have mended the connection, and what not."""

from datetime import timedelta

import pytest

from connections.documents import Contact, MergePatch, parse_custom_field
from connections.exchange.config import Environment
from connections.models import Connection, TestRun
from connections.runner import Sender, run_test
from connections.services import (
    activate_connection,
    change_connection,
    change_custom_field,
    create_custom_field,
    pause_connection,
    resume_connection,
    set_secret,
    start_test_run,
)
from delivery import notices, outages
from delivery.breaker import FAILURES_TO_OPEN, Tally
from delivery.models import Lane
from tests.delivery_stage import answer, now, pump, receiving, set_stage
from tests.integration.test_delivery_engine import who

LEAD = {"email": "test@example.com", "state": "NY"}


@pytest.fixture
def stage(transactional_db):
    return set_stage()


@pytest.fixture
def crm():
    with receiving() as crm:
        yield crm


@pytest.fixture
def fields(stage):
    """Custom fields: one that the live version sends, and one that nothing but a draft does."""
    cast = stage.cast
    given = {"account": cast.account, "actor": cast.actor, "now": now()}
    return {
        name: create_custom_field(definition=parse_custom_field(definition_of(name)), **given)
        for name in ("region", "spare_region")
    }


@pytest.fixture
def connection(stage, crm, fields):
    """One that sends a secret and a custom field, and has a testing endpoint; it is refused."""
    connection = stage.connection(crm)
    patch = {
        "environments": {"testing": {"url": f"{crm.url}/testing"}},
        "authorization": {"type": "bearer", "token": {"secret": "crm_key"}},
        "body": {"encoding": "json", "template": '{"region": "{{ region }}"}'},
        "test_cases": [
            {"name": "Lead", "attributes": LEAD},
            {"name": "Refusal", "attributes": LEAD, "expected_outcome": "hold"},
        ],
    }
    secrets = {"crm_key": "a wrong one", "spare": "not sent"}
    change_connection(config=MergePatch(patch), secret_values=secrets, **who(stage, connection))
    activate_connection(override="a test", **who(stage, connection))
    refuse(connection)
    return Connection.objects.for_account(stage.cast.account).get(id=connection.id)


def definition_of(name):
    return {"name": name, "source": "state", "default_when_nothing_matches": "East"}


def refuse(connection):
    """Have its breaker opened by refusals."""
    failed = {"failures": FAILURES_TO_OPEN, "holds": FAILURES_TO_OPEN}
    Lane.objects.update_or_create(
        connection=connection, defaults=failed, create_defaults=failed | {"served_at": now()}
    )
    said = Tally(connection.id, last_failure="it answered with status 401", **failed)
    outages.review([said], now=now())


def health(connection):
    return Connection.objects.for_account(connection.account).get(id=connection.id).health


def lane(connection):
    return Lane.objects.get(connection=connection)


def told(mailoutbox):
    notices.tell_forgotten(now=now())
    return [mail.subject.partition(": ")[2] for mail in mailoutbox]


def pause(stage, connection, **_):
    pause_connection(**who(stage, connection))


def rename(stage, connection, **_):
    change_connection(name="Other", **who(stage, connection))


def change_contacts(stage, connection, **_):
    contacts = (Contact(name="Ada", email="ada@crm.example"),)
    change_connection(contacts=contacts, **who(stage, connection))


def save_a_draft(stage, connection, **_):
    patch = {"body": {"encoding": "json", "template": '{"region": "{{ spare_region }}"}'}}
    change_connection(config=MergePatch(patch), **who(stage, connection))


def set_a_secret_that_is_not_sent(stage, connection, **_):
    set_secret(name="spare", value="another one", **who(stage, connection))


def set_a_secret_for_testing(stage, connection, **_):
    asked = {"name": "crm_key", "value": "another one", "environment": Environment.TESTING}
    set_secret(**asked, **who(stage, connection))


def set_the_secret_of_a_draft_for_another_host(stage, connection, **_):
    patch = MergePatch({"environments": {"production": {"url": "http://127.0.0.1:9/leads"}}})
    secrets = {"crm_key": "the other host's"}
    change_connection(config=patch, secret_values=secrets, **who(stage, connection))


def change_a_field_of_a_draft(stage, connection, fields, **_):
    save_a_draft(stage, connection)
    change_field(stage, fields["spare_region"])


def pass_a_test_in_testing(stage, connection, **_):
    run(stage, connection, Environment.TESTING, test_cases=["Lead"])


def pass_a_test_of_a_draft(stage, connection, **_):
    save_a_draft(stage, connection)
    run(stage, connection, Environment.PRODUCTION, test_cases=["Lead"])


def pass_a_test_that_expects_a_refusal(stage, connection, crm, **_):
    crm.answer = answer(401)
    run(stage, connection, Environment.PRODUCTION, test_cases=["Refusal"])


def change_field(stage, field):
    change_custom_field(
        field_id=field.id, change={"default_when_nothing_matches": "West"}, **who(stage)
    )


def run(stage, connection, environment, **asked):
    started = start_test_run(
        environment=environment, confirm_production=True, **asked, **who(stage, connection)
    )
    sender = Sender()
    run_test(started.id, sender=sender, now=now())
    sender.close()
    assert TestRun.objects.for_account(stage.cast.account).get(id=started.id).status == "passed"


@pytest.mark.parametrize("waiting", [0, 1])
@pytest.mark.parametrize(
    "change",
    [
        pause,
        rename,
        change_contacts,
        save_a_draft,
        set_a_secret_that_is_not_sent,
        set_a_secret_for_testing,
        set_the_secret_of_a_draft_for_another_host,
        change_a_field_of_a_draft,
        pass_a_test_in_testing,
        pass_a_test_of_a_draft,
        pass_a_test_that_expects_a_refusal,
    ],
)
def test_what_mends_nothing_leaves_it_open_and_mails_nobody(
    stage, connection, crm, fields, mailoutbox, change, waiting
):
    stage.accept(*(f"tx-{number}" for number in range(waiting)))
    change(stage, connection, crm=crm, fields=fields)
    assert health(connection) == "misconfigured"
    assert lane(connection).probe_at is None
    assert told(mailoutbox) == ["sending stopped"]


def set_its_secret(stage, connection, **_):
    set_secret(name="crm_key", value="another one", **who(stage, connection))


def set_its_secret_with_other_facts(stage, connection, **_):
    secrets = {"crm_key": "another one"}
    change_connection(name="Other", secret_values=secrets, **who(stage, connection))


def change_its_field(stage, fields, **_):
    change_field(stage, fields["region"])


def activate_another_version(stage, connection, **_):
    save_a_draft(stage, connection)
    activate_connection(override="mended", **who(stage, connection))


def ask_to_try_again(stage, connection, **_):
    resume_connection(**who(stage, connection))


def pause_and_resume(stage, connection, **_):
    pause_connection(**who(stage, connection))
    resume_connection(**who(stage, connection))


MAY_HAVE_MENDED = [
    set_its_secret,
    set_its_secret_with_other_facts,
    change_its_field,
    activate_another_version,
    ask_to_try_again,
    pause_and_resume,
]


@pytest.mark.parametrize("change", MAY_HAVE_MENDED)
def test_what_may_have_mended_it_lets_one_probe_go(stage, connection, crm, fields, change):
    stage.accept("tx-1", "tx-2")
    change(stage=stage, connection=connection, crm=crm, fields=fields)
    assert health(connection) == "misconfigured"
    assert lane(connection).probe_at <= now()
    crm.answer = answer(401)
    pump()
    assert sum(crm.keys.values()) == 1
    assert lane(connection).probe_at is None


def test_probe_that_is_taken_closes_it_and_the_rest_follows(stage, connection, mailoutbox):
    stage.accept(*(f"tx-{number}" for number in range(15)))
    set_its_secret(stage, connection)
    pump()
    assert stage.statuses() == {"delivered": 15}
    assert health(connection) == "healthy"
    assert told(mailoutbox) == ["sending stopped", "sending goes on"]


@pytest.mark.parametrize("change", MAY_HAVE_MENDED)
def test_what_may_have_mended_it_closes_it_when_nothing_waits(
    stage, connection, crm, fields, mailoutbox, change
):
    change(stage=stage, connection=connection, crm=crm, fields=fields)
    assert (health(connection), lane(connection).failures) == ("healthy", 0)
    assert told(mailoutbox) == ["sending stopped", "sending goes on"]


@pytest.mark.parametrize("waiting", [0, 3])
def test_test_that_passed_in_production_closes_it_at_once(
    stage, connection, crm, mailoutbox, waiting
):
    stage.accept(*(f"tx-{number}" for number in range(waiting)))
    run(stage, connection, Environment.PRODUCTION, test_cases=["Lead"])
    assert (health(connection), lane(connection).failures) == ("healthy", 0)
    pump()
    assert stage.statuses() == ({"delivered": waiting} if waiting else {})
    assert told(mailoutbox) == ["sending stopped", "sending goes on"]


def test_test_that_passed_in_production_sends_what_waits_for_its_next_attempt(stage, connection):
    stage.accept("tx-1")
    later = now() + timedelta(hours=2)
    stage.deliveries().update(status="retrying", attempt_count=1, next_attempt_at=later)
    Lane.objects.update(ready_at=later)
    run(stage, connection, Environment.PRODUCTION, test_cases=["Lead"])
    pump()
    assert stage.statuses() == {"delivered": 1}
