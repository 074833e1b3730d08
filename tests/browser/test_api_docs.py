"""The API's docs page works under the policy that forbids everything inline."""


def test_docs_page_opens_an_operation(open_page):
    page = open_page()
    page.goto("/api/v1/docs")
    page.locator("#operations-referrals-referrals_create .opblock-summary-control").click()
    page.get_by_text("a list of up to 1,000").wait_for()
