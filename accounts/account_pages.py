"""What every page of an account shares: who looks at it, and with what right."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django_htmx.middleware import HtmxDetails

from accounts.access import Access
from accounts.errors import AskAPermittedPerson, LookElsewhere
from accounts.models import User
from accounts.permissions import Permission
from accounts.selectors import access_for_user

P = ParamSpec("P")


class AccountRequest(HttpRequest):
    """A request that `require_permission` let through."""

    user: User
    access: Access
    htmx: HtmxDetails


AccountView = Callable[Concatenate[AccountRequest, P], HttpResponse]
GuardedView = Callable[Concatenate[HttpRequest, str, P], HttpResponse]


def require_permission(permission: Permission) -> Callable[[AccountView[P]], GuardedView[P]]:
    """Guard a view under `/accounts/<account>/`; it finds the account in `request.access`.

    Strangers get the 404 of a page that does not exist, members without the right a 403.
    So does whatever the view asks for that another account owns (`LookElsewhere`).
    """

    def guard(view: AccountView[P]) -> GuardedView[P]:
        @wraps(view)
        def guarded(
            request: HttpRequest, account: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            known = cast("AccountRequest", request)
            try:
                known.access = access_for_user(user=known.user, slug=account)
                known.access.require(permission)
                response = view(known, *args, **kwargs)
            except LookElsewhere as elsewhere:
                raise Http404(elsewhere.detail) from elsewhere
            except AskAPermittedPerson as refused:
                raise PermissionDenied(refused.detail) from refused
            # Leads and links may be on it: neither a shared computer's Back button nor an
            # earlier answer to htmx may show what was there before.
            add_never_cache_headers(response)
            return response

        return cast("GuardedView[P]", login_required(guarded))

    return guard
