"""Chromium, the running product, and what every page has to keep to.

Both end with this package: Playwright keeps an event loop running, beside which no test
could start one of its own.
"""

import os

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.product import PASSWORD, running_product

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


@pytest.fixture(scope="package")
def product():
    with running_product() as product:
        yield product


@pytest.fixture(scope="package")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, product):
    """Open pages; in the end, none of them may have complained."""
    contexts, complaints = [], []

    def hear(message):
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.type}: {message.text}")

    def open_one(*, width=1366, theme="light", **options):
        context = chromium.new_context(
            base_url=product.url,
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture(scope="package")
def sessions():
    """The cookies of whoever signed in so far."""
    return {}


@pytest.fixture
def sign_in(sessions):
    """Sign in by the page, the first time; afterwards come back with the cookies of then."""

    def sign_in(page, email):
        if email in sessions:
            page.context.add_cookies(sessions[email])
            page.goto("/")
        else:
            page.goto("/login/")
            page.get_by_label("Email").fill(email)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/login/" not in url)
        sessions[email] = page.context.cookies()

    return sign_in
