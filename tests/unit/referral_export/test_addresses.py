"""An address means the same to every client."""

from pathlib import Path

import pytest
import redis

from referral_export.addresses import (
    celery_broker_url,
    database_address,
    embedded_addresses,
    socket_directory,
)


def test_database_address_of_a_host_has_its_parts():
    address = database_address("postgresql://app:p%40ss@db:5433/referrals?sslmode=require")

    assert (address.name, address.user, address.password) == ("referrals", "app", "p@ss")
    assert (address.host, address.port) == ("db", "5433")
    assert address.options == {"sslmode": "require"}


@pytest.mark.parametrize("directory", ["/srv/referrals/var", "/home/Åsa B/100%/var"])
def test_embedded_addresses_lead_into_the_var_directory(directory):
    addresses = embedded_addresses(Path(directory))

    assert database_address(addresses.database_url).host == f"{directory}/run"
    client = redis.Redis.from_url(addresses.redis_url)
    assert client.connection_pool.connection_kwargs["path"] == f"{directory}/run/redis.sock"
    client.close()


def test_celery_broker_url_of_a_host_stays():
    assert celery_broker_url("rediss://:secret@host:6379/1") == "rediss://:secret@host:6379/1"


def test_socket_directory_of_a_deep_checkout_is_short_and_its_own():
    deep, deeper = (Path("/" + "/".join(["directory"] * count)) for count in (12, 13))

    assert len(str(socket_directory(deep))) < 80
    assert socket_directory(deep) == socket_directory(deep)
    assert socket_directory(deep) != socket_directory(deeper)
