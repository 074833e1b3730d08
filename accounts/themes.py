"""Light, dark or as the system: kept in a cookie, so that the first paint is right."""

from enum import StrEnum

from django.http import HttpRequest

THEME_COOKIE = "theme"


class Theme(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def icon(self) -> str:
        return {Theme.SYSTEM: "monitor", Theme.LIGHT: "sun", Theme.DARK: "moon"}[self]


def theme_of(request: HttpRequest) -> Theme:
    """Return the theme that this person chose; the system's when none was."""
    try:
        return Theme(request.COOKIES.get(THEME_COOKIE, Theme.SYSTEM))
    except ValueError:
        return Theme.SYSTEM
