"""The token that asks, and the accounts that it reaches."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.access import Access, Actor
from accounts.account_api import NewestFirst, TokenRequired
from accounts.errors import AskAPermittedPerson
from accounts.idempotency import KEY_PARAMETER, OnceKey, answer_once
from accounts.models import Account, User
from accounts.permissions import Permission
from accounts.selectors import access_for_token, accounts_of_token
from accounts.serializers import AccountChange, AccountIn, AccountOut, MeOut, TokenOut

ACCOUNT_EXAMPLE = {
    "slug": "demo-energy",
    "name": "Demo Energy",
    "retention_days": 90,
    "personal_data_days": 30,
    "created_at": "2026-11-01T09:30:00Z",
}


class MeViewSet(TokenRequired):
    @extend_schema(
        operation_id="me",
        summary="Who the token is",
        responses=MeOut,
        examples=[
            OpenApiExample(
                "A token of one account",
                value={
                    "token": {
                        "name": "Nightly import",
                        "expires_at": "2027-01-30T09:30:00Z",
                        "last_used_at": None,
                    },
                    "scopes": ["campaigns:read", "referrals:write"],
                    "accounts": [ACCOUNT_EXAMPLE],
                },
            )
        ],
    )
    def retrieve(self, request: Request) -> Response:  # noqa: ARG002
        """Return the token's scopes, and the accounts that it reaches."""
        accounts = accounts_of_token(self.token)
        return Response(
            {
                "token": TokenOut(self.token).data,
                "scopes": self.token.scopes,
                "accounts": AccountOut(accounts, many=True).data,
            }
        )


class AccountsViewSet(TokenRequired):
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="accounts_list",
        summary="Accounts that the token reaches",
        responses=AccountOut(many=True),
        examples=[OpenApiExample("An account", value=ACCOUNT_EXAMPLE)],
    )
    def list(self, request: Request) -> Response:  # noqa: ARG002
        """Return the token's account, or all that its account manager looks after."""
        page = self.paginate_queryset(accounts_of_token(self.token))
        return self.get_paginated_response(AccountOut(page, many=True).data)

    @extend_schema(
        operation_id="accounts_create",
        summary="Add an account",
        parameters=[KEY_PARAMETER],
        request=AccountIn,
        responses={201: AccountOut},
        examples=[
            OpenApiExample(
                "New account",
                request_only=True,
                value={"name": "Demo Energy", "slug": "demo-energy"},
            ),
            OpenApiExample("Added", response_only=True, value=ACCOUNT_EXAMPLE),
        ],
    )
    def create(self, request: Request) -> Response:
        """Add an account that the token's account manager then looks after.

        Only a token of an account manager may, with the scope `account:admin`.
        """
        manager = self._manager()

        def answer() -> tuple[Response, Account]:
            given = AccountIn(data=request.data)
            given.is_valid(raise_exception=True)
            account = services.create_account(
                **given.validated_data, actor=Actor.client(self.token), now=self.now
            )
            return Response(AccountOut(account).data, status=201), account

        return answer_once(
            OnceKey.of(request),
            asker=manager.id,
            accounts=accounts_of_token(self.token),
            now=self.now,
            answer=answer,
        )

    @extend_schema(
        operation_id="accounts_retrieve",
        summary="One account",
        responses=AccountOut,
        examples=[OpenApiExample("An account", value=ACCOUNT_EXAMPLE)],
    )
    def retrieve(self, request: Request, account: str) -> Response:  # noqa: ARG002
        return Response(AccountOut(self._access(account).account).data)

    @extend_schema(
        operation_id="accounts_update",
        summary="Change an account",
        request=AccountChange,
        responses=AccountOut,
        examples=[
            OpenApiExample("New name", request_only=True, value={"name": "Demo Energy Ltd"}),
            OpenApiExample(
                "Forget sooner",
                request_only=True,
                value={"retention_days": 60, "personal_data_days": 14},
            ),
            OpenApiExample(
                "Renamed",
                response_only=True,
                value=ACCOUNT_EXAMPLE | {"name": "Demo Energy Ltd"},
            ),
        ],
    )
    def partial_update(self, request: Request, account: str) -> Response:
        """Change the account's name, and how many days it remembers; the slug stays.

        What is older goes within a day; it cannot be had back. Whatever still waits to be sent
        when its personal data goes is `failed`. Wants the scope `account:admin`.
        """
        access = self._access(account)
        access.require(Permission.ACCOUNT_ADMIN)
        given = AccountChange(data=request.data)
        given.is_valid(raise_exception=True)
        changed = services.change_account(
            account=access.account, **given.validated_data, actor=access.actor, now=self.now
        )
        return Response(AccountOut(changed).data)

    def _access(self, slug: str) -> Access:
        return access_for_token(token=self.token, slug=slug)

    def _manager(self) -> User:
        manager = self.token.user
        if manager is None or Permission.ACCOUNT_ADMIN not in self.token.scopes:
            raise AskAPermittedPerson(
                "Only a token of an account manager with the scope account:admin adds accounts."
            )
        return manager
