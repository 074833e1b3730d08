"""What tests through URLs share."""

import pytest

from tests.cast import client_of


@pytest.fixture
def api(client):
    """Send JSON with a token; `api("post", path, token, body)`."""

    def send(method, path, token=None, body=None, **headers):
        if token:
            headers["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return getattr(client, method)(
            f"/api/v1{path}", data=body, content_type="application/json", **headers
        )

    return send


@pytest.fixture
def manager(cast):
    """The browser of acme's account manager."""
    return client_of(cast.manager)
