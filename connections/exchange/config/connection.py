"""The whole document of one connection, its delivery policy and its test cases."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from connections.exchange.config.authorization import Authorization, NoAuthorization
from connections.exchange.config.document import Document, Identifier, Name, Scalar, Text
from connections.exchange.config.request import (
    Body,
    Endpoint,
    Environment,
    Header,
    Method,
    QueryParameter,
)
from connections.exchange.config.responses import (
    SUCCESS_RULE,
    Outcome,
    ResponseRule,
    ResponseSample,
)


class DeliveryPolicy(Document):
    timeout_seconds: Annotated[float, Field(ge=1, le=30)] = 10
    """For the whole exchange, from name look-up to the last byte."""
    concurrency: Annotated[int, Field(ge=1, le=512)] = 8
    rate_per_second: Annotated[float, Field(ge=0.01, le=1_000)] | None = None
    """How many requests the receiver gets in a second at most; null: as many as it can take."""
    retry_for_hours: Annotated[float, Field(ge=0, le=168)] = 72
    retry_on_timeout: bool = True
    """Whether to send again when no answer came after the request was written."""


class TestCase(Document):
    """A lead to send with Test, and what should come of it."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    name: Name
    attributes: dict[str, Scalar] = {}
    expected_outcome: Outcome = Outcome.DELIVERED


class ConnectionConfig(Document):
    """Everything of a connection that is versioned; secrets are only named in it."""

    method: Method = Method.POST
    variables: Annotated[dict[Identifier, Text], Field(max_length=100)] = {}
    environments: Annotated[dict[Environment, Endpoint], Field(min_length=1)]
    authorization: Authorization = NoAuthorization()
    headers: Annotated[tuple[Header, ...], Field(max_length=50)] = ()
    query: Annotated[tuple[QueryParameter, ...], Field(max_length=100)] = ()
    body: Body = Body()
    required_attributes: tuple[str, ...] = ()
    response_rules: Annotated[tuple[ResponseRule, ...], Field(max_length=50)] = (SUCCESS_RULE,)
    delivery: DeliveryPolicy = DeliveryPolicy()
    test_environment: Environment | None = None
    """Where Test sends to; null means testing, else staging, else production."""
    test_cases: Annotated[tuple[TestCase, ...], Field(max_length=50)] = ()
    response_samples: Annotated[tuple[ResponseSample, ...], Field(max_length=50)] = ()
    """Answers that the response rules are held to."""

    @model_validator(mode="after")
    def names_stand_once(self) -> Self:
        for what, names in (
            ("response rule", [rule.name for rule in self.response_rules]),
            ("test case", [case.name for case in self.test_cases]),
            ("response sample", [sample.name for sample in self.response_samples]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f'two {what}s are called "{twice[0]}": give each its own name')
        if self.test_environment and self.test_environment not in self.environments:
            raise ValueError(
                f"tests go to {self.test_environment}, which has no endpoint: add its URL or"
                " choose another environment"
            )
        return self

    def environment_for_tests(self) -> Environment:
        """Return where test leads go unless somebody says otherwise."""
        if self.test_environment:
            return self.test_environment
        for environment in (Environment.TESTING, Environment.STAGING, Environment.PRODUCTION):
            if environment in self.environments:
                return environment
        raise AssertionError("a configuration has at least one environment")
