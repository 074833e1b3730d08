"""A var directory for servers of a test's own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_var_directory(name: str = "var") -> Iterator[Path]:
    """Give a directory that PostgreSQL's own user may pass through to, when we are root.

    pytest's `tmp_path` will not do: each run of pytest closes the directory above all of them.
    """
    with tempfile.TemporaryDirectory(prefix="referral-export-test-") as parent:
        directory = Path(parent) / name
        directory.mkdir()
        yield directory
