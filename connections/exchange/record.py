"""The record of one exchange in the REST API's shape of an attempt: what is stored and shown."""

from dataclasses import asdict
from datetime import UTC, datetime

from connections.exchange.config import Environment
from connections.exchange.perform import Exchange
from connections.exchange.request import ShownRequest
from connections.exchange.responses import ReceivedResponse
from connections.exchange.responses.received import storable


def attempt_record(
    exchange: Exchange, *, number: int, version: int, environment: Environment
) -> dict[str, object]:
    """Return the attempt as JSON's types; every secret in it is masked already.

    `version` is the number of the connection's version that it was sent with.
    """
    error, verdict = exchange.error, exchange.verdict
    return {
        "number": number,
        "version": version,
        "environment": environment.value,
        "started_at": _time(exchange.started_at),
        "duration_ms": exchange.duration_ms,
        "timings": asdict(exchange.timings),
        "request": _request(exchange.request) if exchange.request else None,
        "response": _response(exchange.response) if exchange.response else None,
        "error": {"code": error.code, "detail": storable(error.detail)} if error else None,
        "verdict": verdict.as_json() if verdict else None,
    }


def _request(request: ShownRequest) -> dict[str, object]:
    return {
        "method": request.method,
        "url": storable(request.url),
        "headers": _headers(request.headers),
        "body": storable(request.body),
    }


def _response(response: ReceivedResponse) -> dict[str, object]:
    return {
        "status": response.status,
        "headers": _headers(response.headers),
        "body": response.text(),
        "truncated": response.truncated,
    }


def _headers(headers: tuple[tuple[str, str], ...]) -> list[list[str]]:
    """Return name and value pairs: a header may come twice, and their order is kept."""
    return [[storable(name), storable(value)] for name, value in headers]


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
