"""Access tokens: one fetch for all who wait, expiry, a new one when refused, and refusals."""

import asyncio
import json
from urllib.parse import parse_qs

import pytest

from connections.exchange.config import Outcome
from connections.exchange.tokens import Token, TokenCache, TokenFailure
from tests.unit.connections.exchange.receivers import guarded, listening, read_request
from tests.unit.connections.exchange.test_perform import RULES, carry_out, config

SECRETS = {"client_secret": "very secret"}
AUTHORIZATION = {
    "type": "oauth2_client_credentials",
    "client_id": "client",
    "client_secret": {"secret": "client_secret"},
    "scope": "leads",
    "credentials_in": "body",
}


class TokenServer:
    """Gives tokens at /token and wants the newest one at /leads."""

    def __init__(self, *answers, expires_in=3600, accept=None, refusal=None):
        self.answers, self.expires_in, self.accept = list(answers), expires_in, accept
        self.refusal, self.later = refusal, None
        self.forms, self.given, self.leads = [], [], []

    async def __call__(self, reader, writer):
        while request := await read_request(reader):
            head, _, body = request.partition(b"\r\n\r\n")
            if head.startswith(b"POST /token "):
                await asyncio.sleep(0.02)  # long enough for others to wait
                writer.write(self._token(parse_qs(body.decode())))
            else:
                writer.write(self._lead(head))
        writer.close()

    def _token(self, form):
        self.forms.append(form)
        if self.answers:
            return http(*self.answers.pop(0))
        if self.given and self.later:
            return http(*self.later)
        self.given.append(f"token-{len(self.given) + 1}")
        return http(200, {"access_token": self.given[-1], "expires_in": self.expires_in})

    def _lead(self, head):
        token = head.partition(b"Authorization: Bearer ")[2].partition(b"\r\n")[0].decode()
        self.leads.append(token)
        good = token in (self.accept or self.given)
        return http(201, {"id": 1}) if good else self._refused(token)

    def _refused(self, token):
        return http(*self.refusal) if self.refusal else http(401, {"error": f"{token} is over"})


def http(status, document):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def addressed(grant, url):
    """Point the grant at the server: for tests alone where it has an address already."""
    own = {"token_urls": {"testing": url}} if "token_url" in grant else {"token_url": url}
    return grant | own


def exchanges(
    server, *, count=1, tokens=None, secrets=SECRETS, at_once=True, grant=AUTHORIZATION, **settings
):
    async def run():
        async with listening(server) as port, guarded() as transport:
            base = f"http://127.0.0.1:{port}"
            authorization = addressed(grant, f"{base}/token") if grant else {"type": "none"}
            document = config(f"{base}/leads", authorization=authorization, **settings)
            kept = tokens or TokenCache()

            def one():
                return carry_out(transport, document, secrets=secrets, tokens=kept)

            if at_once:
                return await asyncio.gather(*(one() for _ in range(count)))
            return [await one() for _ in range(count)]

    return asyncio.run(run())


def test_token_is_fetched_once_however_many_wait():
    server = TokenServer()
    results = exchanges(server, count=10)
    assert [one.verdict.outcome for one in results] == [Outcome.DELIVERED] * 10
    assert server.leads == ["token-1"] * 10
    assert server.forms == [
        {
            "grant_type": ["client_credentials"],
            "scope": ["leads"],
            "client_id": ["client"],
            "client_secret": ["very secret"],
        }
    ]


@pytest.mark.parametrize(
    ("expires_in", "fetches"), [(3600, 1), ("3600", 1), (None, 1), ("soon", 1), (30, 3), (-1, 1)]
)
def test_token_is_kept_until_a_minute_before_it_expires(expires_in, fetches):
    server = TokenServer(expires_in=expires_in)
    exchanges(server, count=3, at_once=False)
    assert len(server.forms) == fetches


def test_token_expires_by_the_clock():
    now = [0.0]
    cache = TokenCache(clock=lambda: now[0])
    fetched = []

    async def fetch():
        fetched.append(now[0])
        return Token(f"t{len(fetched)}", 300)

    async def run():
        for moment in (0, 239, 241):
            now[0] = moment
            await cache.get("key", fetch)
        await cache.get("other", fetch)

    asyncio.run(run())
    assert fetched == [0, 241, 241]


def test_token_refused_by_the_receiver_is_fetched_anew_once():
    server = TokenServer(accept=["token-2"])
    first, second = exchanges(server, count=2, at_once=False)
    assert first.verdict.outcome is Outcome.DELIVERED
    assert server.leads == ["token-1", "token-2", "token-2"]
    assert second.verdict.outcome is Outcome.DELIVERED


def test_receiver_that_refuses_every_token_is_asked_twice_only():
    server = TokenServer(accept=["never"])
    [exchange] = exchanges(server)
    assert exchange.verdict.outcome is Outcome.HOLD
    assert server.leads == ["token-1", "token-2"]
    assert b"token-2" not in exchange.response.body
    assert "token-2" not in str(exchange.request)


EXPIRED = (200, {"success": False, "errors": [{"code": "602", "message": "token expired"}]})


