"""Each request has an id: in its answer, in the log and on pages that say what went wrong."""

import logging

import pytest

from delivery import selectors

SANE = "client-request_0001"


def lines(caplog):
    return [made for made in caplog.records if made.name == "referral_export.requests"]


def test_id_of_the_client_is_kept(client):
    assert client.get("/healthz", headers={"X-Request-Id": SANE})["X-Request-Id"] == SANE


@pytest.mark.parametrize("given", [None, "", "short", "x" * 65, "jane@example.com", "a b c d e f"])
def test_id_is_made_when_there_is_no_sane_one(client, given):
    headers = {} if given is None else {"X-Request-Id": given}
    first, second = (client.get("/healthz", headers=headers)["X-Request-Id"] for _ in range(2))
    assert len(first) == 32
    assert first not in {second, given}


def test_request_is_logged_by_its_route_and_without_its_query(db, cast, client, caplog):
    caplog.set_level(logging.INFO)
    path = "/api/v1/accounts/acme/deliveries?external_id=secret"
    client.get(path, headers={"X-Request-Id": SANE}, **cast.authorization())
    [line] = lines(caplog)
    assert (line.method, line.status_code) == ("GET", 200)
    assert line.route == "api/v1/accounts/<slug:account>/deliveries"
    assert line.duration_ms > 0
    assert "secret" not in str(vars(line))


def test_look_of_a_load_balancer_is_not_logged(client, caplog):
    caplog.set_level(logging.INFO)
    client.get("/healthz")
    assert lines(caplog) == []


def test_error_pages_show_the_id(db, cast, client, monkeypatch):
    def fails(*_args, **_options):
        raise ValueError

    client.force_login(cast.manager)
    monkeypatch.setattr(selectors, "deliveries_of", fails)
    client.raise_request_exception = False
    for path, status in (
        ("/accounts/rival/deliveries/", 404),
        ("/nowhere", 404),
        ("/accounts/acme/deliveries/", 500),
    ):
        answer = client.get(path, headers={"X-Request-Id": SANE})
        assert answer.status_code == status
        assert SANE in answer.content.decode()
