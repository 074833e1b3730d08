"""Signing in, Home, switching and the theme, through their URLs."""

import itertools

import pytest

from accounts.permissions import Role
from accounts.services import add_member
from tests.cast import BEGINNING, NOBODY, PASSWORD, client_of

pytestmark = pytest.mark.django_db

WRONG = "Email or password is not right"
LOCKED = "Too many tries"
ADDRESSES = itertools.count(1)


@pytest.fixture
def address(cast):
    """An address of this test alone: failures are counted in Redis, beyond the transaction."""
    return f"192.0.2.{next(ADDRESSES)}"


@pytest.fixture
def sign_in(client, address):
    def sign_in(email, password=PASSWORD, **extra):
        body = {"username": email, "password": password} | extra
        return client.post("/login/", body, REMOTE_ADDR=address)

    return sign_in


def test_sign_in_leads_to_home_whatever_the_case_of_the_email(cast, sign_in):
    answer = sign_in(cast.manager.email.upper())
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/")


def test_sign_in_leads_to_where_one_wanted_to_go(cast, sign_in):
    answer = sign_in(cast.manager.email, next="/accounts/acme/deliveries/")
    assert answer["Location"] == "/accounts/acme/deliveries/"


def test_sign_in_leads_to_no_other_site(cast, sign_in):
    answer = sign_in(cast.manager.email, next="https://elsewhere.example/")
    assert answer["Location"] == "/accounts/"


@pytest.mark.parametrize("cause", ["wrong password", "no such person", "not active"])
def test_sign_in_refused_says_the_same_for_every_cause(cast, sign_in, cause):
    email = "nobody@acme.example" if cause == "no such person" else cast.viewer.email
    if cause == "not active":
        cast.viewer.is_active = False
        cast.viewer.save()
    answer = sign_in(email, "wrong" if cause == "wrong password" else PASSWORD)
    assert WRONG in answer.content.decode()
    assert "<title>Error: Sign in" in answer.content.decode()


def test_sign_in_after_ten_failures_waits_even_with_the_right_password(cast, sign_in):
    for _ in range(10):
        assert WRONG in sign_in(cast.operator.email, "wrong").content.decode()
    assert LOCKED in sign_in(cast.operator.email).content.decode()


def test_sign_in_from_elsewhere_is_not_locked_out(cast, client, sign_in):
    for _ in range(11):
        sign_in(cast.advertiser.email, "wrong")
    body = {"username": cast.advertiser.email, "password": PASSWORD}
    assert client.post("/login/", body, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_sign_in_behind_a_proxy_is_counted_by_who_asked_the_proxy(cast, client, settings):
    settings.TRUSTED_PROXIES = 1
    body = {"username": cast.advertiser.email, "password": "wrong"}

    def sign_in(said, seen):
        return client.post("/login/", body, headers={"X-Forwarded-For": f"{said}, {seen}"})

    for number in range(11):
        answer = sign_in(f"203.0.113.{number}", "198.51.100.20")
    assert LOCKED in answer.content.decode()
    assert WRONG in sign_in("198.51.100.20", "198.51.100.21").content.decode()


def test_sign_in_with_the_right_password_forgets_failures(cast, client, sign_in):
    for _ in range(2):
        for _ in range(9):
            sign_in(cast.manager.email, "wrong")
        assert sign_in(cast.manager.email).status_code == 302
        client.logout()


def test_sign_in_works_while_redis_is_away(cast, sign_in, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert sign_in(cast.manager.email).status_code == 302


def test_sign_out_is_a_post_and_leads_to_sign_in(cast):
    client = client_of(cast.manager)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/accounts/")["Location"].startswith("/login/")


def test_home_of_a_person_with_one_account_is_that_account(cast):
    assert client_of(cast.viewer).get("/accounts/")["Location"] == "/accounts/acme/"


def test_home_lists_own_accounts_and_no_others(cast):
    client = client_of(cast.outsider)
    page = client.get("/accounts/?switch=1").content.decode()
    assert "Rival Solar" in page
    assert "Acme Energy" not in page


def test_home_searches_by_name(cast):
    member = {"account": cast.rival, "role": Role.VIEWER, "actor": NOBODY, "now": BEGINNING}
    add_member(user=cast.manager, **member)
    client = client_of(cast.manager)
    assert "Acme Energy" in client.get("/accounts/").content.decode()
    found = client.get("/accounts/?q=sol").content.decode()
    assert "Rival Solar" in found
    assert "Acme Energy" not in found
    assert "No account matches" in client.get("/accounts/?q=xyz").content.decode()


def test_pages_with_data_are_kept_by_no_browser(cast):
    client = client_of(cast.manager)
    for path in ("/accounts/?switch=1", "/accounts/acme/", "/accounts/acme/deliveries/"):
        assert "no-store" in client.get(path)["Cache-Control"]


def test_part_of_a_page_after_the_session_ended_reloads_the_page(client):
    answer = client.get("/accounts/", HTTP_HX_REQUEST="true", follow=True)
    assert answer["HX-Refresh"] == "true"
    assert answer.content == b""


def test_theme_is_kept_and_painted_by_the_server(client):
    answer = client.post("/theme/", {"theme": "dark", "next": "/login/"})
    assert answer["Location"] == "/login/"
    assert 'data-theme="dark"' in client.get("/login/").content.decode()


def test_theme_leads_to_no_other_site(client):
    answer = client.post("/theme/", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/accounts/"


def test_theme_unknown_is_refused(client):
    assert client.post("/theme/", {"theme": "sepia"}).status_code == 400


def test_page_that_does_not_exist_has_the_shell(cast):
    answer = client_of(cast.manager).get("/accounts/acme/nothing-here/")
    assert answer.status_code == 404
    assert "We could not find that" in answer.content.decode()


def test_policy_allows_nothing_inline(client):
    policy = client.get("/login/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
