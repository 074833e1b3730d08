"""Rules from sample responses in the browser: paste, look, use."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import check

TAKEN = '{"errors": [{"code": "taken", "message": "Email has already been taken"}]}'
INVALID = '{"errors": [{"code": "invalid", "message": "Email is invalid"}]}'


@pytest.mark.parametrize(("theme", "width"), [("dark", 1366), ("light", 390)])
def test_pasted_answers_become_rules(open_page, sign_in, theme, width):
    page = open_page(theme=theme, width=width)
    sign_in(page, "manager@demo.example")
    page.goto("/accounts/demo/integrations/connections/add/api/")
    page.get_by_label("Name").fill(f"Samples {theme} {width}")
    page.get_by_label("Production endpoint").fill("https://api.example.com/leads")
    page.get_by_role("button", name="Create draft").click()
    parts = page.get_by_role("navigation", name="Parts of the connection")
    parts.get_by_role("link", name="Response handling").click()
    page.get_by_role("link", name="Start from sample responses").click()
    check(page)

    answer(page, "201", "delivered")
    for body, outcome in ((TAKEN, "duplicate"), (INVALID, "rejected")):
        page.get_by_role("button", name="Add answer").click()
        answer(page, "422", outcome, body)
    page.get_by_role("button", name="Draft rules").last.click()
    expect(page.get_by_role("heading", name="The rules that tell them apart")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Use these rules").click()

    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    expect(page.get_by_label("Name of the rule").first).to_have_value("Duplicate: taken")
    kept = page.get_by_role("table", name="Sample responses and what the rules say of them")
    expect(kept.get_by_text("Passed")).to_have_count(3)
    check(page)


def test_a_kept_answer_is_removed_without_javascript(open_page, sign_in):
    page = open_page(java_script_enabled=False)
    sign_in(page, "manager@demo.example")
    page.goto("/accounts/demo/integrations/connections/")
    page.get_by_role("link", name="Samples light 390", exact=True).click()
    page.get_by_role("link", name="Change the samples").click()
    page.get_by_role("button", name="Remove answer").last.click()
    expect(page.get_by_role("group", name=re.compile("^Answer"))).to_have_count(2)
    page.get_by_role("button", name="Save the answers only").click()
    expect(page.get_by_text("Saved as version 3.")).to_be_visible()
    expect(page.get_by_text("Passed", exact=True)).to_have_count(2)


def answer(page, status, outcome, body=""):
    row = page.get_by_role("group", name=re.compile("^Answer")).last
    row.get_by_label("Status").fill(status)
    row.get_by_label("It means").select_option(outcome)
    row.get_by_label("Response body").fill(body)
