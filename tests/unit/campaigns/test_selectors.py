"""Which campaigns feed a connection, and which could."""

import pytest

from accounts.errors import LookElsewhere
from campaigns import selectors
from campaigns.models import CampaignStatus
from tests.unit.campaigns.test_services import change, create, link, make_connection, unlink


def test_campaign_is_found_by_id_and_by_reference(cast):
    campaign = create(cast, "Spring", "spring")
    for key in (campaign.id, str(campaign.id), "spring"):
        assert selectors.campaign_of(cast.account, key) == campaign
    with pytest.raises(LookElsewhere):
        selectors.campaign_of(cast.rival, campaign.id)
    with pytest.raises(LookElsewhere):
        selectors.campaign_of(cast.rival, "spring")


def test_reference_that_looks_like_an_id_is_found(cast):
    reference = "0190a5b2-3c4d-7e6f-8a9b-0c1d2e3f4a5b"
    campaign = create(cast, "Spring", reference)
    assert selectors.campaign_of(cast.account, reference) == campaign


def test_unlinked_are_all_that_could_be_linked(cast):
    fed, could, archived, was = (create(cast, name, name) for name in "abcd")
    connection = make_connection(cast.account, "CRM")
    link(cast, connection, fed)
    link(cast, connection, was)
    unlink(cast, connection, was)
    change(cast, archived, status=CampaignStatus.ARCHIVED)
    beside = selectors.campaigns_beside(cast.account, connection)
    assert [(campaign.name, campaign.linked_at is not None) for campaign in beside] == [
        ("a", True),
        ("b", False),
        ("d", False),
    ]
    assert list(selectors.linked_campaigns(cast.account, connection)) == [fed]
    assert list(selectors.unlinked_campaigns(cast.account, connection)) == [could, was]


def test_linked_campaigns_are_found_by_name_and_reference(cast, django_assert_num_queries):
    spring, summer, other = (create(cast, name, f"ref-{name}") for name in ("Spring", "Sum", "O"))
    connection = make_connection(cast.account, "CRM")
    for campaign in (summer, spring, other):
        link(cast, connection, campaign)
    unlink(cast, connection, other)
    with django_assert_num_queries(1):
        assert selectors.linked_names(cast.account, "REF-") == {connection.id: ["Spring", "Sum"]}
    assert selectors.linked_names(cast.account, "spr") == {connection.id: ["Spring"]}
    assert selectors.linked_names(cast.rival, "spr") == {}
    assert [one.linked_by for one in selectors.linked_campaigns(cast.account, connection)] == [
        cast.actor.label
    ] * 2


def test_counts_agree_with_the_lists(cast, django_assert_num_queries):
    campaigns = [create(cast, name, name) for name in "abcd"]
    connections = [make_connection(cast.account, name) for name in ("CRM", "Newsletter")]
    link(cast, connections[0], campaigns[0])
    link(cast, connections[0], campaigns[1])
    change(cast, campaigns[1], status=CampaignStatus.ARCHIVED)
    link(cast, connections[1], campaigns[2])
    with django_assert_num_queries(2):
        counts = selectors.link_counts(cast.account)
    for connection in connections:
        linked = selectors.linked_campaigns(cast.account, connection).count()
        unlinked = selectors.unlinked_campaigns(cast.account, connection).count()
        assert counts[connection.id] == selectors.LinkCounts(linked=linked, unlinked=unlinked)
