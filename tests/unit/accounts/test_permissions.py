import pytest

from accounts.permissions import ROLE_PERMISSIONS, Permission, Role

# Written out once more on purpose: who may do what is never changed by accident.
EXPECTED = {
    Role.VIEWER: "connections:read campaigns:read deliveries:read",
    Role.ADVERTISER: "connections:read connections:test campaigns:read campaigns:write deliveries:read",
    Role.OPERATOR: "connections:read connections:test campaigns:read deliveries:read deliveries:replay pii:read",
}


@pytest.mark.parametrize("role", EXPECTED)
def test_role_may_do_exactly_this(role):
    assert sorted(ROLE_PERMISSIONS[role]) == sorted(EXPECTED[role].split())


def test_account_manager_may_do_everything():
    assert ROLE_PERMISSIONS[Role.ACCOUNT_MANAGER] == frozenset(Permission)


def test_every_role_has_its_row():
    assert set(ROLE_PERMISSIONS) == set(Role)
