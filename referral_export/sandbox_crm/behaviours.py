"""How the sandbox CRM answers: every kind of answer that one needs to try rules."""

import asyncio
import base64
import itertools
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from referral_export.sandbox_crm.lead import Lead

API_KEY = "sandbox-key"
CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105  shown to every developer
TOKEN_SECONDS = 300
DEFAULT_SLOW_SECONDS = 5.0
LONGEST_SLOW_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the CRM says to one request."""

    status: int
    body: str
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    promised_bytes: int | None = None
    """Announce a body of this length, then cut the connection after what there is."""


@dataclass(frozen=True, slots=True)
class Person:
    identifier: str
    idempotency_key: str | None
    """Of the request that made them known."""


@dataclass(slots=True)
class Memory:
    """What the CRM knows: the people in it and the tokens that it gave out."""

    people: dict[str, Person] = field(default_factory=dict)
    """By email."""
    tokens: set[str] = field(default_factory=set)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def new_identifier(self) -> str:
        return f"lead-{next(self.numbers):06}"


Behaviour = Callable[[Lead, Memory], Awaitable[Answer]]


async def created(_lead: Lead, memory: Memory) -> Answer:
    return _json(201, {"id": memory.new_identifier()})


async def duplicate(_lead: Lead, _memory: Memory) -> Answer:
    return _json(409, {"error": "duplicate", "detail": "This email address is known already."})


async def member_exists(lead: Lead, _memory: Memory) -> Answer:
    detail = f"{lead.email or 'This address'} is already a list member."
    return _json(400, {"title": "Member Exists", "status": 400, "detail": detail})


async def success_false(_lead: Lead, _memory: Memory) -> Answer:
    return _json(200, {"success": False, "error": "The email address is on the blocked list."})


async def plain(_lead: Lead, _memory: Memory) -> Answer:
    return Answer(200, "successfully delivered", content_type="text/plain")


async def xml_error(_lead: Lead, _memory: Memory) -> Answer:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<response><result>error</result>'
        "<code>17</code><message>The lead was not accepted.</message></response>"
    )
    return Answer(200, body, content_type="application/xml")


async def unauthorized(_lead: Lead, _memory: Memory) -> Answer:
    answer = _json(401, {"error": "unauthorized", "detail": "The credential is missing or wrong."})
    return Answer(401, answer.body, headers={"WWW-Authenticate": 'Bearer realm="sandbox"'})


async def rate_limited(_lead: Lead, _memory: Memory) -> Answer:
    answer = _json(429, {"error": "rate_limited", "retryAfter": 2})
    return Answer(429, answer.body, headers={"Retry-After": "2"})


async def error(_lead: Lead, _memory: Memory) -> Answer:
    return _json(500, {"error": "internal", "detail": "Something broke on our side."})


async def slow(lead: Lead, memory: Memory) -> Answer:
    """Answer as `created` does, after `?seconds=` or five."""
    seconds = DEFAULT_SLOW_SECONDS
    with suppress(ValueError):
        seconds = float(lead.query.get("seconds", seconds))
    await asyncio.sleep(min(max(seconds, 0.0), LONGEST_SLOW_SECONDS))
    return await created(lead, memory)


async def cut_off(_lead: Lead, _memory: Memory) -> Answer:
    return Answer(201, '{"id": "lead-', promised_bytes=1_000)


async def smart(lead: Lead, memory: Memory) -> Answer:
    """Answer as a real CRM does: who are you, is the lead good, is it new.

    An email with "invalid" in it is refused and one with "duplicate" is known already, so
    that a test case is repeatable; for the same reason test leads are not remembered.
    """
    email = lead.email
    if not _is_authorized(lead, memory):
        return await unauthorized(lead, memory)
    if email is None:
        return _json(400, {"error": "missing_email", "detail": "The email address is missing."})
    if "invalid" in email or "@" not in email:
        return _json(422, {"error": "invalid_email", "detail": f"{email} is not valid."})
    if "duplicate" in email:
        return await duplicate(lead, memory)
    if lead.is_test:
        return await created(lead, memory)
    return _remember(email, lead, memory)


BEHAVIOURS: Mapping[str, Behaviour] = {
    "smart": smart,
    "created": created,
    "duplicate": duplicate,
    "member-exists": member_exists,
    "success-false": success_false,
    "plain": plain,
    "xml-error": xml_error,
    "unauthorized": unauthorized,
    "rate-limited": rate_limited,
    "error": error,
    "slow": slow,
    "cut-off": cut_off,
}


def issue_token(form: Mapping[str, str], authorization: str, memory: Memory) -> Answer:
    """Answer a token request (RFC 6749 §4.4), with the credentials in the header or the body."""
    if form.get("grant_type") != "client_credentials":
        return _json(400, {"error": "unsupported_grant_type"})
    given = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
    if given != (CLIENT_ID, CLIENT_SECRET):
        return _json(401, {"error": "invalid_client"})
    token = secrets.token_urlsafe(24)
    memory.tokens.add(token)
    return _json(200, {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})


def _is_authorized(lead: Lead, memory: Memory) -> bool:
    scheme, _, credential = lead.headers.get("authorization", "").partition(" ")
    _, password = _basic(lead.headers.get("authorization", "")) or ("", "")
    given = {
        credential if scheme.lower() == "bearer" else "",
        lead.headers.get("x-api-key", ""),
        lead.query.get("api_key", ""),
        password,
    }
    return bool(given & {API_KEY, *memory.tokens})


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return None
    return user, password


def _remember(email: str, lead: Lead, memory: Memory) -> Answer:
    """Answer 201 to a new person, also when the same request comes again, else 409."""
    known = memory.people.get(email)
    if known is None:
        known = Person(memory.new_identifier(), lead.idempotency_key)
        memory.people[email] = known
    elif lead.idempotency_key is None or lead.idempotency_key != known.idempotency_key:
        detail = "This email address is known already."
        return _json(409, {"error": "duplicate", "id": known.identifier, "detail": detail})
    return _json(201, {"id": known.identifier})


def _json(status: int, body: Mapping[str, object]) -> Answer:
    return Answer(status, web.json_response(body).text or "")
