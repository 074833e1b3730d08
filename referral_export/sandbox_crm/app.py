"""The sandbox CRM's web application: answers, keeps the last requests, shows them."""

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import jinja2
from aiohttp import web

from referral_export.sandbox_crm.behaviours import (
    API_KEY,
    BEHAVIOURS,
    CLIENT_ID,
    CLIENT_SECRET,
    Answer,
    Memory,
    issue_token,
)
from referral_export.sandbox_crm.lead import Lead, understand

REQUESTS_KEPT = 200
MAX_BODY_BYTES = 1024 * 1024
HERE = Path(__file__).parent
PAGE = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
    (HERE / "page.html").read_text()
)
PAGE_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'self'"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what the CRM answered to it."""

    lead: Lead
    answer: Answer

    @property
    def pretty(self) -> str:
        """What was understood, for the page."""
        if isinstance(self.lead.understood, str):
            return self.lead.understood
        return json.dumps(self.lead.understood, indent=2, ensure_ascii=False)

    def as_json(self) -> dict[str, object]:
        return {
            "received_at": self.lead.received_at.isoformat(),
            "method": self.lead.method,
            "path": self.lead.path,
            "behaviour": self.lead.behaviour,
            "query": dict(self.lead.query),
            "headers": dict(self.lead.headers),
            "body": self.lead.body,
            "understood": self.lead.understood,
            "email": self.lead.email,
            "idempotency_key": self.lead.idempotency_key,
            "test": self.lead.is_test,
            "answer": {"status": self.answer.status, "body": self.answer.body},
        }


@dataclass(slots=True)
class SandboxCrm:
    memory: Memory = field(default_factory=Memory)
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))
    """Oldest first."""

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Answer a lead as the behaviour in the path says."""
        behaviour = BEHAVIOURS.get(request.match_info["behaviour"])
        if behaviour is None:
            names = ", ".join(BEHAVIOURS)
            return web.json_response({"error": f"There is /crm/ with: {names}."}, status=404)
        lead = await _lead(request)
        answer = await behaviour(lead, self.memory)
        self.exchanges.append(Exchange(lead, answer))
        return await _send(request, answer)

    async def token(self, request: web.Request) -> web.StreamResponse:
        """Give out an OAuth 2.0 access token."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        authorization = request.headers.get("Authorization", "")
        return await _send(request, issue_token(form, authorization, self.memory))

    async def page(self, _request: web.Request) -> web.Response:
        """Show what was received, newest first."""
        html = PAGE.render(
            exchanges=list(reversed(self.exchanges)),
            behaviours=list(BEHAVIOURS),
            api_key=API_KEY,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            kept=REQUESTS_KEPT,
        )
        return web.Response(text=html, content_type="text/html", headers=PAGE_HEADERS)

    async def received(self, _request: web.Request) -> web.Response:
        """Say what was received, oldest first."""
        return web.json_response({"results": [one.as_json() for one in self.exchanges]})


def make_app() -> web.Application:
    """Return a sandbox CRM with an empty memory."""
    crm = SandboxCrm()
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        app.router.add_route(method, "/crm/{behaviour}", crm.receive)
    app.router.add_post("/oauth/token", crm.token)
    app.router.add_get("/", crm.page)
    app.router.add_get("/page.css", _style)
    app.router.add_get("/received.json", crm.received)
    return app


async def _style(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(HERE / "page.css")


async def _lead(request: web.Request) -> Lead:
    body = await request.read()
    return Lead(
        received_at=datetime.now(UTC),
        method=request.method,
        path=request.path_qs,
        behaviour=request.match_info["behaviour"],
        query=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body.decode("utf-8", errors="replace"),
        understood=understand(request.content_type, body),
    )


async def _send(request: web.Request, answer: Answer) -> web.StreamResponse:
    if answer.promised_bytes is None:
        return web.Response(
            status=answer.status,
            text=answer.body,
            content_type=answer.content_type,
            headers=answer.headers,
        )
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_type = answer.content_type
    response.content_length = answer.promised_bytes
    await response.prepare(request)
    await response.write(answer.body.encode())
    if request.transport:
        request.transport.close()
    return response
