"""Sets the stage before Django reads its settings: loaded by pytest as its first plugin.

Every run has a PostgreSQL and a Redis of its own, in a directory that goes with the run, so
that several runs go on side by side and nothing of a developer's data is touched.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

VAR_DIRECTORY = Path(tempfile.mkdtemp(prefix="referral-export-test-"))
VAR_DIRECTORY.chmod(0o755)
(VAR_DIRECTORY / "static").mkdir()  # WhiteNoise warns of a directory that is not there

for variable in (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "ENCRYPTION_KEYS",
):
    os.environ.pop(variable, None)
os.environ["REFERRAL_EXPORT_MODE"] = "test"
os.environ["REFERRAL_EXPORT_VAR"] = str(VAR_DIRECTORY)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    shutil.rmtree(VAR_DIRECTORY, ignore_errors=True)
