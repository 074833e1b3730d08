"""How the request that a technical contact pasted is shown, to them and to the team."""

from dataclasses import replace

from django.utils import timezone

from accounts.errors import CorrectInput
from connections.exchange.config import ConnectionConfig
from connections.exchange.request import ShownRequest
from connections.models import Connection, SetupRequest
from connections.previews import preview
from connections.views.fragments import LinkedProblem, PreviewFragment


def example_preview(setup: SetupRequest, config: ConnectionConfig) -> ShownRequest:
    """Return what would be sent for a sample lead, secrets masked.

    *Raises* CorrectInput for what was pasted (`/text`).
    """
    connection = Connection(account=setup.account, name=setup.name)
    try:
        return preview(connection=connection, config=config, now=timezone.now())
    except CorrectInput as refused:
        raise CorrectInput(
            *(replace(problem, pointer="/text") for problem in refused.problems)
        ) from refused


def example_fragment(setup: SetupRequest) -> PreviewFragment:
    """Return the preview of what was pasted, if anything was, or why it cannot be shown."""
    example = setup.document.example
    try:
        return PreviewFragment(example_preview(setup, example.config) if example else None)
    except CorrectInput as refused:
        return PreviewFragment(problems=[LinkedProblem("", one.detail) for one in refused.problems])
