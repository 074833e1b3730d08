"""What was pasted, and the draft that became of it, as REST clients write and read them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import StrictSerializer
from connections.documents import parse_samples
from connections.drafting.openapi import MAX_DOCUMENT_CHARACTERS
from connections.drafting.pasted import MAX_PASTED_CHARACTERS
from connections.drafting.recognition import Certainty
from connections.exchange.config import ResponseRule, ResponseSample
from connections.serializers.connection import ConnectionOut, RuleWarningOut
from connections.serializers.document_field import DocumentField

_NAME_HELP = "Unique in the account; left out: the host that is called."


def _given(value: object) -> object:
    return value


class CurlIn(StrictSerializer):
    curl = serializers.CharField(
        max_length=MAX_PASTED_CHARACTERS, help_text="A cURL line, or a raw HTTP request."
    )
    name = serializers.CharField(max_length=100, required=False, help_text=_NAME_HELP)


@extend_schema_field({"oneOf": [{"type": "object"}, {"type": "string"}]})
class OpenApiDocumentField(serializers.Field[Any, Any, Any, Any]):
    """JSON as it is, or the text of a JSON or YAML file."""

    default_error_messages = {
        "malformed": "Give the OpenAPI document, as an object or as text.",
        "too_long": f"This is longer than {MAX_DOCUMENT_CHARACTERS:,} characters.",
    }

    def to_internal_value(self, data: Any) -> str | dict[str, Any]:
        if not isinstance(data, str | dict):
            raise serializers.ValidationError(self.error_messages["malformed"], "malformed")
        if isinstance(data, str) and len(data) > MAX_DOCUMENT_CHARACTERS:
            raise serializers.ValidationError(self.error_messages["too_long"], "too_long")
        return data


class OpenApiIn(StrictSerializer):
    document = OpenApiDocumentField(help_text="OpenAPI 3.0 or 3.1; nothing outside is fetched.")
    operation = serializers.CharField(
        max_length=500,
        required=False,
        help_text="An operationId, or `POST /contacts`. Left out where there are several, the"
        " answer lists them.",
    )
    name = serializers.CharField(max_length=100, required=False, help_text=_NAME_HELP)


class OperationOut(serializers.Serializer[Any]):
    operation = serializers.CharField(help_text="What to give as `operation`.")
    method = serializers.CharField()
    path = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)


class OperationsOut(serializers.Serializer[Any]):
    """The operations to choose from; nothing was created."""

    operations = OperationOut(many=True)


class GuessOut(serializers.Serializer[Any]):
    """A value of what was pasted that became an expression."""

    place = serializers.CharField(help_text="Where it stood, like `body contact.email`.")
    template = serializers.CharField()
    certainty = serializers.ChoiceField([*Certainty])


class NoteOut(serializers.Serializer[Any]):
    place = serializers.CharField()
    detail = serializers.CharField()


class DraftOut(ConnectionOut):
    """The connection that was added, and what to look at before it is used."""

    guesses = GuessOut(many=True)
    not_understood = NoteOut(many=True)


class SamplesIn(StrictSerializer):
    samples = DocumentField(
        document=tuple[ResponseSample, ...],
        parse=parse_samples,
        help_text="Answers with what they mean; a name that is known replaces that sample.",
    )
    dry_run = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Only return the rules; the connection stays as it is.",
    )


class SampleRulesOut(serializers.Serializer[Any]):
    """Rules that read every sample as it was said."""

    response_rules = DocumentField(document=tuple[ResponseRule, ...], parse=_given)
    response_samples = DocumentField(document=tuple[ResponseSample, ...], parse=_given)
    warnings = RuleWarningOut(many=True)
    version = serializers.IntegerField(
        allow_null=True, help_text="The version that they are saved in; null: not saved."
    )
