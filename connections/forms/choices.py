"""What the selects of the editor offer: values of the configuration, and their words."""

from dataclasses import dataclass

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EditorChoices:
    methods: Choices = tuple((name, name) for name in ("POST", "PUT", "PATCH", "GET", "DELETE"))
    authorization_types: Choices = (
        ("none", "None"),
        ("basic", "User name and password"),
        ("bearer", "Bearer token"),
        ("api_key", "API key"),
        ("oauth2_client_credentials", "OAuth 2.0 client credentials"),
        ("oauth2_refresh_token", "OAuth 2.0 refresh token"),
        ("hmac_signature", "Signature (HMAC)"),
    )
    locations: Choices = (("header", "Header"), ("query", "Query parameter"))
    credentials_in: Choices = (("header", "Authorization header"), ("body", "Body"))
    request_formats: Choices = (
        ("form", "POST, as a form"),
        ("json", "POST, as JSON"),
        ("query", "GET, as parameters"),
    )
    encodings: Choices = (
        ("json", "JSON"),
        ("form", "URL encoded"),
        ("multipart", "Multipart form"),
        ("text", "Plain text"),
        ("xml", "XML"),
        ("none", "No body"),
    )
    modes: Choices = (("template", "Template"), ("fields", "Fields"))
    empties: Choices = (
        ("", "sent as it is"),
        ("omit", "left out"),
        ("null", "sent as null"),
        ("empty", "sent as empty text"),
    )
    value_encodings: Choices = (
        ("", "text"),
        ("json", "a JSON document"),
        ("xml", "an XML document"),
    )
    sources: Choices = (
        ("status", "Status"),
        ("header", "Header"),
        ("body", "Body text"),
        ("json", "JSON path"),
        ("xml", "XML path"),
    )
    operators: Choices = (
        ("in", "is one of"),
        ("equals", "is"),
        ("not_equals", "is not"),
        ("contains", "contains"),
        ("not_contains", "does not contain"),
        ("matches", "matches pattern"),
        ("exists", "exists"),
        ("not_exists", "does not exist"),
    )
    outcomes: Choices = (
        ("delivered", "Delivered"),
        ("duplicate", "Duplicate"),
        ("rejected", "Rejected"),
        ("retry", "Retry later"),
        ("hold", "Hold, set-up is wrong"),
    )
    reasons: Choices = (("text", "These words"), ("answer", "From the answer"))
    waits: Choices = (("", "As we usually do"), *sources)
    test_environments: Choices = (
        ("", "Testing, else staging, else production"),
        ("testing", "Testing"),
        ("staging", "Staging"),
        ("production", "Production"),
    )
