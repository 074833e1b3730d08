"""One style sheet and one script for all pages."""

import gzip

import pytest

from referral_export.bundles import bundles


@pytest.mark.parametrize(("kind", "part"), [("css", "@layer tokens"), ("js", "copy-button")])
def test_bundle_is_cached_for_ever_under_its_name(client, kind, part):
    answer = client.get(f"/bundles/{bundles()[kind].name}")
    assert part in answer.content.decode()
    assert "immutable" in answer["Cache-Control"]


def test_bundle_of_another_release_is_not_found(client, db):
    assert client.get("/bundles/site.000000000000.css").status_code == 404


def test_layers_are_declared_before_any_is_used():
    text = bundles()["css"].text
    assert text.index("@layer tokens, base, shell, components, pages;") < text.index("{")


def test_style_sheet_and_script_are_small():
    assert len(gzip.compress(bundles()["css"].text.encode())) < 15_000
    assert len(gzip.compress(bundles()["js"].text.encode())) < 10_000
