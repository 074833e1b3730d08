"""What every page keeps to: accessible, no sideways scroll, few requests; in both themes and widths."""

import pytest
from axe_playwright_python.sync_playwright import Axe

PATHS = (
    "/accounts/",
    "/accounts/?q=nothing",
    "/accounts/demo/",
    "/accounts/demo/integrations/connections/",
    "/accounts/demo/integrations/connections/add/",
    "/accounts/demo/integrations/connections/add/api/",
    "/accounts/demo/integrations/connections/add/presets/zoho-crm/",
    "/accounts/demo/integrations/connections/{connection}/",
    "/accounts/demo/integrations/connections/{connection}/tests/",
    "/accounts/demo/integrations/connections/{connection}/tests/{run}/",
    "/accounts/demo/integrations/connections/{connection}/versions/",
    "/accounts/demo/integrations/connections/{connection}/unmatched/",
    "/accounts/demo/integrations/connections/{connection}/history/",
    "/accounts/demo/settings/custom-fields/",
    "/accounts/demo/settings/custom-fields/add/",
    "/accounts/demo/setup-requests/",
    "/accounts/demo/setup-requests/add/",
    "/accounts/demo/real-time-referral/",
    "/accounts/demo/real-time-referral/?unlinked={connection}",
    "/accounts/demo/real-time-referral/?q=spring",
    "/accounts/demo/real-time-referral/?q=nothing",
    "/accounts/demo/real-time-referral/{connection}/{campaign}/unlink",
    "/accounts/demo/deliveries/",
    "/accounts/demo/deliveries/?status=failed",
    "/accounts/demo/deliveries/{delivery}/",
    "/ui/",
)
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOUR = ["color-contrast", "link-in-text-block"]
MOST_REQUESTS = 10
MOST_BYTES_UNPACKED = 200_000


@pytest.fixture(scope="package")
def ids(product):
    """The demo connection after one test and one referral, by the REST API."""
    account = f"{product.url}/api/v1/accounts/demo"
    script = f"""
        token=$(.venv/bin/python manage.py issue_token --account demo --name browser)
        call() {{ curl -sS --fail -H "Authorization: Bearer $token" -H "Content-Type: application/json" "$@"; }}
        read_id() {{ .venv/bin/python -c 'import json, sys; print(eval("json.load(sys.stdin)" + sys.argv[1]))' "$1"; }}
        connection=$(call {account}/connections | .venv/bin/python -c 'import json, sys; print(*(one["id"] for one in json.load(sys.stdin)["results"] if one["name"] == "Sandbox CRM"))')
        campaign=$(call "{account}/connections/$connection/campaigns?linked=true" | read_id '["results"][0]["id"]')
        run=$(call -d '{{}}' "{account}/connections/$connection/tests?wait=20" | read_id '["id"]')
        delivery=$(call -d "{{\\"campaign\\": \\"$campaign\\", \\"external_id\\": \\"axe\\", \\"attributes\\": {{\\"email\\": \\"axe@example.com\\"}}}}" {account}/referrals | read_id '["results"][0]["deliveries"][0]')
        for _ in $(seq 50); do call {account}/deliveries/$delivery | grep -q '"status": *"pending"' || break; sleep 0.1; done
        echo $connection $campaign $run $delivery
    """
    names = ("connection", "campaign", "run", "delivery")
    return dict(zip(names, product.shell(script).split(), strict=True))


@pytest.mark.parametrize("width", [1366, 390])
def test_every_page(open_page, sign_in, ids, width):
    page = open_page(width=width)
    page.goto("/login/")
    check_in_both_themes(page)
    sign_in(page, "manager@demo.example")
    for path in PATHS:
        page.goto(path.format(**ids))
        check_in_both_themes(page)


def check_in_both_themes(page):
    """The page in light, and in dark what a theme can change: its colours."""
    page.emulate_media(color_scheme="light")
    check(page)
    page.emulate_media(color_scheme="dark")
    check(page, only={"type": "rule", "values": OF_COLOUR})


def check(page, only=STANDARDS):
    found = Axe().run(page, options={"runOnly": only}).response["violations"]
    problems = [(one["id"], node["html"][:200]) for one in found for node in one["nodes"]]
    assert not problems, page.url
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), page.url


def test_cold_page_is_few_small_requests(open_page, sign_in, ids):
    page = open_page()
    sign_in(page, "manager@demo.example")
    cold = page.context.browser.new_context(storage_state=page.context.storage_state())
    try:
        fresh = cold.new_page()
        answers = []
        fresh.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  a builtin cannot listen
        path = f"/accounts/demo/real-time-referral/?unlinked={ids['connection']}"
        fresh.goto(f"{page.url.split('/accounts')[0]}{path}")
        assert len(answers) <= MOST_REQUESTS
        assert sum(len(answer.body()) for answer in answers if answer.ok) < MOST_BYTES_UNPACKED
    finally:
        cold.close()


def test_policy_stops_an_inline_script(chromium, product):
    """That pages do not complain means something: what breaks the policy does complain."""
    context = chromium.new_context(base_url=product.url)
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto("/login/")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: 'document.title = \"broken\"'}))"
    )
    assert "broken" not in page.title()
    assert any("Content Security Policy" in complaint for complaint in complaints)
    context.close()
