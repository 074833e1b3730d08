"""Overview, real-time referral and deliveries, through their URLs."""

import re

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from campaigns.models import CampaignLink
from campaigns.services import create_campaign
from connections.models import Connection, ConnectionStatus
from delivery.models import DeliveryStatus
from tests.cast import client_of
from tests.delivery_stage import now, pump, receiving, set_stage

NOWHERE = "http://127.0.0.1:9"
PAGE = "/accounts/acme/real-time-referral/"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def stage(db):
    return set_stage()


@pytest.fixture
def manager(stage):
    return client_of(stage.cast.manager)


def text(answer) -> str:
    return answer.content.decode()


def links(stage) -> int:
    account = stage.cast.account
    return CampaignLink.objects.for_account(account).filter(unlinked_at=None).count()


def link_url(stage, connection, action) -> str:
    return f"{PAGE}{connection.id}/{stage.campaign.id}/{action}"


def test_closed_panel_does_not_list_campaigns(stage, manager):
    stage.connection(NOWHERE)
    page = text(manager.get(PAGE))
    assert "1 campaign linked" in page
    assert "Linked campaigns" not in page


def test_open_panel_lists_linked_campaigns_and_the_curl_line(stage, manager):
    connection = stage.connection(NOWHERE)
    page = text(manager.get(f"{PAGE}?open={connection.id}"))
    assert "Unlink<span" in page
    assert "http://testserver/api/v1/accounts/acme/referrals" in page
    assert "Show unlinked (0)" in page


def test_linked_campaign_says_by_whom(stage, manager):
    connection = stage.connection(NOWHERE)
    page = text(manager.get(f"{PAGE}?open={connection.id}"))
    assert re.search(r"</time>\s+by Account Manager", page)


@pytest.fixture
def two(stage):
    """CRM 0, fed by the campaign Spring, and CRM 1, fed by none, at another host."""
    return stage.connection("https://first.acme-crm.com"), stage.connection(
        "https://second.acme-crm.com", linked=False
    )


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("crm 1", ["CRM 1"]),
        ("SECOND.acme", ["CRM 1"]),
        ("spring", ["CRM 0"]),
        ("crm", ["CRM 0", "CRM 1"]),
        ("  ", ["CRM 0", "CRM 1"]),
        ("leads", []),
        ("\0", []),
    ],
)
def test_search_finds_by_name_host_and_linked_campaign(two, manager, search, found):
    page = text(manager.get(PAGE, {"q": search}))
    assert re.findall("<h2>(CRM .)</h2>", page) == found
    assert ("contains what you searched" in page) == (not found)


def test_found_campaign_stands_at_its_connection(two, manager):
    page = " ".join(text(manager.get(PAGE, {"q": "spring"})).split())
    assert "1 campaign linked: Spring" in page
    assert "1 of 2 connections." in page


def test_search_stays_while_campaigns_are_linked(stage, two, manager):
    first, second = two
    page = text(manager.get(PAGE, {"q": "spring", "unlinked": second.id}))
    assert re.findall("<h2>(CRM .)</h2>", page) == ["CRM 0", "CRM 1"], "the opened one stays"
    action = f"{link_url(stage, second, 'link')}?q=spring&unlinked={second.id}"
    assert f'action="{action.replace("&", "&amp;")}"' in page
    linked = manager.post(action)
    assert linked["Location"] == f"{PAGE}?unlinked={second.id}&q=spring#connection-{second.id}"
    asked = text(manager.get(f"{link_url(stage, first, 'unlink')}?q=spring", **HTMX))
    assert "unlink?q=spring" in asked


def test_link_without_javascript_leads_back_and_says_so(stage, manager):
    connection = stage.connection(NOWHERE, linked=False)
    answer = manager.post(link_url(stage, connection, "link"), follow=True)
    assert f"Spring is linked to {connection.name}." in text(answer)
    assert links(stage) == 1


def test_link_by_htmx_answers_the_page_with_the_sentence(stage, manager):
    connection = stage.connection(NOWHERE, linked=False)
    answer = manager.post(link_url(stage, connection, "link"), **HTMX)
    assert answer.status_code == 200
    announced = re.search(r'id="announce" role="status">([^<]*)<', text(answer))[1]
    assert announced.startswith(f"Spring is linked to {connection.name}.")


def test_draft_offers_no_link(stage, manager):
    connection = stage.connection(NOWHERE, linked=False)
    connection.status, connection.live_version = "draft", None
    connection.save()
    page = text(manager.get(f"{PAGE}?unlinked={connection.id}"))
    assert "is a draft: test and activate it" in page
    assert "/link" not in page


def test_unlink_asks_first_and_says_how_many_wait(stage, manager):
    connection = stage.connection(NOWHERE)
    stage.accept("one", "two")
    question = manager.get(link_url(stage, connection, "unlink"))
    assert "2 deliveries that wait to be sent will be cancelled" in text(question)
    assert links(stage) == 1


def test_unlink_by_htmx_asks_in_a_dialog(stage, manager):
    connection = stage.connection(NOWHERE)
    question = text(manager.get(link_url(stage, connection, "unlink"), **HTMX))
    assert "<modal-dialog>" in question
    assert "<html" not in question