def renewing(outcome="retry", **parts):
    rule = {
        "name": "Token expired",
        "outcome": outcome,
        "conditions": [
            {
                "source": "json",
                "path": "$.errors[*].code",
                "operator": "in",
                "value": ["601", "602"],
            }
        ],
        "renew_token": True,
    }
    return [rule | parts, *RULES]


def test_token_refused_inside_a_success_is_fetched_anew_where_a_rule_says_so():
    server = TokenServer(accept=["token-2"], refusal=EXPIRED)
    first, second = exchanges(server, count=2, at_once=False, rules=renewing())
    assert server.leads == ["token-1", "token-2", "token-2"]
    assert [one.verdict.rule for one in (first, second)] == ["Created", "Created"]
    assert first.response.status == 201


def test_token_refused_by_a_rule_without_the_flag_is_kept():
    server = TokenServer(accept=["token-2"], refusal=EXPIRED)
    [exchange] = exchanges(server, rules=renewing(renew_token=False))
    assert server.leads == ["token-1"]
    assert exchange.verdict.rule == "Token expired"


@pytest.mark.parametrize("outcome", [Outcome.RETRY, Outcome.HOLD])
def test_rule_that_renews_in_vain_has_the_last_word(outcome):
    server = TokenServer(accept=["never"], refusal=EXPIRED)
    [exchange] = exchanges(server, rules=renewing(outcome.value))
    assert server.leads == ["token-1", "token-2"]
    assert exchange.verdict.outcome is outcome
    assert exchange.verdict.rule == "Token expired"


def test_one_renewal_serves_all_whose_token_was_refused():
    server = TokenServer(accept=["token-2"], refusal=EXPIRED)
    results = exchanges(server, count=8, rules=renewing())
    assert {one.verdict.outcome for one in results} == {Outcome.DELIVERED}
    assert len(server.forms) == 2


def test_new_token_that_is_not_given_leaves_no_answer_behind():
    server = TokenServer(accept=["never"], refusal=EXPIRED)
    server.later = (400, {"error": "invalid_client"})
    [exchange] = exchanges(server, rules=renewing())
    assert exchange.error.code == "token_refused"
    assert exchange.response is None


def test_environment_with_a_token_address_of_its_own_asks_there():
    server = TokenServer()
    grant = AUTHORIZATION | {"token_url": "http://127.0.0.1:9/token"}
    [exchange] = exchanges(server, grant=grant)
    assert exchange.verdict.outcome is Outcome.DELIVERED
    assert len(server.forms) == 1


def test_rule_that_renews_changes_nothing_without_tokens():
    server = TokenServer(refusal=EXPIRED)
    [exchange] = exchanges(server, grant=None, rules=renewing())
    assert server.leads == [""]
    assert exchange.verdict.outcome is Outcome.RETRY


def test_other_credentials_never_get_a_kept_token():
    server, kept = TokenServer(), TokenCache()
    for secret in ("one secret", "two secret", "one secret"):
        exchanges(server, tokens=kept, secrets={"client_secret": secret})
    assert [form["client_secret"] for form in server.forms][:2] == [["one secret"], ["two secret"]]


@pytest.mark.parametrize(
    ("status", "document", "outcome", "code", "detail"),
    [
        (
            401,
            {"error": "invalid_client"},
            "hold",
            "token_refused",
            "the token address answered 401: invalid_client. Check the client ID and secret",
        ),
        (400, b"<html>", "hold", "token_refused", "answered 400. Check the client ID"),
        (400, {"error": "very secret is wrong"}, "hold", "token_refused", "•••• is wrong"),
        (
            400,
            {"error": "invalid_grant"},
            "hold",
            "token_refused",
            "Check the client ID and secret",
        ),
        (200, {"error": "very secret"}, "hold", "token_refused", "200: ••••. Check the client ID"),
        (400, {"error": ["odd"]}, "hold", "token_refused", "answered 400. Check"),
        (200, {"token": "x"}, "hold", "token_refused", "without an access token"),
        (200, {"access_token": "a\r\nX: b"}, "hold", "token_refused", "without an access token"),
        (302, {}, "hold", "token_refused", "without an access token"),
        (500, {}, "retry", "token_unavailable", "answered 500"),
        (429, {}, "retry", "token_unavailable", "answered 429"),
    ],
)
def test_refused_token_says_what_to_do(status, document, outcome, code, detail):
    server = TokenServer((status, document))
    [exchange] = exchanges(server)
    assert exchange.verdict.outcome == outcome
    assert exchange.error.code == code
    assert detail in exchange.error.detail
    assert "very secret" not in str(exchange)
    assert server.leads == []


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [
        ("invalid_grant", "token_grant_refused", "ask the advertiser to authorise access again"),
        ("invalid_client", "token_refused", "Check the client ID, secret and refresh token"),
    ],
)
def test_refused_refresh_says_what_to_do(error, code, detail):
    grant = AUTHORIZATION | {"type": "oauth2_refresh_token", "refresh_token": "plain"}
    del grant["scope"]
    [exchange] = exchanges(TokenServer((400, {"error": error})), grant=grant)
    assert exchange.verdict.outcome is Outcome.HOLD
    assert exchange.error.code == code
    assert detail in exchange.error.detail


