"""One operation of an OpenAPI document, made a draft."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from connections.drafting.draft import Draft, draft_connection
from connections.drafting.openapi.document import OpenApiDocument, Operation, as_list, as_mapping
from connections.drafting.openapi.examples import NOTHING, ExampleMaker, said_example
from connections.drafting.openapi.responses import documented_rules
from connections.drafting.openapi.security import Security, security_of
from connections.drafting.pasted import Note, NotUnderstood, PastedRequest, require_unicode
from connections.exchange.attributes import CATALOGUE
from connections.exchange.config import ConnectionConfig
from connections.exchange.rendering import check_config

_MOST_LISTED = 12
_FORM = "application/x-www-form-urlencoded"
_BODIES = ("json", "x-www-form-urlencoded", "xml", "text/plain", "multipart/form-data")
_ATTRIBUTE = re.compile(r"\{\{ ([a-z_0-9]+)[ |]")
_SERVER_VARIABLE = re.compile(r"\{([^{}]{1,60})\}")


def draft_operation(document: OpenApiDocument, operation: Operation) -> Draft:
    """Return the draft of a connection that makes this call.

    What the operation requires is in it, and what it takes of our attributes; other optional
    parameters are left out and named. Only what the document says of answers becomes rules.

    Raises: NotUnderstood.
    """
    details, item = document.details(operation)
    reading = _Reading(document, operation, details, item)
    request = reading.request()
    draft = draft_connection(request)
    security = security_of(document, details)
    rules = documented_rules(document, details)
    config = _completed(draft, security, reading, rules)
    return replace(
        draft,
        config=config,
        not_understood=(*draft.not_understood, *security.notes, *reading.closing_notes()),
    )


def _completed(
    draft: Draft, security: Security, reading: "_Reading", rules: Sequence[Any]
) -> ConnectionConfig:
    given = draft.config.model_dump(by_alias=True)
    if security.authorization["type"] != "none":
        given["authorization"] = dict(security.authorization)
    given["headers"] = [*given["headers"], *security.headers]
    given["required_attributes"] = reading.required_attributes(draft)
    if rules:
        given["response_rules"] = [rule.model_dump() for rule in rules]
    config = ConnectionConfig.model_validate(given)
    if problems := check_config(config):
        raise NotUnderstood(f"{problems[0].pointer[1:]}: {problems[0].detail}")
    return config


@dataclass
class _Reading:
    """One operation while it is read."""

    document: OpenApiDocument
    operation: Operation
    details: Mapping[str, Any]
    item: Mapping[str, Any]
    notes: list[Note] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    """Places of required values, as guesses name them: `body contact.email`."""

    def request(self) -> PastedRequest:
        content_type, body = self._body()
        headers = [*self._headers()]
        if body:
            headers.append(("Content-Type", content_type))
        url = self._url()
        require_unicode(url, body, *(text for pair in headers for text in pair))
        return PastedRequest(
            self.operation.method, url, tuple(headers), body, notes=tuple(self.notes)
        )

    def closing_notes(self) -> Iterator[Note]:
        if self.left_out:
            listed = ", ".join(self.left_out[:_MOST_LISTED])
            more = len(self.left_out) - _MOST_LISTED
            rest = f" and {more} more" if more > 0 else ""
            yield Note("optional parameters", f"Left out, add what you need: {listed}{rest}.")

    def required_attributes(self, draft: Draft) -> list[str]:
        """Return the attributes that stand where the operation requires something."""
        found = (
            _ATTRIBUTE.match(guess.template)
            for guess in draft.guesses
            if guess.place in self.required
        )
        names = [one[1] for one in found if one and one[1] in CATALOGUE]
        return list(dict.fromkeys(names))

    def _url(self) -> str:
        url = self._server() + self.operation.path
        query = [(name, value) for name, value in self._parameters("query") if value is not None]
        return url + (f"?{urlencode(query)}" if query else "")

    def _server(self) -> str:
        servers = (
            as_list(self.details.get("servers"))
            or as_list(self.item.get("servers"))
            or as_list(self.document.root.get("servers"))
        )
        server = as_mapping(servers[0]) if servers else {}
        url = str(server.get("url") or "")
        if "://" not in url:
            raise NotUnderstood(
                f'The document does not say which host to call (servers: "{url[:80]}"): write the'
                " whole URL of the server into it."
            )
        if len(servers) > 1:
            self.notes.append(Note("servers", f"There are several: {url[:100]} was taken."))
        return self._with_defaults(url, as_mapping(server.get("variables"))).rstrip("/")

    def _with_defaults(self, url: str, variables: Mapping[str, Any]) -> str:
        def value(found: re.Match[str]) -> str:
            default = as_mapping(variables.get(found[1])).get("default")
            if default is None:
                return found[0]
            detail = f'"{str(default)[:60]}" was taken for {found[1]}: write your own.'
            self.notes.append(Note("servers", detail))
            return quote(str(default), safe=".-_/:")

        return _SERVER_VARIABLE.sub(value, url)

    def _headers(self) -> Iterator[tuple[str, str]]:
        ignored = {"accept", "content-type", "authorization"}
        for name, value in self._parameters("header"):
            if name.lower() not in ignored and value is not None:
                yield name, value

    def _parameters(self, location: str) -> Iterator[tuple[str, str | None]]:
        """Return name and example of what is required; note what is not."""
        listed = [*as_list(self.item.get("parameters")), *as_list(self.details.get("parameters"))]
        for one in listed[:200]:
            parameter = as_mapping(self.document.followed(one))
            name = str(parameter.get("name", ""))[:100]
            if parameter.get("in") != location or not name:
                continue
            if parameter.get("required") is True:
                self.required.append(f"{location} {name}")
                yield name, self._parameter_value(parameter, name)
            elif name.lower() not in ("accept", "content-type", "authorization"):
                self.left_out.append(name)

    def _parameter_value(self, parameter: Mapping[str, Any], name: str) -> str:
        schema = as_mapping(self.document.followed(parameter.get("schema")))
        for node in (parameter, schema):
            said = said_example(node)
            if said is not NOTHING and not isinstance(said, dict | list):
                return _as_text(said)
        self.notes.append(Note(f"parameter {name}", "It is required: give it a value."))
        return ""

    def _body(self) -> tuple[str, str]:
        """Return the content type and an example of the body, or two empty texts."""
        body = as_mapping(self.document.followed(self.details.get("requestBody")))
        content = as_mapping(body.get("content"))
        kind = next((one for sign in _BODIES for one in content if sign in str(one)), None)
        if kind is None:
            if content:
                self.notes.append(
                    Note("body", f"{', '.join(map(str, content))[:100]} is not sent.")
                )
            return "", ""
        media = as_mapping(self.document.followed(content[kind]))
        example = self._example(media)
        if example is NOTHING:
            self.notes.append(Note("body", "The document does not show it: write it yourself."))
            return "", ""
        return self._written(str(kind), example)

    def _example(self, media: Mapping[str, Any]) -> object:
        """Return the example that the document has, else one that its schema allows."""
        schema = as_mapping(self.document.followed(media.get("schema")))
        maker = ExampleMaker(self.document)
        made = maker.make(media.get("schema")) if media.get("schema") else NOTHING
        self.required += [f"body {path}" for path in maker.required]
        said = media.get("example", schema.get("example", NOTHING))
        for one in as_mapping(media.get("examples")).values():
            said = (
                as_mapping(self.document.followed(one)).get("value", said)
                if said is NOTHING
                else said
            )
        if said is not NOTHING:
            return said
        self.left_out += maker.left_out
        self.notes += [
            Note(f"body {path}", "It is required, and its value is made up: write the right one.")
            for path in maker.made_up[:_MOST_LISTED]
        ]
        return made

    def _written(self, kind: str, example: object) -> tuple[str, str]:
        if isinstance(example, str) and "json" not in kind:
            return kind, example
        if "json" in kind:
            if isinstance(example, str) and example.lstrip()[:1] in "{[":
                return kind, example
            return kind, json.dumps(example, ensure_ascii=False, default=str)
        if "form" in kind and isinstance(example, Mapping):
            pairs = [(str(name), _as_text(value)) for name, value in example.items()]
            said = "multipart/form-data" if "multipart" in kind else _FORM
            return said, urlencode(pairs)
        self.notes.append(Note("body", f"An example as {kind[:60]} is missing: write it yourself."))
        return "", ""


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
