"""Rows of before the partitions are kept by the migration that makes them."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from referral_export.environment import CHECKOUT


@pytest.fixture
def var_directory():
    # Not pytest's own: the user who runs PostgreSQL may look into this one.
    directory = Path(tempfile.mkdtemp(prefix="referral-export-test-"))
    directory.chmod(0o755)
    (directory / "static").mkdir()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def test_rows_of_before_come_through(var_directory):
    environment = os.environ | {
        "REFERRAL_EXPORT_VAR": str(var_directory),
        "DJANGO_SETTINGS_MODULE": "referral_export.settings",
    }
    command = [sys.executable, "-m", "tests.partition_migration", str(var_directory)]
    subprocess.run(command, cwd=CHECKOUT, env=environment, check=True, timeout=120)
