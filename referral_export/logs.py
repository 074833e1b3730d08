"""How the product logs: one JSON object per line in production, readable lines elsewhere.

No line holds personal data or a secret: what is said of an exception is its type and where it
came from, for its message can quote what somebody sent.
"""

import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime

import orjson

from referral_export.environment import Mode

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request that this thread answers."""

# An address behind a link holds one, and is logged when it is refused.
_TOKEN = re.compile(r"rex_[A-Za-z0-9_-]+")
# What an event may say besides its sentence, in this order; each is an id, a number or one of
# few words. Whatever else a library attaches to a record is left out.
FIELDS = (
    *("request_id", "method", "route", "status_code", "duration_ms"),
    *("account_id", "connection_id", "referral_ids", "delivery_ids", "accepted", "duplicate"),
    *("invalid", "delivery_id", "referral_id", "number", "outcome", "status", "error_code"),
    "response_status",
)


def logging_settings(mode: Mode) -> dict[str, object]:
    """Return what `logging.config.dictConfig` takes; Django, Celery and gunicorn share it."""
    formatter = JsonLines if mode is Mode.PRODUCTION else ReadableLines
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Their lines carry URLs, and with them personal data.
            "aiohttp": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            # A line for each look that finds nothing to do.
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            # gunicorn gives these handlers of their own if we do not.
            "gunicorn.error": {"handlers": [], "propagate": True},
            "gunicorn.access": {"handlers": [], "propagate": True},
        },
    }


class JsonLines(logging.Formatter):
    """One JSON object, in one line, for each event."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, object] = {
            "at": _moment(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _sentence(record),
        }
        event |= _fields(record)
        if record.exc_info and record.exc_info[1]:
            event |= _exception(record.exc_info[1])
        return _hide_tokens(orjson.dumps(event, default=str).decode())


class ReadableLines(logging.Formatter):
    """The same for people who develop: one line, and a traceback as Python writes it."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}{fields}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        return _hide_tokens(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  of logging
        record.fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        return super().formatMessage(record)


def _hide_tokens(line: str) -> str:
    return _TOKEN.sub("rex_••••", line) if "rex_" in line else line


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _sentence(record: logging.LogRecord) -> str:
    if not record.exc_info:
        return record.getMessage()
    # Libraries write the exception into their message too: Celery by name, asyncio from the
    # second line on, gunicorn with the URL that was asked for.
    if isinstance(record.args, Mapping):
        safe = {**record.args, "exc": "an exception", "traceback": ""}
        return _first_line(record.msg % safe)
    if record.name.startswith("gunicorn"):
        return _first_line(record.msg)
    return _first_line(record.getMessage())


def _first_line(message: object) -> str:
    return str(message).partition("\n")[0]


def _fields(record: logging.LogRecord) -> dict[str, object]:
    found = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
    if (request_id := REQUEST_ID.get()) is not None:
        return {"request_id": request_id} | found
    return found


def _exception(error: BaseException) -> dict[str, object]:
    kinds = [f"{type(one).__module__}.{type(one).__qualname__}" for one in _causes(error)]
    return {"exception": kinds, "frames": [_frame(one) for one in _frames(error)]}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the exception and those that it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _frames(error: BaseException) -> traceback.StackSummary:
    return traceback.extract_tb(error.__traceback__)


def _frame(frame: traceback.FrameSummary) -> str:
    return f"{frame.filename}:{frame.lineno} {frame.name}"
