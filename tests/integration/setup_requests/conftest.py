"""Who takes part in a set-up, and the link between them."""

import re

import pytest
from django.test import Client

from tests.integration.setup_requests.answering import LIST


@pytest.fixture
def link(manager):
    """The link as the account manager reads it off the page."""
    page = manager.post(f"{LIST}add/", {"name": "Newsletter CRM"}).content.decode()
    return re.search(r"http://testserver(/setup/rex_[\w-]+/)", page)[1]


@pytest.fixture
def contact():
    """The technical contact: a browser without a login."""
    return Client()
