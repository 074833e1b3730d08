"""Campaigns and their links change as asked, once, and leave a trace."""

from datetime import timedelta

import pytest

from accounts.errors import CorrectInput, LookElsewhere, ResolveConflict
from accounts.models import AuditEvent
from campaigns import selectors, services
from campaigns.models import CampaignLink, CampaignStatus
from campaigns.signals import link_ended
from connections.models import Connection, ConnectionStatus
from tests.cast import BEGINNING

LATER = BEGINNING + timedelta(hours=1)


@pytest.fixture
def campaign(cast):
    return create(cast, "Spring savings", "spring-savings")


@pytest.fixture
def connection(cast):
    return make_connection(cast.account, "CRM")


def create(cast, name, reference, **more):
    return services.create_campaign(
        account=cast.account,
        actor=cast.actor,
        now=BEGINNING,
        name=name,
        reference=reference,
        **more,
    )


def make_connection(account, name):
    return Connection.objects.for_account(account).create(
        account=account, name=name, created_at=BEGINNING, updated_at=BEGINNING
    )


def change(cast, campaign, **changes):
    return services.change_campaign(
        account=cast.account, actor=cast.actor, now=LATER, campaign_id=campaign.id, **changes
    )


def link(cast, connection, campaign, account=None):
    return services.link_campaign(
        account=account or cast.account,
        actor=cast.actor,
        now=LATER,
        connection_id=connection.id,
        campaign_id=campaign.id,
    )


def unlink(cast, connection, campaign):
    return services.unlink_campaign(
        account=cast.account,
        actor=cast.actor,
        now=LATER,
        connection_id=connection.id,
        campaign_id=campaign.id,
    )


def events(account):
    trail = AuditEvent.objects.for_account(account).filter(event__startswith="campaign.")
    return list(trail.order_by("id").values_list("event", flat=True))


def test_campaign_is_created_stripped_and_audited(cast):
    campaign = create(cast, "  Spring savings ", " spring ")
    assert (campaign.name, campaign.reference, campaign.status) == (
        "Spring savings",
        "spring",
        "live",
    )
    assert events(cast.account) == ["campaign.created"]


@pytest.mark.parametrize(
    ("name", "reference", "pointer"),
    [
        ("", "spring", "/name"),
        ("Spring", " ", "/reference"),
        ("x" * 101, "spring", "/name"),
        ("Spring", "a\nb", "/reference"),
    ],
)
def test_campaign_with_a_bad_text_is_refused_with_its_place(cast, name, reference, pointer):
    with pytest.raises(CorrectInput) as refused:
        create(cast, name, reference)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]


def test_reference_is_taken_within_the_account_only(cast, campaign):
    with pytest.raises(CorrectInput) as refused:
        create(cast, "Another", campaign.reference)
    assert refused.value.problems[0].code == "reference_taken"
    services.create_campaign(
        account=cast.rival,
        actor=cast.actor,
        now=BEGINNING,
        name="Theirs",
        reference=campaign.reference,
    )


def test_change_to_the_same_leaves_no_trace(cast, campaign):
    change(cast, campaign, name=campaign.name, status=CampaignStatus.LIVE)
    assert events(cast.account) == ["campaign.created"]


def test_change_is_kept_and_audited_with_both_values(cast, campaign):
    change(cast, campaign, name="Summer savings", status=CampaignStatus.PAUSED)
    event = AuditEvent.objects.for_account(cast.account).get(event="campaign.changed")
    assert event.details == {
        "before": {"name": "Spring savings", "status": "live"},
        "after": {"name": "Summer savings", "status": "paused"},
    }


def test_link_twice_is_one_link(cast, campaign, connection):
    assert link(cast, connection, campaign) == link(cast, connection, campaign)
    assert events(cast.account) == ["campaign.created", "campaign.linked"]


def test_campaign_feeds_several_connections(cast, campaign, connection):
    other = make_connection(cast.account, "Newsletter")
    link(cast, connection, campaign)
    link(cast, other, campaign)
    assert list(selectors.linked_campaigns(cast.account, other)) == [campaign]
    assert list(selectors.linked_campaigns(cast.account, connection)) == [campaign]


def test_unlink_keeps_the_link_as_history_and_tells(cast, campaign, connection):
    link(cast, connection, campaign)
    heard = []

    def hear(sender, **told):
        heard.append({name: told[name] for name in ("account", "campaign", "connection", "now")})

    link_ended.connect(hear)
    try:
        unlink(cast, connection, campaign)
        assert unlink(cast, connection, campaign) is None
    finally:
        link_ended.disconnect(hear)
    kept = CampaignLink.objects.for_account(cast.account).get()
    assert (kept.unlinked_at, kept.unlinked_by) == (LATER, cast.manager.name)
    assert heard == [
        {"account": cast.account, "campaign": campaign, "connection": connection, "now": LATER}
    ]
    assert events(cast.account)[-1] == "campaign.unlinked"


def test_link_again_after_unlink_is_a_new_link(cast, campaign, connection):
    first = link(cast, connection, campaign)
    unlink(cast, connection, campaign)
    assert link(cast, connection, campaign) != first


def test_archived_campaign_or_connection_is_not_linked(cast, campaign, connection):
    change(cast, campaign, status=CampaignStatus.ARCHIVED)
    with pytest.raises(ResolveConflict, match="Spring savings is archived"):
        link(cast, connection, campaign)
    change(cast, campaign, status=CampaignStatus.LIVE)
    connection.status = ConnectionStatus.ARCHIVED
    connection.save()
    with pytest.raises(ResolveConflict, match="CRM is archived"):
        link(cast, connection, campaign)


def test_link_of_another_account_is_not_there(cast, campaign, connection):
    theirs = make_connection(cast.rival, "Theirs")
    with pytest.raises(LookElsewhere):
        link(cast, theirs, campaign)
    with pytest.raises(LookElsewhere):
        link(cast, theirs, campaign, account=cast.rival)
