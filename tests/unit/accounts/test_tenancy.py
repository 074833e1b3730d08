import pytest

from accounts.errors import LookElsewhere
from accounts.models import Membership
from accounts.tenancy import AccountNotGivenError


@pytest.mark.parametrize(
    "query", ["all", "filter", "get", "create", "count", "exists", "first", "bulk_create"]
)
def test_manager_refuses_every_query_without_an_account(query):
    with pytest.raises(AccountNotGivenError):
        getattr(Membership.objects, query)(*([[]] if query == "bulk_create" else []))


def test_for_account_reaches_its_own_rows_only(cast):
    assert Membership.objects.for_account(cast.account).count() == 4
    theirs = Membership.objects.for_account(cast.rival).get()
    with pytest.raises(LookElsewhere, match="no such membership in this account"):
        Membership.objects.for_account(cast.account).get_or_404(id=theirs.id)


@pytest.mark.parametrize("row_id", ["not-an-id", "00000000-0000-0000-0000-000000000000"])
def test_malformed_and_missing_ids_look_the_same(cast, row_id):
    with pytest.raises(LookElsewhere, match="no such membership in this account"):
        Membership.objects.for_account(cast.account).get_or_404(id=row_id)
