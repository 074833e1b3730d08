"""What all tests share: real servers, and the cast."""

import pytest
from django.core.management import call_command
from django.db import connections
from hypothesis import settings

from referral_export.embedded import start_servers
from tests.cast import make_cast
from tests.environment import VAR_DIRECTORY

# A busy machine is no failure; what must not hang says so itself.
settings.register_profile("referral_export", deadline=None)
settings.load_profile("referral_export")


@pytest.fixture(scope="session")
def servers():
    """PostgreSQL and Redis of this run."""
    with start_servers(VAR_DIRECTORY, durable=False) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def django_db_setup(servers, django_db_blocker):
    """Migrate as the role that owns; the tests then run as the role that owns nothing."""
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0)
        with connections["owner"].cursor() as cursor:
            # Between tests that commit, Django empties the tables; the product never does.
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO referral_export_app")
        connections["owner"].close()
    yield
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def cast(db):
    return make_cast()
