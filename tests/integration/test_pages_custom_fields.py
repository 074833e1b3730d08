"""The pages of custom fields, through their URLs: who may, who may only read, and a stranger."""

import pytest
from django.utils import timezone

from connections.documents import parse_config
from connections.models import CustomField
from connections.services import create_connection
from tests.cast import client_of

pytestmark = pytest.mark.django_db

LIST = "/accounts/acme/settings/custom-fields/"
FORM = {
    "name": " region ",
    "source": "state",
    "condition": "equals",
    "mappings.0.match": "NY",
    "mappings.0.value": "East",
    "mappings.1.match": "",
    "mappings.1.value": "",
    "default_when_empty": "",
    "default_when_nothing_matches": "Other",
}


@pytest.fixture
def field(cast, manager):
    assert manager.post(f"{LIST}add/", FORM).status_code == 302
    return CustomField.objects.for_account(cast.account).get()


@pytest.fixture
def using(cast, field):
    config = {
        "environments": {"production": {"url": "https://api.example.com/v1"}},
        "body": {"encoding": "json", "template": '{"region": "{{ region }}"}'},
    }
    who = {"account": cast.account, "actor": cast.actor, "now": timezone.now()}
    return create_connection(name="Acme CRM", config=parse_config(config), **who)


def test_add_asks_to_choose_an_attribute_and_keeps_a_row_when_refused(manager):
    asked = manager.get(f"{LIST}add/").content.decode()
    refused = manager.post(f"{LIST}add/", {"name": ""}).content.decode()

    assert '<option value="" selected>Choose</option>' in asked
    assert "set through the API" not in asked
    assert 'name="mappings.0.match"' in refused


def test_field_is_kept_as_it_was_typed(field):
    assert field.definition == {
        "name": "region",
        "source": "state",
        "condition": "equals",
        "mappings": [{"match": "NY", "value": "East"}],
        "default_when_empty": None,
        "default_when_nothing_matches": "Other",
    }


def test_wrong_field_stays_on_the_page_with_the_sentence_beside_it(manager):
    answer = manager.post(f"{LIST}add/", FORM | {"name": "email"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "There is an attribute called email already" in page
    assert 'href="#id_name"' in page
    assert 'value="East"' in page


def test_row_is_added_without_javascript(manager):
    page = manager.post(f"{LIST}add/", FORM | {"then": "add:mappings"}).content.decode()
    assert 'name="mappings.2.match"' in page


def test_list_says_where_a_field_is_used(manager, using):
    page = manager.get(LIST).content.decode()
    assert "region" in page
    assert "NY → East" in page
    assert "Acme CRM" in page


def test_palette_of_the_editor_offers_the_field(manager, using):
    page = manager.get(f"/accounts/acme/integrations/connections/{using.id}/").content.decode()
    assert 'data-insert="region"' in page


def test_used_field_is_not_renamed_and_not_deleted(manager, field, using):
    one = f"{LIST}{field.id}/"
    refused = manager.post(one, FORM | {"name": "area"})
    assert refused.status_code == 422
    assert "Acme CRM uses region" in refused.content.decode()
    assert "Take it out" in manager.get(f"{one}delete/").content.decode()
    told = manager.post(f"{one}delete/", follow=True).content.decode()
    assert "Acme CRM uses region" in told
    field.refresh_from_db()


def test_field_is_changed_then_deleted(cast, manager, field):
    one = f"{LIST}{field.id}/"
    assert manager.get(one).status_code == 200
    manager.post(one, FORM | {"name": "area"})
    field.refresh_from_db()
    assert field.name == "area"
    assert "nothing that is sent changes" in manager.get(f"{one}delete/").content.decode()
    manager.post(f"{one}delete/")
    assert not CustomField.objects.for_account(cast.account).exists()


def test_viewer_looks_and_changes_nothing(cast, field):
    viewer = client_of(cast.viewer)
    page = viewer.get(LIST).content.decode()
    assert "region" in page
    assert "add/" not in page
    assert viewer.post(f"{LIST}add/", FORM).status_code == 403
    assert viewer.get(f"{LIST}{field.id}/").status_code == 403


def test_outsider_finds_nothing(cast, field):
    outsider = client_of(cast.outsider)
    assert outsider.get(LIST).status_code == 404
    assert outsider.get(f"/accounts/rival/settings/custom-fields/{field.id}/").status_code == 404


def test_list_asks_no_more_of_the_database_when_it_is_long(
    manager, using, django_assert_max_num_queries
):
    for number in range(20):
        manager.post(f"{LIST}add/", FORM | {"name": f"region_{number}"})
    with django_assert_max_num_queries(10):
        manager.get(LIST)
