"""From what was typed on a page to a typed answer, or to problems with their place."""

from collections.abc import Iterator, Mapping

from django.conf import settings
from pydantic import ValidationError

from accounts.errors import CorrectInput, Problem
from connections.exchange.config import Document
from connections.exchange.egress import UrlError, check_url
from connections.setup_requests.answers import (
    SHAPES,
    AuthenticationAnswer,
    AuthenticationKind,
    DocumentationAnswer,
    EndpointsAnswer,
    Item,
)
from connections.validation import problems_of, unkeepable_texts

_NEEDED: Mapping[AuthenticationKind, Mapping[str, str]] = {
    AuthenticationKind.BASIC: {"username": "Write the user name."},
    AuthenticationKind.API_KEY: {"name": "Write the name of the header or parameter."},
    AuthenticationKind.OAUTH2: {
        "token_url": "Write the address that gives tokens.",
        "client_id": "Write the client ID.",
    },
    AuthenticationKind.OTHER: {"explanation": "Describe how requests are authenticated."},
}


def parse_answer(item: Item, raw: Mapping[str, object], *, has_file: bool = False) -> Document:
    """Return the answer. *Raises* CorrectInput with pointers like `/production`."""
    try:
        answer = SHAPES[item].model_validate(raw)
    except ValidationError as refused:
        raise CorrectInput(*problems_of(refused, raw, "")) from refused
    problems = [*unkeepable_texts(raw, ""), *_problems(answer, has_file=has_file)]
    if problems:
        raise CorrectInput(*problems)
    return answer


def _problems(answer: Document, *, has_file: bool) -> Iterator[Problem]:
    match answer:
        case DocumentationAnswer(url="") if not has_file:
            detail = "Give the address of the documentation, or choose a file."
            yield Problem("/url", "required", detail)
        case EndpointsAnswer():
            yield from _address_problems(answer, ("production", "staging", "testing"))
        case AuthenticationAnswer():
            for name, detail in _NEEDED.get(answer.kind, {}).items():
                if not getattr(answer, name):
                    yield Problem(f"/{name}", "required", detail)
            if answer.kind is AuthenticationKind.OAUTH2:
                yield from _address_problems(answer, ("token_url",))


def _address_problems(answer: Document, names: tuple[str, ...]) -> Iterator[Problem]:
    for name in names:
        try:
            if url := getattr(answer, name):
                check_url(url, allow_loopback=settings.ALLOW_LOOPBACK_EGRESS)
        except UrlError as refused:
            yield Problem(f"/{name}", refused.code, refused.detail)
