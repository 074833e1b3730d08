"""Every template that is named somewhere exists: a page that nobody opened breaks for a person."""

import re

import pytest

from referral_export.environment import CHECKOUT

TEMPLATES = CHECKOUT / "templates"
APPS = ("accounts", "campaigns", "connections", "delivery", "referral_export")
_INCLUDED = re.compile(r'{% (?:include|extends) "([^"]+)"')
_RENDERED = re.compile(r'"([a-z_]+/[a-z_/]+\.(?:html|txt))"')


def _named():
    for template in TEMPLATES.rglob("*.*"):
        for name in _INCLUDED.findall(template.read_text()):
            yield str(template.relative_to(CHECKOUT)), name
    for app in APPS:
        for module in (CHECKOUT / app).rglob("*.py"):
            for name in _RENDERED.findall(module.read_text()):
                yield str(module.relative_to(CHECKOUT)), name


@pytest.mark.parametrize(("by", "name"), sorted(set(_named())))
def test_template_that_is_named_exists(by, name):
    assert (TEMPLATES / name).is_file(), f"{by} names {name}"
