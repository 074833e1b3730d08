"""The sandbox CRM over real HTTP: each behaviour, its memory, its page."""

import time

import httpx
import pytest

from referral_export.sandbox_crm import API_KEY, CLIENT_ID, CLIENT_SECRET, make_app
from referral_export.sandbox_crm.app import REQUESTS_KEPT
from referral_export.sandbox_crm.behaviours import BEHAVIOURS
from tests.loopback import serving

KEY = {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture
def crm():
    with serving(make_app()) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    ("behaviour", "status", "content_type", "text"),
    [
        ("created", 201, "application/json", '{"id": "lead-000001"}'),
        ("duplicate", 409, "application/json", '"error": "duplicate"'),
        ("member-exists", 400, "application/json", '"title": "Member Exists"'),
        ("success-false", 200, "application/json", '"success": false'),
        ("plain", 200, "text/plain", "successfully delivered"),
        ("xml-error", 200, "application/xml", "<result>error</result>"),
        ("unauthorized", 401, "application/json", '"error": "unauthorized"'),
        ("rate-limited", 429, "application/json", '"retryAfter": 2'),
        ("error", 500, "application/json", '"error": "internal"'),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_behaviour_answers_as_its_name_says(crm, behaviour, status, content_type, text, method):
    response = crm.request(method, f"/crm/{behaviour}")

    assert response.status_code == status
    assert response.headers["Content-Type"].split(";")[0] == content_type
    assert text in response.text


def test_rate_limited_says_when_to_come_back(crm):
    assert crm.post("/crm/rate-limited").headers["Retry-After"] == "2"


def test_slow_answers_after_the_seconds_asked_for(crm):
    started = time.monotonic()

    assert crm.post("/crm/slow?seconds=0.3").status_code == 201
    assert time.monotonic() - started >= 0.3


def test_cut_off_closes_in_the_middle_of_the_body(crm):
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        crm.post("/crm/cut-off")


def test_unknown_behaviour_names_those_that_there_are(crm):
    response = crm.post("/crm/created2")

    assert response.status_code == 404
    assert all(name in response.json()["error"] for name in BEHAVIOURS)


@pytest.mark.parametrize(
    "credential",
    [
        {"headers": {"Authorization": f"bearer {API_KEY}"}},
        {"headers": {"X-API-Key": API_KEY}},
        {"params": {"api_key": API_KEY}},
        {"auth": ("anybody", API_KEY)},
    ],
)
def test_smart_with_the_key_creates(crm, credential):
    response = crm.post("/crm/smart", json={"email": "ada@x.example"}, **credential)

    assert response.status_code == 201


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"headers": {"Authorization": "Bearer wrong"}},
        {"headers": {"Authorization": "Basic %%%"}},
        {"headers": {"Authorization": "Bearer"}},
        {"auth": ("anybody", "wrong")},
    ],
)
def test_smart_without_the_key_refuses(crm, credential):
    response = crm.post("/crm/smart", json={"email": "ada@x.example"}, **credential)

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("lead", "status"),
    [
        ({}, 400),
        ({"email": ""}, 400),
        ({"email": "ada.example"}, 422),
        ({"email": "invalid@x.example"}, 422),
        ({"email": "duplicate@x.example"}, 409),
        ({"email": "ada@x.example"}, 201),
    ],
)
def test_smart_judges_the_lead(crm, lead, status):
    assert crm.post("/crm/smart", json=lead, headers=KEY).status_code == status


def test_smart_knows_a_person_again_in_every_encoding(crm):
    first = crm.post("/crm/smart", json={"email": "ada@x.example"}, headers=KEY)
    form = crm.post("/crm/smart", data={"email": "ADA@x.example"}, headers=KEY)
    xml = crm.post(
        "/crm/smart",
        content="<lead><Email>ada@x.example</Email></lead>",
        headers=KEY | {"Content-Type": "application/xml"},
    )

    assert (first.status_code, form.status_code, xml.status_code) == (201, 409, 409)
    assert form.json()["id"] == first.json()["id"]


def test_smart_with_the_same_idempotency_key_answers_the_same(crm):
    headers = KEY | {"Idempotency-Key": "delivery-1"}
    first = crm.post("/crm/smart", json={"email": "ada@x.example"}, headers=headers)
    again = crm.post("/crm/smart", json={"email": "ada@x.example"}, headers=headers)

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert first.status_code == 201


def test_smart_does_not_remember_test_leads(crm):
    headers = KEY | {"X-Test-Lead": "true"}

    for _ in range(2):
        response = crm.post("/crm/smart", json={"email": "ada@x.example"}, headers=headers)
        assert response.status_code == 201


@pytest.mark.parametrize("place", ["header", "body"])
def test_token_from_the_endpoint_opens_smart(crm, place):
    form = {"grant_type": "client_credentials"}
    if place == "header":
        answer = crm.post("/oauth/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))
    else:
        form |= {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        answer = crm.post("/oauth/token", data=form)
    assert answer.json()["token_type"] == "Bearer"

    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    response = crm.post("/crm/smart", json={"email": "ada@x.example"}, headers=headers)
    assert response.status_code == 201


def test_token_with_wrong_secret_is_refused(crm):
    form = {"grant_type": "client_credentials"}
    response = crm.post("/oauth/token", data=form, auth=(CLIENT_ID, "wrong"))

    assert (response.status_code, response.json()) == (401, {"error": "invalid_client"})


def test_received_says_what_came_oldest_first(crm):
    headers = KEY | {"Idempotency-Key": "delivery-1", "X-Test-Lead": "true"}
    crm.post("/crm/smart?source=x", json={"email": "ada@x.example"}, headers=headers)
    crm.post("/crm/plain", data={"email": "grace@x.example"})

    first, second = crm.get("/received.json").json()["results"]

    assert first["method"] == "POST"
    assert first["path"] == "/crm/smart?source=x"
    assert first["understood"] == {"email": "ada@x.example"}
    assert first["idempotency_key"] == "delivery-1"
    assert first["test"] is True
    assert first["answer"]["status"] == 201
    assert second["understood"] == {"email": "grace@x.example"}
    assert second["test"] is False


def test_received_keeps_the_last_requests_only(crm):
    for number in range(REQUESTS_KEPT + 1):
        crm.get("/crm/plain", params={"number": number})

    results = crm.get("/received.json").json()["results"]
    assert [one["query"]["number"] for one in results] == [
        str(number) for number in range(1, REQUESTS_KEPT + 1)
    ]


def test_page_shows_requests_and_escapes_them(crm):
    crm.post("/crm/plain", json={"email": "<script>alert(1)</script>"})

    page = crm.get("/")

    assert "POST <code>/crm/plain</code>" in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert crm.get("/page.css").status_code == 200
