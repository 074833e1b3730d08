"""The whole product as `make run` starts it, for the browser to walk through."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port_pair

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "demo-password"
OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "ENCRYPTION_KEYS",
    "ALLOWED_HOSTS",
)


@dataclass(frozen=True)
class Product:
    url: str
    sandbox_url: str
    environment: dict[str, str]

    def shell(self, script: str) -> str:
        """Run what a page shows in a shell of the checkout, and return what it prints."""
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return done.stdout


@contextmanager
def running_product() -> Iterator[Product]:
    """Start it on free ports with data of its own; stop it as Ctrl-C does."""
    with tempfile.TemporaryDirectory(prefix="referral-export-browser-") as var_directory:
        Path(var_directory).chmod(0o755)
        port = free_port_pair()
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        environment |= {
            "PORT": str(port),
            "REFERRAL_EXPORT_MODE": "development",
            "REFERRAL_EXPORT_VAR": var_directory,
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=CHECKOUT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            url = _address(process)
            yield Product(url, f"http://127.0.0.1:{port + 1}", environment)
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _address(process: subprocess.Popen) -> str:
    said = []
    for line in process.stdout:
        said.append(line)
        if ready := re.match(r"Ready: (\S+)", line):
            return ready[1]
    raise AssertionError(f"it did not start:\n{''.join(said)}")
