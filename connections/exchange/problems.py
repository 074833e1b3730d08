"""What can be wrong with a configuration, or with one request that is built from it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing that is wrong in a configuration, and what to do about it."""

    pointer: str
    """JSON pointer into the configuration: `/body/template`."""
    code: str
    detail: str


class RenderError(Exception):
    """A request that cannot be built; nothing was sent.

    `place` is a JSON pointer into the configuration (empty: no single place); `line` and
    `column` count from 1, in the template or in what was rendered, as `detail` says.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        place: str = "",
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.place = place
        self.line = line
        self.column = column


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean first_name?`, or nothing when no known name is near."""
    names = list(known)
    near = [one for one in names if name.startswith(f"{one}_")]
    near += difflib.get_close_matches(name[:100], names, n=1)
    return f" Did you mean {near[0]}?" if near else ""
