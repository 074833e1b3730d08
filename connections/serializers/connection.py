"""Connections, their versions and test runs as REST clients write and read them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import StrictSerializer
from connections.documents import (
    Contact,
    DocumentationLink,
    MergePatch,
    parse_config,
    parse_contacts,
    parse_documentation,
    parse_rules,
)
from connections.exchange.config import ConnectionConfig, Environment, Outcome, ResponseRule
from connections.models import ConnectionHealth, ConnectionStatus, TestRunStatus
from connections.serializers.attempt import AttemptOut, VerdictOut
from connections.serializers.document_field import DocumentField

VALUES_HELP = (
    "Values of secrets that the configuration names, set for each of its environments. They are"
    " never returned."
)


def _given(value: object) -> object:
    return value


class SecretField(serializers.CharField):
    """Text that is taken as it is, surrounding space included."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, write_only=True, **options)


class ConnectionIn(StrictSerializer):
    """A connection to add; a name and an endpoint are enough."""

    name = serializers.CharField(max_length=100, help_text="Unique in the account.")
    config = DocumentField(
        document=ConnectionConfig,
        parse=parse_config,
        help_text="An endpoint is enough; everything else has a default.",
    )
    contacts = DocumentField(
        document=tuple[Contact, ...], parse=parse_contacts, required=False, default=()
    )
    documentation = DocumentField(
        document=tuple[DocumentationLink, ...],
        parse=parse_documentation,
        required=False,
        default=(),
    )
    secret_values = serializers.DictField(
        child=SecretField(), required=False, write_only=True, help_text=VALUES_HELP
    )


class ConnectionChange(StrictSerializer):
    """A merge patch (RFC 7396): objects merge, null removes, everything else replaces."""

    name = serializers.CharField(max_length=100, required=False)
    config = DocumentField(
        document=dict[str, Any],
        parse=MergePatch,
        required=False,
        help_text="Merged into the newest configuration; what results must be a whole one.",
    )
    contacts = DocumentField(
        document=tuple[Contact, ...], parse=parse_contacts, required=False, allow_null=True
    )
    documentation = DocumentField(
        document=tuple[DocumentationLink, ...],
        parse=parse_documentation,
        required=False,
        allow_null=True,
    )
    secret_values = serializers.DictField(
        child=SecretField(), required=False, write_only=True, help_text=VALUES_HELP
    )

    def validate_contacts(self, contacts: object) -> object:
        return () if contacts is None else contacts

    def validate_documentation(self, documentation: object) -> object:
        return () if documentation is None else documentation


class SecretOut(serializers.Serializer[Any]):
    """Everything that anybody may know of a secret."""

    set_at = serializers.DateTimeField()
    set_by = serializers.CharField()
    hint = serializers.CharField(allow_blank=True, help_text="The last four of 12 or more.")


