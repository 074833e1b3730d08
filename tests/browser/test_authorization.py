"""OAuth 2.0 for an API of its own kind, set up in the browser: asked, read and sent its way."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import check


@pytest.mark.parametrize("width", [1366, 390])
def test_token_is_fetched_and_sent_as_the_editor_says(open_page, sign_in, product, width):
    page = open_page(width=width)
    sign_in(page, "manager@demo.example")
    page.goto("/accounts/demo/integrations/connections/add/api/")
    page.get_by_label("Name").fill(f"Tokens {width}")
    page.get_by_label("Production endpoint").fill(f"{product.sandbox_url}/crm/smart")
    page.get_by_role("button", name="Create draft").click()
    parts = page.get_by_role("navigation", name="Parts of the connection")
    parts.get_by_role("link", name="Endpoint").click()
    page.get_by_label("Testing URL").fill(f"{product.sandbox_url}/crm/smart")
    parts.get_by_role("link", name="Authorization").click()
    page.get_by_label("Type", exact=True).select_option("oauth2_client_credentials")
    fill_authorization(page, product)
    check(page)
    parts.get_by_role("link", name="Body").click()
    page.get_by_label("Template", exact=True).last.fill('{"email": "{{ email }}"}')
    renew_the_token_of_a_rule(page, parts)
    check(page)
    page.get_by_role("button", name="Test", exact=True).click()
    result = page.get_by_role("main")
    expect(result).to_contain_text("Passed")
    expect(result).to_contain_text("X-Api-Key: ••••")

    page.get_by_role("link", name="Edit connection").click()
    parts.get_by_role("link", name="Authorization").click()
    expect(page.get_by_label("Token address, Testing only")).to_be_visible()
    expect(page.get_by_label("Name of that header or parameter")).to_have_value("X-Api-Key")
    expect(page.get_by_label("Prefix").last).to_have_value("")
    expect(page.get_by_role("group", name="Token header")).to_have_count(1)
    row = page.get_by_role("group", name="Token parameter")
    expect(row.get_by_label("Name", exact=True)).to_have_value("resource")
    expect(row).to_contain_text("Testing: ••••")


def fill_authorization(page, product):
    page.get_by_label("Token address", exact=True).fill("http://127.0.0.1:9/none")
    page.locator("summary", has_text="Different in an environment").locator("visible=true").first.click()  # fmt: skip
    page.get_by_label("Token address, Testing only").fill(f"{product.sandbox_url}/oauth/token")
    page.get_by_label("Client ID").fill("sandbox-client")
    page.get_by_label("Client secret", exact=True).fill("sandbox-secret")
    page.locator("summary", has_text="How the token is asked for, read and sent").click()
    page.get_by_role("button", name="Add token parameter").click()
    row = page.get_by_role("group", name="Token parameter")
    row.get_by_label("Name", exact=True).fill("resource")
    row.get_by_label("Value", exact=True).fill("leads")
    row.get_by_label("Secret", exact=True).check()
    page.get_by_role("button", name="Add token header").click()
    header = page.get_by_role("group", name="Token header")
    header.get_by_label("Name", exact=True).fill("X-Subscription")
    header.get_by_label("Value", exact=True).fill("gold")
    page.get_by_label("Name of that header or parameter").fill("X-Api-Key")
    page.get_by_label("Prefix").last.fill("")


def renew_the_token_of_a_rule(page, parts):
    parts.get_by_role("link", name="Response handling").click()
    page.get_by_role("button", name="Add rule").click()
    rule = page.get_by_role("group", name="Rule").last
    rule.get_by_label("Name of the rule").fill("Token expired")
    rule.get_by_label("Outcome", exact=True).select_option("retry")
    rule.get_by_label("Value", exact=True).fill("419")
    rule.locator("summary").click()
    rule.get_by_label("Send again at once with a new access token").check()
