"""A request that was sent, as a command for a terminal."""

import re
from collections.abc import Mapping
from shlex import quote
from typing import Any

from connections.exchange.request import MASK

_OF_EVERY_CLIENT = frozenset({"host", "content-length", "accept-encoding", "connection"})


def as_curl(request: Mapping[str, Any]) -> str:
    """Return the curl command for a request in the REST API's shape.

    What is masked in it becomes `$SECRET`, or `$SECRET_1` and so on when there are several; a
    run of masks is one.
    """
    lines = [f"curl --request {request['method']} {_quoted(request['url'])}"]
    lines += [
        f"--header {_quoted(f'{name}: {value}')}"
        for name, value in request["headers"]
        if name.lower() not in _OF_EVERY_CLIENT
    ]
    if request["body"]:
        lines.append(f"--data-raw {_quoted(request['body'])}")
    return _numbered(" \\\n  ".join(lines))


def _quoted(text: str) -> str:
    """Quote for a shell; what is masked stands outside, as a variable in double quotes."""
    parts = re.split(f"(?:{MASK})+", text)
    return '"$SECRET"'.join(quote(part) if part else "" for part in parts) or "''"


def _numbered(command: str) -> str:
    if command.count('"$SECRET"') == 1:
        return command
    numbers = iter(range(1, command.count('"$SECRET"') + 1))
    return re.sub(r'"\$SECRET"', lambda _: f'"$SECRET_{next(numbers)}"', command)