class RuleWarningOut(serializers.Serializer[Any]):
    """Something suspicious about a response rule; nothing was refused."""

    pointer = serializers.CharField(help_text="JSON pointer into the configuration.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ConnectionOut(serializers.Serializer[Any]):
    """One configured way to reach an API of the advertiser. Its ETag guards changes."""

    id = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(ConnectionStatus.choices)
    version = serializers.IntegerField(help_text="Number of the newest configuration.")
    live_version = serializers.IntegerField(
        allow_null=True, help_text="Number of the configuration that referrals are sent with."
    )
    health = serializers.ChoiceField(
        ConnectionHealth.choices,
        help_text=(
            "`failing`: the endpoint fails, and is asked again by and by. `misconfigured`: it"
            " refuses us until somebody mends the configuration or the credential. Meanwhile what"
            " comes for the connection waits, and uses up no attempts."
        ),
    )
    tested = serializers.BooleanField(help_text="Whether a test run of the newest one passed.")
    config = DocumentField(document=ConnectionConfig, parse=_given)
    secrets = serializers.DictField(
        child=serializers.DictField(child=SecretOut()),
        help_text="By name, then by environment; never a value.",
    )
    contacts = DocumentField(document=tuple[Contact, ...], parse=_given)
    documentation = DocumentField(document=tuple[DocumentationLink, ...], parse=_given)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    warnings = RuleWarningOut(
        many=True,
        required=False,
        help_text="What to look at in the response rules; of one connection, not in a list.",
    )


class ChangedConnectionOut(ConnectionOut):
    """The connection after a change of its configuration."""

    dropped_secrets = serializers.ListField(
        child=serializers.CharField(),
        help_text="Secrets to be set again, for their environment has another host now.",
    )


class ActivationIn(StrictSerializer):
    """Nothing after a passed test run; else the reason for doing without."""

    override = serializers.CharField(
        required=False, help_text="Why it goes live without a passed test run; recorded."
    )


class SecretIn(StrictSerializer):
    """A credential; kept sealed, and never returned."""

    value = SecretField()
    environment = serializers.ChoiceField(
        [*Environment], required=False, help_text="Left out: every environment."
    )


class SampleReferralIn(StrictSerializer):
    """What the templates see as `referral`."""

    external_id = serializers.CharField(max_length=200, required=False)
    occurred_at = serializers.DateTimeField(required=False)


class PreviewIn(StrictSerializer):
    """The referral to make a request for; where nothing is given, an invented one."""

    environment = serializers.ChoiceField([*Environment], required=False)
    attributes = serializers.DictField(required=False)
    referral = SampleReferralIn(required=False)
    campaign = serializers.CharField(
        max_length=100, required=False, help_text="What `campaign.reference` shall be."
    )


class PreviewOut(serializers.Serializer[Any]):
    """The request as it would be sent, every secret masked."""

    method = serializers.CharField()
    url = serializers.CharField()
    headers = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2)
    )
    body = serializers.CharField(allow_blank=True)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "object", "additionalProperties": {"type": "string"}},
            {
                "type": "array",
                "items": {
                    "type": "array",
                    "items": {"type": "string"},
                    "minItems": 2,
                    "maxItems": 2,
                },
            },
        ]
    }
)
class HeadersField(serializers.Field[Any, Any, Any, Any]):
    """Headers as an object, or as pairs of name and value, the way attempts show them."""

    default_error_messages = {
        "malformed": 'Write an object like {"Content-Type": "application/json"}, or a list of'
        " pairs."
    }

    def to_internal_value(self, data: Any) -> tuple[tuple[str, str], ...]:
        pairs: Any = [*data.items()] if isinstance(data, dict) else data
        if not isinstance(pairs, list) or not all(map(_is_pair, pairs)):
            raise serializers.ValidationError(self.error_messages["malformed"], "malformed")
        return tuple((name, value) for name, value in pairs)


def _is_pair(pair: Any) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and all(isinstance(text, str) for text in pair)
    )


class ClassifyIn(StrictSerializer):
    """An answer to read, with the connection's rules or with these."""

    status = serializers.IntegerField(min_value=100, max_value=599)
    headers = HeadersField(required=False, default=())
    body = serializers.CharField(
        required=False, default="", allow_blank=True, trim_whitespace=False, max_length=1_000_000
    )
    rules = DocumentField(document=tuple[ResponseRule, ...], parse=parse_rules, required=False)


class TestRunIn(StrictSerializer):
    """What to send; without test cases or attributes, all test cases of the connection."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    environment = serializers.ChoiceField([*Environment], required=False)
    test_cases = serializers.ListField(child=serializers.CharField(), required=False)
    attributes = serializers.DictField(required=False)
    expected_outcome = serializers.ChoiceField([*Outcome], required=False)
    confirm_production = serializers.BooleanField(
        required=False, help_text="Must be true for test leads to go to production."
    )


class TestResultSummary(serializers.Serializer[Any]):
    __test__ = False  # as above

    test_case = serializers.CharField()
    expected_outcome = serializers.ChoiceField([*Outcome])
    passed = serializers.BooleanField(allow_null=True, help_text="Null: not sent yet.")


class TestResultOut(TestResultSummary):
    attempt = AttemptOut(allow_null=True)
    verdict = VerdictOut(allow_null=True)


class TestRunSummary(serializers.Serializer[Any]):
    """A run as the history lists it; ask for the one run to see what was exchanged."""

    __test__ = False  # as above

    id = serializers.CharField()
    status = serializers.ChoiceField(TestRunStatus.choices)
    version = serializers.IntegerField()
    environment = serializers.ChoiceField([*Environment])
    requested_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    results = TestResultSummary(many=True)


class TestRunOut(TestRunSummary):
    """Test leads that were sent, and what became of each."""

    results = TestResultOut(many=True)


class VersionOut(serializers.Serializer[Any]):
    """An immutable snapshot of a connection's configuration."""

    number = serializers.IntegerField()
    config = DocumentField(document=ConnectionConfig, parse=_given)
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    is_live = serializers.BooleanField()