def test_token_that_holds_a_secret_by_chance_is_sent_whole():
    answer = (200, {"access_token": "a.very-secret.b"})
    server = TokenServer(answer, accept=["a.very-secret.b"])
    [exchange] = exchanges(server, secrets={"client_secret": "very-secret"})
    assert exchange.verdict.outcome is Outcome.DELIVERED


def test_failure_is_not_kept():
    server = TokenServer((500, {}))
    first, second = exchanges(server, count=2, at_once=False)
    assert (first.verdict.outcome, second.verdict.outcome) == (Outcome.RETRY, Outcome.DELIVERED)


@pytest.mark.parametrize(
    ("parts", "token_request"),
    [
        ({"request_format": "query"}, b"GET /token?grant_type=refresh_token&refresh_token=r%2B1"),
        ({"request_format": "json"}, b'{"grant_type":"refresh_token","refresh_token":"r+1"'),
        ({"request_format": "form"}, b"grant_type=refresh_token&refresh_token=r%2B1"),
    ],
)
def test_refresh_token_brings_the_token_that_the_lead_is_sent_with(parts, token_request):
    requests = []

    async def answer(reader, writer):
        while request := await read_request(reader):
            requests.append(request)
            is_lead = b"/leads " in request.split(b"\r\n")[0]
            document = {"echo": "fetched-1"} if is_lead else {"access_token": "fetched-1"}
            writer.write(http(201, document))
        writer.close()

    grant = (
        AUTHORIZATION
        | parts
        | {
            "type": "oauth2_refresh_token",
            "refresh_token": {"secret": "refresh"},
            "prefix": "OAuth token=",
        }
    )
    [exchange] = exchanges(answer, grant=grant, secrets=SECRETS | {"refresh": "r+1"})
    assert exchange.verdict.outcome is Outcome.DELIVERED
    assert token_request in requests[0]
    assert b"\r\nAuthorization: OAuth token=fetched-1\r\n" in requests[1]
    assert "fetched-1" not in str(exchange)


@pytest.mark.parametrize(
    ("place", "sent"),
    [
        ({"name": "X-Session"}, b"\r\nX-Session: fetched-1\r\n"),
        ({"in": "query", "name": "session"}, b"POST /leads?session=fetched-1 "),
    ],
)
def test_api_that_wants_a_login_first_gets_one_and_is_sent_its_token(place, sent):
    requests = []

    async def answer(reader, writer):
        while request := await read_request(reader):
            requests.append(request)
            session = {"session": {"token": "fetched-1", "ttl": "90"}}
            is_login = request.startswith(b"POST /token ")
            writer.write(http(201, session if is_login else {"echo": "fetched-1"}))
        writer.close()

    login = AUTHORIZATION | {
        "client_id": "",
        "request_format": "json",
        "parameters": [
            {"name": "user", "value": "rokt"},
            {"name": "password", "value": "{{ secrets.client_secret }}"},
            *({"name": ours, "value": ""} for ours in ("grant_type", "scope", "client_secret")),
        ],
        "token_path": "$.session.token",
        "lifetime_path": "$.session.ttl",
        "prefix": "",
    }
    [exchange] = exchanges(answer, grant=login | place)
    assert exchange.verdict.outcome is Outcome.DELIVERED
    assert requests[0].endswith(b'{"user":"rokt","password":"very secret"}')
    assert sent in requests[1]
    assert "fetched-1" not in str(exchange)


def test_token_address_that_is_silent_ends_at_the_one_deadline():
    async def silent(reader, _writer):
        await read_request(reader)
        await asyncio.sleep(3)

    [exchange] = exchanges(silent)
    assert exchange.error.code == "timeout"
    assert exchange.verdict.outcome is Outcome.RETRY
    assert exchange.duration_ms < 2_000


def test_one_who_gives_up_does_not_take_the_token_from_the_others():
    cache, fetched = TokenCache(), []

    async def fetch():
        fetched.append(1)
        await asyncio.sleep(0.1)
        return Token("t", 300)

    async def impatient():
        async with asyncio.timeout(0.01):
            await cache.get("key", fetch)

    async def run():
        return await asyncio.gather(impatient(), cache.get("key", fetch), return_exceptions=True)

    gave_up, token = asyncio.run(run())
    assert isinstance(gave_up, TimeoutError)
    assert token == Token("t", 300)
    assert len(fetched) == 1


def test_cache_outlives_the_loop_that_a_fetch_was_cut_off_in():
    cache = TokenCache()

    async def never():
        await asyncio.sleep(60)

    async def leave():
        async with asyncio.timeout(0.01):
            await cache.get("key", never)

    async def fail():
        return TokenFailure(Outcome.RETRY, "code", "detail")

    with pytest.raises(TimeoutError):
        asyncio.run(leave())
    assert asyncio.run(cache.get("key", fail)).code == "code"
