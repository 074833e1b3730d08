from datetime import UTC, datetime, timedelta

import pytest

from accounts import selectors, services
from accounts.access import Actor
from accounts.errors import AskAPermittedPerson, CorrectInput, LookElsewhere
from accounts.models import Account, AuditEvent, Membership
from accounts.permissions import Permission, Role
from tests.cast import BEGINNING, NOBODY

pytestmark = pytest.mark.django_db


def test_create_account_makes_the_creator_its_manager(cast):
    account = services.create_account(name=" Solar ", slug="solar", actor=cast.actor, now=BEGINNING)
    access = selectors.access_for_user(user=cast.manager, slug="solar")
    assert (access.account, account.name) == (account, "Solar")
    assert access.allows(Permission.ACCOUNT_ADMIN)


@pytest.mark.parametrize(
    ("name", "slug", "pointer"),
    [
        ("", "solar", "/name"),
        ("x" * 101, "solar", "/name"),
        ("Solar\r\nBcc: all@x.example", "solar", "/name"),
        ("Solar", "Solar One", "/slug"),
        ("Solar", "acme", "/slug"),
        ("Solar", "-", "/slug"),
    ],
)
def test_create_account_with_bad_input_says_where(cast, name, slug, pointer):
    with pytest.raises(CorrectInput) as refused:
        services.create_account(name=name, slug=slug, actor=cast.actor, now=BEGINNING)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]
    assert Account.objects.count() == 2


@pytest.mark.parametrize(
    ("email", "password", "pointer"),
    [
        ("not an email", "a long enough password", "/email"),
        ("manager@x.example", "short", "/password"),
        ("Account.Manager@acme.example", "a long enough password", "/email"),
    ],
)
def test_create_user_with_bad_input_says_where(cast, email, password, pointer):
    with pytest.raises(CorrectInput) as refused:
        services.create_user(email=email, name="Ana", password=password, now=BEGINNING)
    assert refused.value.problems[0].pointer == pointer


def test_add_member_again_changes_the_role_and_writes_it_down(cast):
    services.add_member(
        account=cast.account, user=cast.viewer, role=Role.OPERATOR, actor=cast.actor, now=BEGINNING
    )
    members = Membership.objects.for_account(cast.account).filter(user=cast.viewer)
    assert [member.role for member in members] == [Role.OPERATOR]
    last = AuditEvent.objects.for_account(cast.account).order_by("-id").first()
    assert (last.event, last.actor_label, last.details["role"]) == (
        "member.added",
        "Account Manager",
        "operator",
    )


def test_token_of_an_account_reaches_that_account_only(cast):
    text, _ = services.issue_token(name="ci", account=cast.account, actor=NOBODY, now=BEGINNING)
    token = selectors.token_by_text(text, now=BEGINNING)
    assert selectors.access_for_token(token=token, slug="acme").actor.label == 'token "ci"'
    with pytest.raises(LookElsewhere):
        selectors.access_for_token(token=token, slug="rival")


def test_token_of_a_manager_reaches_all_accounts_that_they_look_after(cast):
    services.add_member(
        account=cast.rival, user=cast.manager, role=Role.VIEWER, actor=NOBODY, now=BEGINNING
    )
    text, _ = services.issue_token(name="ci", user=cast.manager, actor=NOBODY, now=BEGINNING)
    token = selectors.token_by_text(text, now=BEGINNING)
    assert list(selectors.accounts_of_token(token)) == [cast.account]


@pytest.mark.parametrize("change", ["expired", "revoked", "owner left"])
def test_token_that_may_not_be_used_is_none(cast, change):
    text, token = services.issue_token(name="ci", user=cast.manager, actor=NOBODY, now=BEGINNING)
    now = BEGINNING
    if change == "expired":
        now += services.DEFAULT_TOKEN_LIFETIME
    elif change == "revoked":
        token.revoked_at = BEGINNING
        token.save()
    else:
        cast.manager.is_active = False
        cast.manager.save()
    assert selectors.token_by_text(text, now=now) is None


def test_token_use_is_noted_to_the_minute(cast, django_assert_num_queries):
    _, token = services.issue_token(name="ci", account=cast.account, actor=NOBODY, now=BEGINNING)
    services.note_token_use(token=token, now=BEGINNING)
    token.refresh_from_db()
    assert token.last_used_at == BEGINNING
    with django_assert_num_queries(0):
        services.note_token_use(token=token, now=BEGINNING + timedelta(seconds=59))


def test_stranger_finds_no_account(cast):
    with pytest.raises(LookElsewhere):
        selectors.access_for_user(user=cast.outsider, slug="acme")


def test_access_without_the_right_names_it(cast):
    access = selectors.access_for_user(user=cast.viewer, slug="acme")
    with pytest.raises(
        AskAPermittedPerson, match="Viewer lacks the right connections:write in Acme Energy"
    ):
        access.require(Permission.CONNECTION_WRITE)


def test_people_who_may_are_named(cast):
    assert selectors.people_who_may(account=cast.account, permission=Permission.CAMPAIGN_WRITE) == [
        "Account Manager",
        "Advertiser",
    ]


def test_audit_event_is_never_edited(cast):
    services.record_event(
        account=cast.account,
        actor=Actor(label="x"),
        event="a.b",
        subject=cast.account,
        now=BEGINNING,
    )
    with pytest.raises(Exception, match="never edited"):
        AuditEvent.objects.for_account(cast.account).update(event="c.d")


def test_change_account_writes_down_what_changed(cast):
    changed = services.change_account(
        account=cast.account, actor=cast.actor, now=BEGINNING, name="Acme", personal_data_days=7
    )
    assert (changed.retention_days, changed.personal_data_days) == (90, 7)
    last = AuditEvent.objects.for_account(cast.account).order_by("-id").first()
    assert (last.event, last.details["personal_data_days"]) == (
        "account.changed",
        {"from": 30, "to": 7},
    )


@pytest.mark.parametrize(
    ("days", "pointer"),
    [
        ({"retention_days": 0}, "/retention_days"),
        ({"retention_days": 3_651}, "/retention_days"),
        ({"personal_data_days": 0}, "/personal_data_days"),
        ({"retention_days": 29}, "/personal_data_days"),
        ({"personal_data_days": 91}, "/personal_data_days"),
    ],
)
def test_change_account_refuses_days_that_contradict(cast, days, pointer):
    with pytest.raises(CorrectInput) as refused:
        services.change_account(account=cast.account, actor=cast.actor, now=BEGINNING, **days)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]
    account = Account.objects.get(pk=cast.account.pk)
    assert (account.retention_days, account.personal_data_days) == (90, 30)


def test_token_of_an_account_brings_its_account_along(cast, django_assert_num_queries):
    text = cast.token()
    with django_assert_num_queries(1):
        token = selectors.token_by_text(text, now=datetime.now(UTC))
        assert selectors.access_for_token(token=token, slug="acme").account == cast.account
    with pytest.raises(LookElsewhere):
        selectors.access_for_token(token=token, slug="rival")
