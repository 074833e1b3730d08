"""From what people and clients write to typed documents, or to problems with their place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from django.conf import settings
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from accounts.errors import CorrectInput, Problem
from connections.exchange.attributes import AttributeErrors, AttributeValue, parse_attributes
from connections.exchange.config import (
    ConnectionConfig,
    Document,
    Environment,
    OAuth2Authorization,
    ResponseRule,
    ResponseSample,
)
from connections.exchange.custom_fields import CustomField
from connections.exchange.egress import UrlError, check_url
from connections.exchange.problems import ConfigProblem
from connections.exchange.rendering import check_config
from connections.exchange.responses import check_rules
from connections.validation import problems_of, unkeepable_texts

DocumentT = TypeVar("DocumentT")
MAX_SAMPLES_CHARACTERS = 100_000
"""Of all samples of a connection: they are read by its rules each time that it is shown."""
Line = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]


class Contact(Document):
    """Somebody at the advertiser who knows the API."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    role: Line = ""
    email: Line = ""
    phone: Line = ""


class DocumentationLink(Document):
    """Where the API is described."""

    title: Line = ""
    url: Annotated[
        str,
        StringConstraints(pattern=r"^https?://\S+$", max_length=2_048, strip_whitespace=True),
    ]


_CONFIG: TypeAdapter[ConnectionConfig] = TypeAdapter(ConnectionConfig)
_RULES: TypeAdapter[tuple[ResponseRule, ...]] = TypeAdapter(
    Annotated[tuple[ResponseRule, ...], Field(max_length=50)]
)
_CUSTOM_FIELD: TypeAdapter[CustomField] = TypeAdapter(CustomField)
_SAMPLES: TypeAdapter[tuple[ResponseSample, ...]] = TypeAdapter(
    Annotated[tuple[ResponseSample, ...], Field(min_length=1, max_length=50)]
)
_CONTACTS: TypeAdapter[tuple[Contact, ...]] = TypeAdapter(
    Annotated[tuple[Contact, ...], Field(max_length=20)]
)
_DOCUMENTATION: TypeAdapter[tuple[DocumentationLink, ...]] = TypeAdapter(
    Annotated[tuple[DocumentationLink, ...], Field(max_length=20)]
)


@dataclass(frozen=True, slots=True)
class MergePatch:
    """A change of a configuration that says only what becomes different.

    *Source* RFC 7396: objects merge, null removes, everything else replaces.
    """

    patch: object

    def applied_to(self, config: ConnectionConfig) -> ConnectionConfig:
        """Return the changed configuration. *Raises* CorrectInput."""
        try:
            changed = merged(dumped(config), self.patch)
        except RecursionError as endless:
            detail = "This is nested deeper than any configuration is."
            raise CorrectInput(Problem("/config", "too_deep", detail)) from endless
        return parse_config(changed)


def parse_config(raw: object) -> ConnectionConfig:
    """Return the configuration; its templates, rules and URLs are checked when it is saved.

    *Raises* CorrectInput with pointers like `/config/body/template`.
    """
    return _parsed(_CONFIG, raw, "/config")


def parse_rules(raw: object) -> tuple[ResponseRule, ...]:
    """*Raises* CorrectInput with pointers like `/rules/0/outcome`."""
    return _parsed(_RULES, raw, "/rules")


def parse_custom_field(raw: object) -> CustomField:
    """*Raises* CorrectInput with pointers like `/mappings/0/match`."""
    return _parsed(_CUSTOM_FIELD, raw, "")


def parse_samples(raw: object) -> tuple[ResponseSample, ...]:
    """*Raises* CorrectInput with pointers like `/samples/0/status`."""
    return _parsed(_SAMPLES, raw, "/samples")


def parse_contacts(raw: object) -> tuple[Contact, ...]:
    """*Raises* CorrectInput with pointers like `/contacts/0/name`."""
    return _parsed(_CONTACTS, raw, "/contacts")


