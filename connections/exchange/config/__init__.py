"""The one typed document that says how a connection talks to an advertiser's API.

Form, REST API, versions, import and export all read and write this document. It is
frozen; a change is a new document. What can be decided without the template language or
the rule engine is decided here; `rendering.check_config` and `responses.check_rules`
decide the rest when a configuration is saved.
"""

from connections.exchange.config.authorization import (
    ApiKeyAuthorization,
    Authorization,
    BasicAuthorization,
    BearerAuthorization,
    CredentialPlace,
    HmacSignature,
    NoAuthorization,
    OAuth2Authorization,
    OAuth2ClientCredentials,
    OAuth2RefreshToken,
    TokenParameter,
)
from connections.exchange.config.connection import ConnectionConfig, DeliveryPolicy, TestCase
from connections.exchange.config.document import (
    Document,
    Identifier,
    Name,
    Scalar,
    SecretReference,
    Value,
)
from connections.exchange.config.request import (
    Body,
    BodyField,
    EmptyValue,
    Encoding,
    Endpoint,
    Environment,
    Header,
    Method,
    NestedEncoding,
    Parameter,
    QueryParameter,
)
from connections.exchange.config.responses import (
    SUCCESS_RULE,
    Capture,
    Condition,
    Extract,
    Operator,
    Outcome,
    ResponseRule,
    ResponseSample,
    RulePart,
    Source,
    Status,
)

__all__ = [
    "SUCCESS_RULE",
    "ApiKeyAuthorization",
    "Authorization",
    "BasicAuthorization",
    "BearerAuthorization",
    "Body",
    "BodyField",
    "Capture",
    "Condition",
    "ConnectionConfig",
    "CredentialPlace",
    "DeliveryPolicy",
    "Document",
    "EmptyValue",
    "Encoding",
    "Endpoint",
    "Environment",
    "Extract",
    "Header",
    "HmacSignature",
    "Identifier",
    "Method",
    "Name",
    "NestedEncoding",
    "NoAuthorization",
    "OAuth2Authorization",
    "OAuth2ClientCredentials",
    "OAuth2RefreshToken",
    "Operator",
    "Outcome",
    "Parameter",
    "QueryParameter",
    "ResponseRule",
    "ResponseSample",
    "RulePart",
    "Scalar",
    "SecretReference",
    "Source",
    "Status",
    "TestCase",
    "TokenParameter",
    "Value",
]
