"""A connection from a cURL line, in the browser: paste, look, create."""

import pytest

from tests.browser.test_pages import check

LINE = (
    "curl https://api.example.com/leads -H 'X-Api-Key: correct-horse-battery' -b a=b"
    """ --json '{"email": "ada@example.com", "firstName": "Ada"}'"""
)


@pytest.mark.parametrize("width", [1366, 390])
def test_a_pasted_line_becomes_a_draft(open_page, sign_in, width):
    page = open_page(width=width)
    sign_in(page, "manager@demo.example")
    page.goto("/accounts/demo/integrations/connections/add/")
    page.get_by_role("link", name="API, from what the advertiser sent").click()
    check(page)
    page.get_by_label("A cURL line, a raw HTTP request").fill(LINE)
    page.get_by_role("button", name="Read").click()
    page.get_by_role("heading", name="What was recognised").wait_for()
    check(page)
    page.get_by_label("Name", exact=True).fill(f"Pasted at {width}")
    page.get_by_role("button", name="Create draft").click()
    page.get_by_role("heading", name=f"Pasted at {width}").wait_for()
