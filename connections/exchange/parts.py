"""One configuration compiled piece by piece, and everything that is wrong with it."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from connections.exchange.attributes import (
    CATALOGUE,
    AttributeErrors,
    attribute_hint,
    parse_attributes,
)
from connections.exchange.authorization import AuthorizationKind, compile_authorization
from connections.exchange.body import Body, compile_body
from connections.exchange.compiler import Compiler
from connections.exchange.config import ConnectionConfig, Environment
from connections.exchange.custom_fields import CustomField
from connections.exchange.endpoint import origin_problem
from connections.exchange.headers import header_problem
from connections.exchange.language import Names, Template
from connections.exchange.language.dialects import HEADER, URL
from connections.exchange.language.filters import percent_encode
from connections.exchange.parameters import IN_URL, ParameterValue, compile_parameter
from connections.exchange.problems import ConfigProblem
from connections.exchange.responses import check_rules


@dataclass(frozen=True, slots=True)
class CompiledParameter:
    """A query parameter; its name is percent-encoded already."""

    name: str
    value: ParameterValue
    omit_empty: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """The compiled parts of a configuration; good for use only when `problems` is empty."""

    endpoints: Mapping[Environment, Template]
    query: tuple[CompiledParameter, ...]
    authorization: AuthorizationKind
    headers: tuple[tuple[str, Template], ...]
    headers_see_request: bool
    """Whether some header looks at the request that it stands in, to sign it for instance."""
    body: Body
    secrets: Mapping[str, Sequence[str]]
    """Every secret that is referred to, and the pointers of the places that do, in order."""
    custom_fields: tuple[CustomField, ...]
    """Those of the account's that this configuration uses."""
    problems: tuple[ConfigProblem, ...]


def compile_parts(config: ConnectionConfig, custom_fields: Sequence[CustomField] = ()) -> Parts:
    """Compile every template and check every name and rule."""
    names = Names(frozenset(config.variables), frozenset(field.name for field in custom_fields))
    compiler = Compiler(names)
    endpoints = _compile_endpoints(config, compiler)
    query = _compile_query(config, compiler)
    authorization = compile_authorization(config.authorization, compiler)
    headers = _compile_headers(config, compiler, authorization.headers)
    body = compile_body(config, compiler)
    _check_required(config, compiler, {*CATALOGUE, *names.custom})
    _check_test_cases(config, compiler)
    return Parts(
        endpoints=endpoints,
        query=query,
        authorization=authorization,
        headers=headers,
        headers_see_request=any(template.sees_request for _, template in headers),
        body=body,
        secrets=compiler.secrets,
        custom_fields=tuple(
            field
            for field in custom_fields
            if field.name in compiler.names or field.name in config.required_attributes
        ),
        problems=(*compiler.problems, *check_rules(config.response_rules)),
    )


def _compile_endpoints(config: ConnectionConfig, compiler: Compiler) -> dict[Environment, Template]:
    endpoints = {}
    for environment, endpoint in config.environments.items():
        pointer = endpoint_pointer(environment)
        if problem := origin_problem(endpoint.url):
            compiler.refuse(pointer, "url", problem)
        endpoints[environment] = compiler.template(endpoint.url, dialect=URL, pointer=pointer)
    return endpoints


def endpoint_pointer(environment: Environment) -> str:
    return f"/environments/{environment}/url"


def _compile_query(config: ConnectionConfig, compiler: Compiler) -> tuple[CompiledParameter, ...]:
    return tuple(
        CompiledParameter(
            name=percent_encode(source.name),
            value=compile_parameter(source, IN_URL, compiler, pointer=f"/query/{index}/value"),
            omit_empty=source.omit_empty,
        )
        for index, source in enumerate(config.query)
    )


def _compile_headers(
    config: ConnectionConfig, compiler: Compiler, authorization_headers: tuple[str, ...]
) -> tuple[tuple[str, Template], ...]:
    headers = []
    taken = {name.lower() for name in authorization_headers}
    for index, header in enumerate(config.headers):
        problem = header_problem(header.name)
        if not problem and header.name.lower() in taken:
            problem = f"{header.name} is set already, here or by Authorization: delete one of them"
        if problem:
            compiler.refuse(f"/headers/{index}/name", "header_name", problem)
        taken.add(header.name.lower())
        pointer = f"/headers/{index}/value"
        template = compiler.template(
            header.value, dialect=HEADER, pointer=pointer, sees_request=True
        )
        headers.append((header.name, template))
    return tuple(headers)


def _check_required(config: ConnectionConfig, compiler: Compiler, known: AbstractSet[str]) -> None:
    for index, name in enumerate(config.required_attributes):
        if name not in known:
            compiler.refuse(
                f"/required_attributes/{index}",
                "unknown_attribute",
                f'there is no attribute "{name[:100]}".{attribute_hint(name, known)}',
            )


def _check_test_cases(config: ConnectionConfig, compiler: Compiler) -> None:
    for index, case in enumerate(config.test_cases):
        try:
            parse_attributes(case.attributes)
        except AttributeErrors as errors:
            for problem in errors.problems:
                name = problem.name.replace("~", "~0").replace("/", "~1")
                pointer = f"/test_cases/{index}/attributes/{name}"
                compiler.refuse(pointer, problem.code, problem.detail)
