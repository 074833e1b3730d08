"""A technical contact answers by the link alone; every page of it is accessible."""

import pytest

from connections.setup_requests.answers import Item
from tests.browser.test_pages import check

ANSWERS = {
    Item.DOCUMENTATION: lambda page: page.get_by_label("Address of the documentation").fill(
        "https://developers.acme-crm.com/api"
    ),
    Item.CONTACT: lambda page: page.get_by_label("Name").fill("John Smith"),
    Item.ENDPOINTS: lambda page: page.get_by_label("Production").fill(
        "https://api.acme-crm.com/leads"
    ),
    Item.METHOD: lambda page: page.get_by_label("POST").check(),
    Item.AUTHENTICATION: lambda page: (
        page.get_by_label("Bearer token").check(),
        page.get_by_label("Token", exact=True).fill("a token of theirs"),
    ),
    Item.ENCODING: lambda page: page.get_by_label("JSON").check(),
    Item.PARAMETERS: lambda page: page.get_by_label("Your name for it").first.fill("email"),
    Item.RESPONSES: lambda page: (
        page.get_by_label("Status").first.fill("201"),
        page.get_by_label("It means").first.select_option("delivered"),
    ),
}


@pytest.mark.parametrize(("theme", "width"), [("light", 1366), ("dark", 390)])
def test_link_is_answered_and_becomes_a_draft(open_page, sign_in, theme, width):
    team = open_page(theme=theme, width=width)
    sign_in(team, "manager@demo.example")
    team.goto("/accounts/demo/setup-requests/add/")
    team.get_by_label("What is it for?").fill(f"CRM in {theme}")
    team.get_by_role("button", name="Make the link").click()
    check(team)
    client = open_page(theme=theme, width=width)
    client.goto(team.locator("#setup-link").inner_text())
    client.get_by_role("link", name="Paste it").click()
    check(client)
    example = client.get_by_label("A cURL line or a raw HTTP request")
    example.fill(
        "curl https://api.acme-crm.com/leads -H 'X-Key: a key' --json '{\"mail\": \"a@b.de\"}'"
    )
    client.get_by_role("button", name="Read it").click()
    client.get_by_text("We have your example").wait_for()
    check(client)
    client.get_by_role("link", name="Continue").click()
    for item, fill in ANSWERS.items():
        client.locator(f'a[href$="/{item}/"]').click()
        check(client)
        fill(client)
        client.get_by_role("button", name="Save and continue").click()
    check(client)
    client.get_by_role("button", name="Send to your account manager").click()
    team.get_by_role("link", name="See the answers").click()
    check(team)
    team.get_by_role("button", name="Create draft connection").click()
    team.get_by_role("heading", name=f"CRM in {theme}").wait_for()
