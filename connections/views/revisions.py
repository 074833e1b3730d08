"""The revision of the connection that a page was opened at, as its form carries it."""

import re

from accounts.errors import ReadAgain

# Longer than any; what has thousands of digits cannot even be read as a number.
_REVISION = re.compile("[0-9]{1,9}")


def opened_revision(text: str) -> int | None:
    """Return the revision; None of a form that says none. *Raises* ReadAgain."""
    if not text:
        return None
    if not _REVISION.fullmatch(text):
        raise ReadAgain("This page does not say which version it was opened at: open it again.")
    return int(text)
