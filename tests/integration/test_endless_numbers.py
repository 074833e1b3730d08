"""Numbers of thousands of digits, which Python refuses to read, break no page and no answer."""

import pytest

from tests.delivery_stage import set_stage

pytestmark = pytest.mark.django_db

ENDLESS = ("9" * 5_000, "-" + "9" * 5_000, "%00", "²", "٣")
PAGES = (
    "deliveries/?before={}",
    "deliveries/?status={}",
    "real-time-referral/?open={}",
    "real-time-referral/?unlinked={}",
    "real-time-referral/?q={}",
    "integrations/connections/?q={}",
    "integrations/connections/{{connection}}/?rule=[{}]",
    "integrations/connections/{{connection}}/history/?answers={}",
    "integrations/connections/{{connection}}/versions/?page={}",
    "integrations/connections/{{connection}}/tests/?page={}",
)
LISTS = (
    "connections?limit={}",
    "connections?cursor={}",
    "connections/{{connection}}/tests?limit={}",
    "connections/{{connection}}/versions/{}",
    "campaigns?limit={}",
    "deliveries?limit={}",
    "deliveries?since={}",
    "deliveries?connection={}",
    "deliveries?external_id={}",
    "deliveries?reason={}",
    "statistics?since={}",
)
BODIES = (
    ("backtest", '{{"limit": {}}}'),
    ("relabel", '{{"limit": "{}"}}'),
    ("classify", '{{"status": {}}}'),
    ("preview", '{{"attributes": {{"email": "a@example.com", "age": {}}}}}'),
    ("tests", '{{"attributes": {{"email": "a@example.com", "age": "{}"}}}}'),
)


@pytest.fixture
def stage():
    return set_stage()


@pytest.fixture
def connection(stage):
    return stage.connection("http://127.0.0.1:9")


def fill(address, number, connection):
    return address.format(number).replace("{connection}", str(connection.id))


@pytest.mark.parametrize("page", PAGES)
def test_page_that_is_asked_for_one_is_shown_or_refused(client, stage, connection, page):
    client.force_login(stage.cast.manager)
    client.raise_request_exception = False
    answers = [
        client.get(f"/accounts/acme/{fill(page, number, connection)}").status_code
        for number in ENDLESS
    ]
    assert set(answers) <= {200, 404}


@pytest.mark.parametrize("path", LISTS)
def test_list_that_is_asked_for_one_is_shown_or_refused(api, client, stage, connection, path):
    client.raise_request_exception = False
    token = stage.cast.token()
    answers = [
        api("get", f"/accounts/acme/{fill(path, number, connection)}", token).status_code
        for number in ENDLESS
    ]
    assert set(answers) <= {200, 400, 404, 422}


@pytest.mark.parametrize(("action", "body"), BODIES)
def test_body_that_holds_one_is_refused(api, client, stage, connection, action, body):
    client.raise_request_exception = False
    path = f"/accounts/acme/connections/{connection.id}/{action}"
    refused = api("post", path, stage.cast.token(), body.format("9" * 5_000))
    assert refused.status_code in {400, 422}
