"""Who may do what: one table for people's roles, one for the scopes of tokens."""

from enum import StrEnum


class Role(StrEnum):
    ACCOUNT_MANAGER = "account_manager"
    ADVERTISER = "advertiser"
    OPERATOR = "operator"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Permission(StrEnum):
    CONNECTION_READ = "connections:read"
    CONNECTION_WRITE = "connections:write"
    CONNECTION_TEST = "connections:test"
    CAMPAIGN_READ = "campaigns:read"
    CAMPAIGN_WRITE = "campaigns:write"
    REFERRAL_WRITE = "referrals:write"
    DELIVERY_READ = "deliveries:read"
    DELIVERY_REPLAY = "deliveries:replay"
    PERSONAL_DATA_READ = "pii:read"
    ACCOUNT_ADMIN = "account:admin"


_READ = frozenset({Permission.CONNECTION_READ, Permission.CAMPAIGN_READ, Permission.DELIVERY_READ})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _READ,
    Role.ADVERTISER: _READ | {Permission.CAMPAIGN_WRITE, Permission.CONNECTION_TEST},
    Role.OPERATOR: _READ
    | {
        Permission.CONNECTION_TEST,
        Permission.DELIVERY_REPLAY,
        Permission.PERSONAL_DATA_READ,
    },
    Role.ACCOUNT_MANAGER: frozenset(Permission),
}

DEFAULT_TOKEN_SCOPES = frozenset(Permission) - {
    Permission.ACCOUNT_ADMIN,
    Permission.PERSONAL_DATA_READ,
}
