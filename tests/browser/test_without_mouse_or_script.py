"""The main steps by keyboard alone, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.browser.product import PASSWORD
from tests.browser.test_walk import TEMPLATE

MOST_TABS = 60


class Keyboard:
    """Moves by Tab until the control with these words has the focus; `back` goes the other way."""

    def __init__(self, page):
        self.page = page

    def go_to(self, words: str, *, back: bool = False) -> None:
        seen = []
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            name = self.page.evaluate(
                "(e => e.ariaLabel || (e.labels?.[0] ?? e).innerText || '')(document.activeElement)"
            )
            if words in " ".join(name.split()):
                return
            seen.append(name)
        raise AssertionError(f"{words!r} was not reached; only {seen}")

    def press(self, words: str, key: str = "Enter", *, back: bool = False) -> None:
        self.go_to(words, back=back)
        self.page.keyboard.press(key)

    def write(self, words: str, text: str) -> None:
        """Write over what stands in the field."""
        self.go_to(words)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)


def test_sign_in_link_and_unlink_by_keyboard(open_page):
    page = open_page()
    page.goto("/login/")
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type("advertiser@demo.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    keyboard = Keyboard(page)
    expect(page.get_by_role("heading", level=1, name="Demo Energy")).to_be_visible()
    keyboard.press("Real-time referral")
    expect(page.get_by_role("heading", level=1, name="Real-time referral")).to_be_visible()
    keyboard.write("Search by connection", "spring")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 campaign linked: Spring savings")).to_be_visible()
    keyboard.press("Sandbox CRM")
    expect(page.get_by_role("link", name="Show unlinked")).to_be_visible()
    keyboard.press("Show unlinked")
    expect(page.get_by_role("heading", name="Unlinked campaigns")).to_be_visible()
    keyboard.press("Link Home energy")
    unlink = page.get_by_role("link", name="Unlink Home energy")
    expect(unlink).to_be_focused()
    announced = page.locator("#announce")
    expect(announced).to_have_text(
        "Home energy is linked to Sandbox CRM. The next referral will be sent there."
    )

    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Keep linked")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(unlink).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("link", name="Keep linked")).to_be_focused()
    keyboard.press("Unlink Home energy")
    expect(announced).to_have_text("Home energy is unlinked from Sandbox CRM.")
    assert page.evaluate("document.activeElement.innerText") == "Linked campaigns"


def test_a_connection_is_made_tested_and_activated_by_keyboard(open_page, sign_in, product):
    page = open_page()
    sign_in(page, "manager@demo.example")
    page.goto("/accounts/demo/integrations/connections/")
    keyboard = Keyboard(page)
    keyboard.press("Add connection")
    expect(page.get_by_role("heading", name="Referrals")).to_be_visible()
    keyboard.press("API")
    expect(page.get_by_role("heading", level=1, name="Add an API connection")).to_be_visible()
    keyboard.write("Name", "Keyboard CRM")
    keyboard.write("Production endpoint", f"{product.sandbox_url}/crm/smart")
    keyboard.press("Create draft")
    expect(page.get_by_role("heading", level=1, name="Keyboard CRM")).to_be_visible()

    keyboard.press("Endpoint")
    keyboard.write("Testing URL", f"{product.sandbox_url}/crm/smart")
    keyboard.press("Authorization", back=True)
    keyboard.go_to("Type")
    page.keyboard.type("Bearer")
    expect(page.get_by_label("Type", exact=True)).to_have_value("bearer")
    keyboard.write("Token", "sandbox-key")
    keyboard.press("Body", back=True)
    keyboard.go_to("Template")  # how the body is written; then the template itself
    keyboard.write("Template", TEMPLATE)
    expect(page.get_by_label("Template", exact=True).last).to_have_value(TEMPLATE)
    keyboard.press("Settings", back=True)
    keyboard.press("Add test case")
    page.keyboard.insert_text("New lead")
    keyboard.write("Attributes", "email = keyboard@example.com\nfirst_name = Ana")
    keyboard.press("Save")
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()

    keyboard.press("Test")
    expect(page.get_by_role("heading", level=1, name="Test result")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("The test lead ended as expected.")
    keyboard.press("Activate version")
    expect(page.get_by_text("Live v").first).to_be_visible()


@pytest.mark.parametrize("width", [1366, 390])
def test_link_and_unlink_without_javascript(open_page, sign_in, width):
    page = open_page(width=width, java_script_enabled=False)
    sign_in(page, "advertiser@demo.example")
    if width < 1024:
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Real-time referral").first.click()
    page.locator("summary", has_text="Sandbox CRM").click()
    page.get_by_role("link", name="Show the campaigns of Sandbox CRM").click()
    page.get_by_role("link", name="Show unlinked").click()
    page.get_by_role("button", name="Link Home energy").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Home energy is linked to Sandbox CRM.")
    page.get_by_role("link", name="Unlink Home energy").click()
    expect(main).to_contain_text("Nothing is waiting to be sent")
    page.get_by_role("button", name="Unlink Home energy").click()
    expect(main).to_contain_text("Home energy is unlinked from Sandbox CRM.")


def test_theme_is_chosen_in_the_menu_and_kept(open_page, sign_in):
    page = open_page()
    sign_in(page, "viewer@demo.example")
    page.get_by_role("button", name="Vera Viewer").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_account_is_switched_from_the_top_bar(open_page, sign_in):
    page = open_page()
    sign_in(page, "manager@demo.example")
    page.get_by_role("link", name="Demo Energy").click()
    page.get_by_role("link", name="Switch account, now Demo Energy").click()
    page.get_by_role("dialog", name="Switch account").get_by_role("link", name="Solar One").click()
    expect(page.get_by_role("heading", level=1, name="Solar One")).to_be_visible()
