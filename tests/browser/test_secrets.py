"""A secret that only the body names, from the template that first names it to a passed test."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import check


@pytest.mark.parametrize(("width", "theme"), [(1366, "dark"), (390, "light")])
def test_secret_of_a_body_is_asked_for_and_sent(open_page, sign_in, product, width, theme):
    page = open_page(width=width, theme=theme)
    sign_in(page, "manager@demo.example")
    page.goto("/accounts/demo/integrations/connections/add/api/")
    page.get_by_label("Name").fill(f"Secret in a body {width}")
    page.get_by_label("Production endpoint").fill(f"{product.sandbox_url}/crm/smart")
    page.get_by_role("button", name="Create draft").click()
    parts = page.get_by_role("navigation", name="Parts of the connection")
    parts.get_by_role("link", name="Endpoint").click()
    page.get_by_label("Testing URL").fill(f"{product.sandbox_url}/crm/created")
    parts.get_by_role("link", name="Body").click()
    template = page.get_by_label("Template", exact=True).last
    template.press_sequentially('{"key": "{{ secrets.api_key }}"}')

    page.get_by_role("link", name="set it under Authorization").click()
    field = page.get_by_label("api_key", exact=True)
    expect(field).to_be_focused()
    expect(page.get_by_role("group", name="Secret ")).to_have_count(1)
    check(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as version 2. The secret “api_key” (Body)")).to_be_visible()

    field.fill("correct horse battery staple")
    page.get_by_role("button", name="Test", exact=True).click()
    result = page.get_by_role("main")
    expect(result).to_contain_text("Passed")
    expect(result).to_contain_text('{"key": "••••"}')
    page.get_by_role("link", name="Edit connection").click()
    parts.get_by_role("link", name="Authorization").click()
    expect(page.get_by_role("group", name="Secret api_key")).to_contain_text("•••• aple")
    check(page)
