"""REST clients say who they are with `Authorization: Bearer <token>`."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.selectors import token_by_text
from accounts.services import note_token_use


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User | None, ApiToken] | None:
        kind, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if not kind:
            return None
        if kind.lower() != "bearer":
            raise AuthenticationFailed("Write the token as `Authorization: Bearer <token>`.")
        now = timezone.now()
        token = token_by_text(text.strip(), now=now)
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked.")
        note_token_use(token=token, now=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  DRF's signature
        return "Bearer"
