"""A line of the log says what happened, and quotes nobody."""

import asyncio
import json
import logging
import sys

import pytest

from accounts.tokens import new_token
from referral_export.environment import Mode
from referral_export.logs import REQUEST_ID, JsonLines, ReadableLines, logging_settings

SECRET = "jane@example.com"


def record(message, *args, error=None, name="delivery.pump", **fields):
    made = logging.LogRecord(name, logging.ERROR, "pump.py", 7, message, args, None)
    if error is not None:
        try:
            raise error
        except type(error):
            made.exc_info = sys.exc_info()
    vars(made).update(fields)
    return made


def line_of(made):
    text = JsonLines().format(made)
    assert "\n" not in text
    return json.loads(text)


def test_event_is_one_json_object_with_its_fields_and_no_others():
    line = line_of(
        record("an attempt of %d", 3, delivery_id="d-1", request=object(), data={"a": 1})
    )
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "error",
        "logger": "delivery.pump",
        "event": "an attempt of 3",
        "delivery_id": "d-1",
    }


def test_event_within_a_request_has_its_id():
    token = REQUEST_ID.set("request-1")
    try:
        assert line_of(record("came"))["request_id"] == "request-1"
    finally:
        REQUEST_ID.reset(token)
    assert "request_id" not in line_of(record("came"))


def test_exception_is_told_by_type_and_place_alone():
    error = ValueError(f"{SECRET} is wrong")
    error.__cause__ = KeyError(SECRET)
    line = line_of(record("it failed", error=error))
    assert line["exception"] == ["builtins.ValueError", "builtins.KeyError"]
    assert line["frames"][-1].endswith(" record")
    assert SECRET not in str(line)


def test_celery_does_not_quote_the_exception():
    message = "Task %(name)s[%(id)s] %(description)s: %(exc)s\n%(traceback)s"
    given = {"name": "t", "id": "1", "description": "raised", "exc": SECRET, "traceback": SECRET}
    line = line_of(record(message, given, error=ValueError(SECRET), name="celery.app.trace"))
    assert line["event"] == "Task t[1] raised: an exception"
    assert SECRET not in str(line)


def test_asyncio_does_not_quote_the_exception(caplog):
    async def nobody_waits():
        async def fails():
            raise ValueError(SECRET)

        task = asyncio.create_task(fails())
        await asyncio.sleep(0)
        del task

    asyncio.run(nobody_waits())
    [made] = [made for made in caplog.records if made.name == "asyncio"]
    line = line_of(made)
    assert line["event"] == "Task exception was never retrieved"
    assert SECRET not in str(line)


def test_gunicorn_does_not_quote_the_address():
    address = f"/deliveries?email={SECRET}"
    made = record("Error handling request %s", address, error=OSError(), name="gunicorn.error")
    assert SECRET not in str(line_of(made))


@pytest.mark.parametrize("formatter", [JsonLines(), ReadableLines()])
def test_token_in_an_address_is_hidden(formatter):
    token = new_token()
    line = formatter.format(record("Gone: %s", f"/setup/{token}/method/"))
    assert token not in line
    assert "/setup/rex_••••/method/" in line


def test_development_reads_lines_with_fields_and_tracebacks():
    line = ReadableLines().format(record("it failed", error=ValueError("why"), delivery_id="d-1"))
    first, *traceback = line.splitlines()
    assert first.endswith("ERROR delivery.pump it failed delivery_id=d-1")
    assert traceback[-1] == "ValueError: why"


def test_production_alone_logs_json():
    formatters = {
        mode: logging_settings(mode)["formatters"]["line"]["()"].__name__ for mode in Mode
    }
    assert formatters == {
        Mode.PRODUCTION: "JsonLines",
        Mode.DEVELOPMENT: "ReadableLines",
        Mode.TEST: "ReadableLines",
    }
