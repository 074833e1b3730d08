"""From the answers of a set-up request to the configuration of a draft connection."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from connections.documents import dumped
from connections.drafting.samples import draft_rules
from connections.exchange.body.field_paths import FieldNameProblem, FieldPaths, only_root
from connections.exchange.config import ConnectionConfig, Encoding, Environment, ResponseSample
from connections.exchange.rendering import check_config
from connections.setup_requests.answers import (
    CREDENTIALS,
    AuthenticationAnswer,
    AuthenticationKind,
    Item,
    ItemState,
    ParametersAnswer,
    ResponsesAnswer,
    SetupAnswers,
)
from connections.setup_requests.words import ITEMS

XML_ROOT = "lead"


@dataclass(frozen=True, slots=True)
class SetupDraft:
    """What the answers give; without an address there is no connection yet."""

    config: ConnectionConfig | None
    missing: tuple[str, ...]
    """What a person has to add or look at, as sentences."""


def draft_setup(answers: SetupAnswers, *, has_credential: bool) -> SetupDraft:
    """Return as much of a connection as the answers allow: what cannot be used is left out."""
    missing = [
        *_unanswered(answers),
        *_credential_to_see_to(answers, has_credential=has_credential),
    ]
    environments = _environments(answers)
    if not environments:
        return SetupDraft(None, tuple(missing))
    raw = (dumped(answers.example.config) if answers.example else {}) | {
        "environments": environments
    }
    if answers.method:
        raw["method"] = answers.method.method
    for what, parts in _parts(answers):
        problem = _problem(raw | parts)
        if problem:
            missing.append(f"{what} could not be used: {problem}")
        else:
            raw |= parts
    return SetupDraft(ConnectionConfig.model_validate(raw), tuple(missing))


def _unanswered(answers: SetupAnswers) -> Iterator[str]:
    for item in Item:
        state = answers.state_of(item)
        if state is ItemState.OPEN:
            yield f"{ITEMS[item].title}: not answered yet."
        elif state is ItemState.UNKNOWN:
            yield f"{ITEMS[item].title}: they do not know."
    if answers.parameters and answers.parameters.remarks:
        yield "Parameters: there are remarks to read."
    if answers.example:
        for sentence in answers.example.not_understood:
            yield f"Example request: {sentence}"


def _credential_to_see_to(answers: SetupAnswers, *, has_credential: bool) -> Iterator[str]:
    kind = answers.authentication.kind if answers.authentication else AuthenticationKind.NONE
    if kind is AuthenticationKind.OTHER:
        yield "Authentication: it is described in words, set it up by hand."
        if has_credential:
            name = f"secrets.{CREDENTIALS[kind]}"
            yield f"Authentication: write {{{{ {name} }}}} where their credential belongs."
    elif kind in CREDENTIALS and not has_credential:
        yield "Authentication: the credential is not set."


def _environments(answers: SetupAnswers) -> dict[str, object]:
    example = answers.example.config.environments if answers.example else {}
    urls = {place.value: getattr(answers.endpoints, place.value, "") for place in Environment}
    return {place.value: dumped(endpoint) for place, endpoint in example.items()} | {
        place: {"url": url} for place, url in urls.items() if url
    }


def _parts(answers: SetupAnswers) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield what goes into the configuration together, with the word for it."""
    authentication = answers.authentication
    # What is described in words is nothing to put in place of what an example shows.
    is_in_words = authentication and authentication.kind is AuthenticationKind.OTHER
    if authentication and not (answers.example and is_in_words):
        yield "Authentication", {"authorization": _authorization(authentication)}
    yield from _body_parts(answers)
    if answers.responses:
        yield from _rules(answers.responses)


def _body_parts(answers: SetupAnswers) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield nothing where an example shows the body, which says more than its encoding does."""
    shown = answers.example.config.body.encoding if answers.example else None
    encoding = answers.encoding.encoding if answers.encoding else shown or Encoding.JSON
    has_rows = answers.parameters is not None and bool(answers.parameters.rows)
    if encoding is shown and not has_rows:
        return
    if encoding is Encoding.NONE or answers.parameters is None:
        yield "Body encoding", {"body": {"encoding": encoding}}
    else:
        yield "Parameters", _body(answers.parameters, encoding)


def _authorization(answer: AuthenticationAnswer) -> dict[str, object]:
    kind = answer.kind
    if kind in (AuthenticationKind.NONE, AuthenticationKind.OTHER):
        return {"type": "none"}
    secret = {"secret": CREDENTIALS[kind]}
    parts: dict[AuthenticationKind, dict[str, object]] = {
        AuthenticationKind.BASIC: {"username": answer.username, "password": secret},
        AuthenticationKind.BEARER: {"token": secret},
        AuthenticationKind.API_KEY: {"in": answer.location, "name": answer.name, "value": secret},
        AuthenticationKind.OAUTH2: {
            "token_url": answer.token_url,
            "client_id": answer.client_id,
            "client_secret": secret,
            "scope": answer.scope,
        },
    }
    return {"type": kind.value, **parts[kind]}


def _body(answer: ParametersAnswer, encoding: Encoding) -> dict[str, object]:
    names = [row.name for row in answer.rows]
    prefix = f"{XML_ROOT}." if encoding is Encoding.XML and not _has_one_root(names) else ""
    fields = [
        {
            "name": f"{prefix}{row.name}",
            "value": f"{{{{ {row.attribute} }}}}",
            "required": row.required,
            "empty": None if row.required else "omit",
        }
        for row in answer.rows
    ]
    required = dict.fromkeys(row.attribute for row in answer.rows if row.required)
    return {
        "body": {"encoding": encoding, "fields": fields},
        "required_attributes": list(required),
    }


def _has_one_root(names: list[str]) -> bool:
    places = FieldPaths()
    try:
        paths = [places.add(name) for name in names]
    except FieldNameProblem:
        return False
    return only_root(paths) is not None and all(len(path) > 1 for path in paths)


def _rules(answer: ResponsesAnswer) -> Iterator[tuple[str, dict[str, object]]]:
    samples = [
        ResponseSample(
            name=f"Answer {number}: {row.status or 'by its body'}, {row.meaning}",
            status=row.status,
            body=row.body,
            expected_outcome=row.meaning,
        )
        for number, row in enumerate(answer.rows, start=1)
    ]
    drafted = draft_rules(samples)
    kept = [dumped(sample) for sample in samples]
    rules = [dumped(rule) for rule in drafted.rules]
    yield "Expected responses", {"response_samples": kept}
    if rules and not drafted.problems:
        yield "Expected responses", {"response_rules": rules}


def _problem(raw: Mapping[str, object]) -> str:
    try:
        problems = check_config(ConnectionConfig.model_validate(raw))
    except ValidationError as refused:
        return str(refused.errors()[0]["msg"])
    return problems[0].detail if problems else ""
