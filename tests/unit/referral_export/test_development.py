"""What stands in the way of a start is refused with a sentence, before anything is started."""

import fcntl
import socket

import pytest

from referral_export.development import CannotStartError, run_until_stopped
from referral_export.environment import read_environment


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def refusal(**variables: str) -> str:
    with pytest.raises(CannotStartError) as refused:
        run_until_stopped(read_environment(variables), report=pytest.fail)
    return str(refused.value)


def test_production_is_refused():
    sentence = refusal(
        REFERRAL_EXPORT_MODE="production",
        SECRET_KEY="s" * 50,
        ENCRYPTION_KEYS="A" * 43,
        ALLOWED_HOSTS="referrals.example.com",
        DATABASE_URL="postgresql://app@db/referral_export",
        REDIS_URL="redis://redis",
        EMAIL_URL="smtp://mail",
        EMAIL_FROM="referrals@example.com",
    )

    assert "embedded servers are for development" in sentence


@pytest.mark.parametrize(("above", "what"), [(0, "the web server"), (1, "the sandbox CRM")])
def test_taken_port_is_refused(tmp_path, above, what):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        sentence = refusal(REFERRAL_EXPORT_VAR=str(tmp_path), PORT=str(port - above))

    assert sentence.startswith(f"Port {port}, for {what}, is taken: stop what uses it")


def test_second_start_with_the_same_data_is_refused(tmp_path, free_port):
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        sentence = refusal(REFERRAL_EXPORT_VAR=str(tmp_path), PORT=str(free_port))

    assert sentence.startswith(f"It runs already with the data in {tmp_path}: stop that one")
