"""The pages that stand in for one that cannot be shown, and the gallery."""

from django.test import Client, RequestFactory

from referral_export.pages import server_error
from tests.cast import PASSWORD


def test_server_error_needs_no_database_and_promises_only_what_holds():
    # No `db` fixture: a query would fail this test.
    answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "Referrals that were accepted are kept" in answer.content.decode()


def test_form_without_its_token_is_refused_with_what_to_do(cast):
    client = Client(enforce_csrf_checks=True)
    body = {"username": cast.manager.email, "password": PASSWORD}
    answer = client.post("/login/", body)
    assert answer.status_code == 403
    assert "reload it and try again" in answer.content.decode()


def test_refusal_names_who_can(cast, client):
    client.force_login(cast.viewer)
    answer = client.get("/accounts/acme/integrations/connections/add/")
    assert answer.status_code == 403
    assert "Account managers can: Account Manager." in answer.content.decode()


def test_gallery_shows_the_components(client, db):
    assert "An exchange without an answer" in client.get("/ui/").content.decode()


def test_gallery_is_not_there_in_production(client, db, settings):
    settings.PRODUCTION = True
    assert client.get("/ui/").status_code == 404