def parse_documentation(raw: object) -> tuple[DocumentationLink, ...]:
    """*Raises* CorrectInput with pointers like `/documentation/0/url`."""
    return _parsed(_DOCUMENTATION, raw, "/documentation")


def parse_lead(raw: Mapping[str, object]) -> dict[str, AttributeValue]:
    """*Raises* CorrectInput with pointers like `/attributes/email`."""
    try:
        return parse_attributes(raw)
    except AttributeErrors as errors:
        raise CorrectInput(
            *(
                Problem(f"/attributes/{_escaped(problem.name)}", problem.code, problem.detail)
                for problem in errors.problems
            )
        ) from errors


def require_usable(config: ConnectionConfig, *, custom_fields: Sequence[CustomField]) -> None:
    """Check what the types cannot say: templates, rules, header names and URLs.

    The custom fields are the account's, which templates may use by name.

    *Raises* CorrectInput with everything that is wrong.
    """
    problems = check_config(config, custom_fields=custom_fields)
    pointers = {problem.pointer for problem in problems}
    problems += [problem for problem in _url_problems(config) if problem.pointer not in pointers]
    problems += _sample_problems(config)
    if problems:
        raise CorrectInput(*(_below("/config", problem) for problem in problems))


def require_environment(config: ConnectionConfig, environment: Environment) -> None:
    """*Raises* CorrectInput when the configuration has no endpoint there."""
    if environment not in config.environments:
        detail = f"This connection has no {environment.value} endpoint: add its URL first."
        raise CorrectInput(Problem("/environment", "no_endpoint", detail))


def require_usable_rules(rules: Sequence[ResponseRule]) -> None:
    """*Raises* CorrectInput with pointers like `/rules/0/conditions/1/path`."""
    if problems := check_rules(rules):
        raise CorrectInput(
            *(
                Problem(f"/{one.pointer.removeprefix('/response_')}", one.code, one.detail)
                for one in problems
            )
        )


def dumped(document: Document) -> dict[str, object]:
    """Return the JSON form, as it is stored and shown."""
    return document.model_dump(mode="json", by_alias=True)


def merged(target: object, patch: object) -> object:
    """Return the target with the patch applied. *Source* RFC 7396 §2."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _parsed(adapter: TypeAdapter[DocumentT], raw: object, pointer: str) -> DocumentT:
    try:
        document = adapter.validate_python(raw)
    except ValidationError as refused:
        raise CorrectInput(*problems_of(refused, raw, pointer)) from refused
    if problems := list(unkeepable_texts(raw, pointer)):
        raise CorrectInput(*problems)
    return document


def _url_problems(config: ConnectionConfig) -> Iterator[ConfigProblem]:
    for pointer, url in _urls(config):
        try:
            check_url(url, allow_loopback=settings.ALLOW_LOOPBACK_EGRESS)
        except UrlError as refused:
            yield ConfigProblem(pointer, refused.code, refused.detail)


def _sample_problems(config: ConnectionConfig) -> Iterator[ConfigProblem]:
    length = sum(len(sample.body) for sample in config.response_samples)
    if length > MAX_SAMPLES_CHARACTERS:
        detail = (
            f"The sample responses are {length:,} characters together, and"
            f" {MAX_SAMPLES_CHARACTERS:,} is the most: shorten the longest, or remove some."
        )
        yield ConfigProblem("/response_samples", "too_long", detail)


def _urls(config: ConnectionConfig) -> Iterator[tuple[str, str]]:
    for environment, endpoint in config.environments.items():
        yield f"/environments/{environment.value}/url", endpoint.url
    if isinstance(config.authorization, OAuth2Authorization):
        yield from config.authorization.all_token_urls().items()


def _below(root: str, problem: ConfigProblem) -> Problem:
    return Problem(f"{root}{problem.pointer}", problem.code, problem.detail)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
