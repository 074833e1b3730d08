"""A receiver that gives tokens and wants them, and leads that are sent to it."""

import asyncio
import json
from urllib.parse import parse_qs

from connections.exchange import perform
from connections.exchange.tokens import TokenCache
from tests.unit.connections.exchange.receivers import guarded, listening, read_request
from tests.unit.connections.exchange.test_perform import carry_out, config

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
    server,
    *,
    count=1,
    tokens=None,
    secrets=SECRETS,
    at_once=True,
    grant=AUTHORIZATION,
    pace=perform.at_once,
    **settings,
):
    async def run():
        async with listening(server) as port, guarded() as transport:
            base = f"http://127.0.0.1:{port}"
            authorization = addressed(grant, f"{base}/token") if grant else {"type": "none"}
            document = config(f"{base}/leads", authorization=authorization, **settings)
            kept = tokens or TokenCache()

            def one():
                return carry_out(transport, document, secrets=secrets, tokens=kept, pace=pace)

            if at_once:
                return await asyncio.gather(*(one() for _ in range(count)))
            return [await one() for _ in range(count)]

    return asyncio.run(run())
