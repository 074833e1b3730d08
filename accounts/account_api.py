"""What every REST resource of an account shares: access, time and pages."""

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils import timezone
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.access import Access
from accounts.models import ApiToken
from accounts.permissions import Permission
from accounts.selectors import access_for_token

ModelT = TypeVar("ModelT", bound=Model)


class NewestFirst(CursorPagination):
    """Pages in the contract's shape; `?limit=` up to 200."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200


class PayloadTooLarge(APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is larger than 10 MB: send it in parts."


class TokenRequired(GenericViewSet[Any]):
    """Refuses who brings no token; knows the time once per request."""

    now: datetime
    token: ApiToken

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not isinstance(request.auth, ApiToken):
            raise NotAuthenticated("Bring a token: `Authorization: Bearer <token>`.")
        # Parsers read from the socket, past Django's own limit.
        if int(request.headers.get("Content-Length") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise PayloadTooLarge
        self.token = request.auth
        self.now = timezone.now()


class AccountViewSet(TokenRequired):
    """A resource under `/accounts/{account}`; each action names its permission."""

    permissions: ClassVar[dict[str, Permission]]
    pagination_class = NewestFirst
    access: Access

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.access = access_for_token(token=self.token, slug=kwargs["account"])
        if self.action not in {None, "metadata"}:  # None: a method that is not there, a 405
            self.access.require(self.permissions[self.action])

    def page(self, queryset: QuerySet[ModelT], shown: Callable[[ModelT], object]) -> Response:
        """Return one page of the contract's list shape, each row as `shown` says."""
        rows: Sequence[ModelT] | None = self.paginate_queryset(queryset)
        return self.get_paginated_response([shown(row) for row in rows or ()])
