"""The first page of an account."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.account_pages import AccountRequest, require_permission
from accounts.permissions import Permission
from delivery.overview import overview_of


@require_safe
@require_permission(Permission.DELIVERY_READ)
def account_overview(request: AccountRequest) -> HttpResponse:
    """Show how far the set-up is, and the last deliveries."""
    overview = overview_of(request.access.account, now=timezone.now())
    return render(request, "delivery/account_overview.html", {"overview": overview})
