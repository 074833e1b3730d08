"""What stands around every page: theme, style sheet, navigation of the account."""

from dataclasses import dataclass

from django import template
from django.http import HttpRequest
from django.template import Context
from django.urls import reverse

from accounts.permissions import Permission
from accounts.themes import Theme, theme_of
from referral_export.bundles import bundle_url

register = template.Library()


@dataclass(frozen=True, slots=True)
class NavigationLink:
    label: str
    icon: str
    url: str
    current: str
    """Value of `aria-current`: page, true (a page below it), or nothing."""


@register.simple_tag(takes_context=True)
def data_theme(context: Context) -> str:
    """Return the theme that the person chose, `system` when none was."""
    return theme_of(context["request"]).value


@register.simple_tag
def themes() -> list[Theme]:
    return list(Theme)


@register.inclusion_tag("components/navigation.html", takes_context=True)
def navigation(context: Context) -> dict[str, object]:
    request = context["request"]
    slug = request.access.account.slug
    overview = _link(request, slug, "Overview", "house", "delivery:account_overview")
    integrations = [
        _link(request, slug, "Connections", "plug", "connections:connection_list"),
        _link(request, slug, "Real-time referral", "link-2", "delivery:real_time_referral"),
    ]
    monitor = [_link(request, slug, "Deliveries", "activity", "delivery:delivery_list")]
    settings = [_link(request, slug, "Custom fields", "braces", "custom_fields:custom_field_list")]
    if request.access.allows(Permission.CONNECTION_WRITE):
        requests = "setup_requests:setup_request_list"
        settings.append(_link(request, slug, "Set-up requests", "clipboard-list", requests))
    return {
        "account": request.access.account,
        "groups": [
            ("", [overview]),
            ("Integrations", integrations),
            ("Monitor", monitor),
            ("Settings", settings),
        ],
    }


def _link(request: HttpRequest, slug: str, label: str, icon: str, url_name: str) -> NavigationLink:
    url = reverse(url_name, kwargs={"account": slug})
    is_below = request.path.startswith(url) and url_name != "delivery:account_overview"
    current = "page" if request.path == url else "true" if is_below else ""
    return NavigationLink(label=label, icon=icon, url=url, current=current)


@register.simple_tag
def bundle(kind: str) -> str:
    """Return the address of the style sheet (`css`) or the script (`js`) of all pages."""
    return bundle_url(kind)
