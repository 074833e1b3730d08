"""`python -m bench`: one run of everything, printed as one table."""

import os
import sys
import tempfile
from pathlib import Path

from bench import exchange
from referral_export.embedded import start_servers


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="referral-export-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # PostgreSQL may run as a user of its own
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
            os.environ.pop(variable, None)
        os.environ["REFERRAL_EXPORT_VAR"] = name
        os.environ["REFERRAL_EXPORT_MODE"] = "development"
        os.environ["DJANGO_SETTINGS_MODULE"] = "referral_export.settings"
        with start_servers(directory, durable=True):
            exchange_kept = exchange.main()
            return max(measure(directory), exchange_kept)


def measure(directory: Path) -> int:
    import django  # noqa: PLC0415  the environment comes first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", database="owner", verbosity=0)
    from bench.report import measure_all  # noqa: PLC0415

    return measure_all(directory)


if __name__ == "__main__":
    sys.exit(main())
