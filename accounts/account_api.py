"""What every REST resource of an account shares: access, time and pages."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.utils import timezone
from rest_framework.exceptions import NotAuthenticated
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


class TokenRequired(GenericViewSet[Any]):
    """Refuses who brings no token; knows the time once per request."""

    now: datetime
    token: ApiToken

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not isinstance(request.auth, ApiToken):
            raise NotAuthenticated("Bring a token: `Authorization: Bearer <token>`.")
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
        if self.action is not None:  # None: a method that the resource does not have, a 405
            self.access.require(self.permissions[self.action])

    def page(self, queryset: QuerySet[ModelT], shown: Callable[[ModelT], object]) -> Response:
        """Return one page of the contract's list shape, each row as `shown` says."""
        rows: Sequence[ModelT] | None = self.paginate_queryset(queryset)
        return self.get_paginated_response([shown(row) for row in rows or ()])
