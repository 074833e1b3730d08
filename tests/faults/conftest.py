"""One stage for all faults, and a table of what became of them."""

import pytest

from tests.faults.ledger import HEADINGS
from tests.faults.stage import set_stage


@pytest.fixture(scope="module")
def running():
    """The product with its processes."""
    with set_stage() as stage:
        yield stage


@pytest.fixture(scope="module")
def results(request):
    """What is printed when all is over."""
    found = []
    yield found
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("", HEADINGS, *(one.row() for one in found), sep="\n")  # noqa: T201
