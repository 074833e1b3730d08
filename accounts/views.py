"""Pages that stand before any account: signing in, Home, switching, theme."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.forms import SignInForm
from accounts.models import User
from accounts.selectors import memberships_of_user
from accounts.themes import THEME_COOKIE, Theme

A_YEAR_SECONDS = 365 * 24 * 60 * 60


class SignIn(LoginView):
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Have htmx load the whole page anew: a part of a page is no place to sign in."""
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Refresh": "true"})
        return super().get(request, *args, **kwargs)


@require_safe
@never_cache
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """List the accounts of this person; whoever has a single one is led into it."""
    memberships = memberships_of_user(cast("User", request.user))
    query = request.GET.get("q", "").strip()
    shown = list(memberships.filter(account__name__icontains=query) if query else memberships)
    if len(shown) == 1 and not query and "switch" not in request.GET:
        return redirect("delivery:account_overview", account=shown[0].account.slug)
    return render(request, "accounts/home.html", {"memberships": shown, "query": query})


@require_safe
@never_cache
@login_required
def switch(request: HttpRequest) -> HttpResponse:
    """Show the accounts as a dialog, for htmx."""
    memberships = memberships_of_user(cast("User", request.user))
    return render(request, "accounts/switch.html", {"memberships": memberships})


@require_POST
def theme_choose(request: HttpRequest) -> HttpResponse:
    """Keep the theme in a cookie and go back to the page."""
    try:
        theme = Theme(request.POST.get("theme", ""))
    except ValueError:
        return HttpResponseBadRequest("Choose system, light or dark.")
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = redirect(back if is_ours else "accounts:home")
    response.set_cookie(
        THEME_COOKIE,
        theme.value,
        max_age=A_YEAR_SECONDS,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response