def test_unlink_cancels_what_waits(stage, manager):
    connection = stage.connection(NOWHERE)
    stage.accept("one", "two")
    answer = manager.post(link_url(stage, connection, "unlink"), follow=True)
    assert f"Spring is unlinked from {connection.name}." in text(answer)
    assert stage.statuses() == {"cancelled": 2}


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_who_may_only_read_sees_whom_to_ask_and_cannot_link(stage, role):
    client = client_of(getattr(stage.cast, role))
    connection = stage.connection(NOWHERE, linked=False)
    page = text(client.get(f"{PAGE}?unlinked={connection.id}"))
    assert "Ask Account Manager, Advertiser." in page
    assert "<form method" not in page.split("<main", 1)[1]
    assert client.post(link_url(stage, connection, "link")).status_code == 403
    assert client.get(link_url(stage, connection, "unlink")).status_code == 403
    assert links(stage) == 0


def test_advertiser_may_link(stage):
    connection = stage.connection(NOWHERE, linked=False)
    client_of(stage.cast.advertiser).post(link_url(stage, connection, "link"))
    assert links(stage) == 1


def test_stranger_finds_nothing(stage):
    connection = stage.connection(NOWHERE)
    stage.accept("one")
    client = client_of(stage.cast.outsider)
    delivery = stage.deliveries().get()
    for path in (
        "/accounts/acme/",
        PAGE,
        f"{PAGE}{connection.id}/latest",
        "/accounts/acme/deliveries/",
        f"/accounts/acme/deliveries/{delivery.id}/",
        f"/accounts/rival/deliveries/{delivery.id}/",
        f"/accounts/rival/real-time-referral/{connection.id}/latest",
    ):
        assert client.get(path).status_code == 404, path


def test_latest_answers_204_until_something_changes(stage, manager):
    connection = stage.connection(NOWHERE)
    stage.accept("one")
    url = f"{PAGE}{connection.id}/latest"
    seen = re.search(r"\?seen=(\w+)", text(manager.get(url)))[1]
    assert manager.get(f"{url}?seen={seen}").status_code == 204
    finished = {"status": DeliveryStatus.DELIVERED, "finished_at": now(), "next_attempt_at": None}
    stage.deliveries().update(**finished)
    answer = manager.get(f"{url}?seen={seen}")
    assert answer.status_code == 200
    assert "Delivered" in text(answer)


@pytest.mark.django_db(transaction=True)
def test_detail_shows_the_exchange_and_masks_it_for_a_viewer():
    stage = set_stage()
    with receiving() as receiver:
        stage.connection(receiver)
        stage.accept("secret.person")
        pump()
    path = f"/accounts/acme/deliveries/{stage.deliveries().get().id}/"
    seen = text(client_of(stage.cast.operator).get(path))
    assert "secret.person@example.com" in seen
    assert "crm-1" in seen
    assert "Rule “Success”" in seen
    hidden = text(client_of(stage.cast.viewer).get(path))
    assert "secret.person@example.com" not in hidden
    assert "Personal data is masked for your role." in hidden


def test_list_filters_by_status_and_pages_by_cursor(stage, manager, monkeypatch):
    monkeypatch.setattr("delivery.views.deliveries.PAGE_SIZE", 2)
    stage.connection(NOWHERE)
    stage.accept("a", "b", "c")
    path = "/accounts/acme/deliveries/"
    first = text(manager.get(path))
    older = re.search(r'href="(\?before=[^"]+)"', first)[1]
    second = text(manager.get(path + older))
    assert first.count("pill-pending") == 2
    assert second.count("pill-pending") == 1
    assert "Older" not in second
    assert "No delivery has the status Rejected." in text(manager.get(f"{path}?status=rejected"))


@pytest.mark.parametrize("query", ["?status=nonsense", "?before=nonsense", "?open=x&unlinked=y"])
def test_nonsense_in_an_address_is_ignored(stage, manager, query):
    assert manager.get(f"/accounts/acme/deliveries/{query}").status_code == 200
    assert manager.get(f"{PAGE}{query}").status_code == 200


def test_overview_ticks_off_the_set_up(stage, manager):
    assert text(manager.get("/accounts/acme/")).count("To do") == 4
    stage.connection(NOWHERE)
    assert text(manager.get("/accounts/acme/")).count("To do") == 2


def test_overview_names_the_live_connections_that_cannot_send(stage, manager):
    failing = stage.connection(NOWHERE)
    paused = stage.connection(NOWHERE)
    of_account = Connection.objects.for_account(stage.cast.account)
    trouble = {"health": "failing", "health_since": now(), "health_reason": "status 503"}
    of_account.filter(id__in=[failing.id, paused.id]).update(**trouble)
    of_account.filter(id=paused.id).update(status=ConnectionStatus.PAUSED)
    page = text(manager.get("/accounts/acme/"))

    assert "Needs attention" in page
    assert "Status 503" in page
    assert f"/integrations/connections/{failing.id}/" in page
    assert f"/integrations/connections/{paused.id}/" not in page


def test_overview_is_calm_when_all_is_well(stage, manager):
    stage.connection(NOWHERE)

    assert "Needs attention" not in text(manager.get("/accounts/acme/"))


@pytest.mark.parametrize("path", ["", "deliveries/", "real-time-referral/?unlinked={connection}"])
def test_queries_do_not_grow_with_rows(stage, manager, path):
    connection = stage.connection(NOWHERE)
    stage.accept("first")
    url = f"/accounts/acme/{path.format(connection=connection.id)}"
    before = count_queries(manager, url)
    for number in range(20):
        stage.connection(NOWHERE)
        create_campaign(
            account=stage.cast.account,
            actor=stage.cast.actor,
            now=now(),
            name=f"Campaign {number}",
            reference=f"campaign-{number}",
        )
    stage.accept(*(f"tx-{number}" for number in range(5)))
    assert count_queries(manager, url) == before <= 16


def count_queries(client, url) -> int:
    with CaptureQueriesContext(database) as queries:
        assert client.get(url).status_code == 200
    return len(queries)
