"""`python -m bench [row …] [full | tiny]`: measures all rows, or some, and prints one table."""

import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import exchange
from bench.figures import SIZES
from referral_export.embedded import start_servers

EXCHANGE = "exchange"


def main(arguments: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    sizes = [word for word in arguments if word in SIZES]
    names = [word for word in arguments if word not in SIZES]
    with tempfile.TemporaryDirectory(prefix="referral-export-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # PostgreSQL may run as a user of its own
        _set_environment(name)
        with start_servers(directory, durable=True):
            return _measure(directory, names, sizes[-1] if sizes else "usual")


def _set_environment(var_directory: str) -> None:
    for variable in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(variable, None)
    os.environ["REFERRAL_EXPORT_VAR"] = var_directory
    os.environ["REFERRAL_EXPORT_MODE"] = "development"
    os.environ["DJANGO_SETTINGS_MODULE"] = "referral_export.settings"


def _measure(directory: Path, names: Sequence[str], size: str) -> int:
    import django  # noqa: PLC0415  the environment comes first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from bench.report import ROWS, measure_all  # noqa: PLC0415

    if unknown := set(names) - {*ROWS, EXCHANGE}:
        known = ", ".join((EXCHANGE, *ROWS))
        print(f"There is no row {', '.join(sorted(unknown))}. Rows: {known}; sizes: full, tiny.")
        return 2
    call_command("migrate", database="owner", verbosity=0)
    kept = [exchange.main()] if not names or EXCHANGE in names else []
    rows = [name for name in names if name in ROWS] if names else list(ROWS)
    return max([*kept, measure_all(directory, rows, SIZES[size])])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
