"""One style sheet and one script for all pages, joined from small files when the process starts."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

A_YEAR_SECONDS = 365 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Bundle:
    """The joined text; its name changes with it, so that it may be cached for ever."""

    name: str
    content_type: str
    text: str


@cache
def bundles() -> dict[str, Bundle]:
    """Return the bundles by kind: `css` (order of paths) and `js` (modules that import nothing)."""
    static = Path(settings.BASE_DIR) / "static"
    return {
        "css": _bundle(static / "css", "css", "text/css; charset=utf-8"),
        "js": _bundle(static / "js" / "elements", "js", "text/javascript; charset=utf-8"),
    }


def bundle_url(kind: str) -> str:
    return reverse("bundle", kwargs={"name": bundles()[kind].name})


@gzip_page
@require_safe
def bundle(_request: HttpRequest, name: str) -> HttpResponse:
    """Serve a bundle under the name that its content has now."""
    found = next((one for one in bundles().values() if one.name == name), None)
    if found is None:
        raise Http404
    response = HttpResponse(found.text, content_type=found.content_type)
    patch_cache_control(response, public=True, immutable=True, max_age=A_YEAR_SECONDS)
    return response


def _bundle(folder: Path, suffix: str, content_type: str) -> Bundle:
    files = sorted(folder.rglob(f"*.{suffix}"))
    text = "\n".join(file.read_text() for file in files)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Bundle(name=f"site.{digest}.{suffix}", content_type=content_type, text=text)
