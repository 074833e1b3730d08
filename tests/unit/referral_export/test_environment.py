"""Every setting that is wrong stops the start with a sentence that names it."""

import base64
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from referral_export.environment import CHECKOUT, EnvironmentRefused, Mode, read_environment

KEY = base64.urlsafe_b64encode(bytes(32)).decode()
PRODUCTION = {
    "REFERRAL_EXPORT_MODE": "production",
    "SECRET_KEY": "s" * 50,
    "ENCRYPTION_KEYS": KEY,
    "ALLOWED_HOSTS": "referrals.example.com",
    "DATABASE_URL": "postgresql://app:hidden@db/referral_export",
    "REDIS_URL": "redis://redis:6379/0",
    "EMAIL_URL": "smtp://us%40er:hid%2Fden@mail.example.com:587",
    "EMAIL_FROM": "referrals@example.com",
}


def test_production_complete_is_read():
    environment = read_environment(PRODUCTION)

    assert environment.mode is Mode.PRODUCTION
    assert environment.encryption_keys == (bytes(32),)
    assert environment.allowed_hosts == ("referrals.example.com",)
    assert environment.database_owner_url is None
    assert not environment.allow_loopback_egress
    assert not environment.embeds_postgresql
    assert not environment.embeds_redis


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "ENCRYPTION_KEYS",
        "ALLOWED_HOSTS",
        "DATABASE_URL",
        "REDIS_URL",
        "EMAIL_URL",
        "EMAIL_FROM",
    ],
)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_production_without_setting_refuses(name, value):
    variables = PRODUCTION | {name: value}
    if value is None:
        del variables[name]

    with pytest.raises(EnvironmentRefused, match=rf"^{name} is not set: in production write .+\.$"):
        read_environment(variables)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("REFERRAL_EXPORT_MODE", "prod", 'is "prod": write development, test or production.'),
        ("SECRET_KEY", "s" * 49, "has 49 characters: write at least 50 random ones."),
        ("METRICS_TOKEN", "m" * 23, "has 23 characters: write at least 24 random ones."),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "is not the address of a collector"),
        ("ENCRYPTION_KEYS", "short", ": key 1 is not 32 bytes in base64url"),
        ("ENCRYPTION_KEYS", f"{KEY},{KEY[:-4]}", ": key 2 is not 32 bytes in base64url"),
        ("ENCRYPTION_KEYS", f"{KEY},", ": key 2 is not 32 bytes in base64url"),
        ("ENCRYPTION_KEYS", "é" * 43, ": key 1 is not 32 bytes in base64url"),
        ("ALLOWED_HOSTS", "https://a.example", ' holds "https://a.example": write host names'),
        ("ALLOWED_HOSTS", "a.example:443", ' holds "a.example:443": write host names'),
        ("ALLOWED_HOSTS", "a.example,", ' holds "": write host names'),
        ("DATABASE_URL", "mysql://u@h/d", "is not the address of a PostgreSQL database"),
        ("DATABASE_URL", "postgresql://u@h", "is not the address of a PostgreSQL database"),
        ("DATABASE_URL", "sqlite:///db", "is not the address of a PostgreSQL database"),
        ("DATABASE_OWNER_URL", "postgresql://u@h/d?x y", "is not the address of a PostgreSQL"),
        ("REDIS_URL", "http://h", "is not the address of a Redis server"),
        ("REDIS_URL", "redis:", "is not the address of a Redis server"),
        ("EMAIL_URL", "mail.example.com", "is not the address of a mail server"),
        ("EMAIL_URL", "smtp://", "is not the address of a mail server"),
        ("EMAIL_URL", "smtp://mail:99999", "is not the address of a mail server"),
        ("EMAIL_URL", "imap://mail", "is not the address of a mail server"),
        ("EMAIL_FROM", "a@b.example, c@d.example", "write one mail address"),
        ("TRUSTED_PROXIES", "-1", 'is "-1": write how many proxies of yours stand before'),
        ("TRUSTED_PROXIES", "yes", 'is "yes": write how many proxies of yours stand before'),
        ("PORT", "0", 'is "0": write a number from 1 to 65534.'),
        ("PORT", "65535", 'is "65535": write a number from 1 to 65534.'),
        ("PORT", "80a", 'is "80a": write a number from 1 to 65534.'),
        ("PORT", "²", 'is "²": write a number from 1 to 65534.'),
        ("ALLOW_LOOPBACK_EGRESS", "yes", 'is "yes": write true or false.'),
        ("ALLOW_LOOPBACK_EGRESS", "true", "in production remove it or write false."),
    ],
)
def test_wrong_value_refuses_with_a_sentence(name, value, sentence):
    with pytest.raises(EnvironmentRefused) as refused:
        read_environment(PRODUCTION | {name: value})

    assert str(refused.value).startswith(name)
    assert sentence in str(refused.value)


def test_wrong_address_with_password_does_not_repeat_it():
    with pytest.raises(EnvironmentRefused) as refused:
        read_environment(PRODUCTION | {"DATABASE_URL": "postgres:/app:hidden@db"})

    assert "hidden" not in str(refused.value)


def test_development_without_anything_embeds_servers_below_var(tmp_path):
    environment = read_environment({"REFERRAL_EXPORT_VAR": str(tmp_path)})

    assert environment.mode is Mode.DEVELOPMENT
    assert environment.embeds_postgresql
    assert environment.embeds_redis
    assert environment.allow_loopback_egress
    assert str(tmp_path) in environment.database_url
    assert environment.database_owner_url != environment.database_url


def test_development_keys_are_made_once_and_kept_from_others(tmp_path):
    first = read_environment({"REFERRAL_EXPORT_VAR": str(tmp_path)})
    second = read_environment({"REFERRAL_EXPORT_VAR": str(tmp_path)})

    assert first == second
    assert [len(key) for key in first.encryption_keys] == [32]
    files = sorted((tmp_path / "keys").iterdir())
    assert [file.name for file in files] == ["encryption_keys", "secret_key"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_development_with_one_own_role_owns_with_it(tmp_path):
    url = "postgresql://me@127.0.0.1/mine"
    environment = read_environment({"REFERRAL_EXPORT_VAR": str(tmp_path), "DATABASE_URL": url})

    assert environment.database_url == environment.database_owner_url == url
    assert not environment.embeds_postgresql
    assert environment.embeds_redis


def test_test_mode_writes_nothing(tmp_path):
    read_environment({"REFERRAL_EXPORT_MODE": "test", "REFERRAL_EXPORT_VAR": str(tmp_path)})

    assert not list(tmp_path.iterdir())


def test_example_names_every_setting_that_is_read():
    code = Path(CHECKOUT / "referral_export" / "environment.py").read_text()
    read = set(re.findall(r'(?:given\[|given\.get\(|given, |")(?<=")([A-Z][A-Z_]{3,})"', code))
    example = (CHECKOUT / ".env.example").read_text()

    compose_only = {"DATABASE_PASSWORD", "DATABASE_OWNER_PASSWORD", "POSTGRES_PASSWORD"}
    assert read | compose_only == set(re.findall(r"^([A-Z_]+)=", example, flags=re.MULTILINE))


def test_command_line_with_wrong_setting_ends_with_the_sentence_alone(tmp_path):
    result = subprocess.run(
        [sys.executable, CHECKOUT / "manage.py", "check"],
        env={"REFERRAL_EXPORT_VAR": str(tmp_path), "PORT": "http"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert result.stderr == 'PORT is "http": write a number from 1 to 65534.\n'
