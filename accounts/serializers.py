"""What every serializer of the API shares, and how accounts, tokens and errors are shown."""

from typing import Any

from rest_framework import serializers

from accounts.models import MAX_RETENTION_DAYS
from accounts.permissions import Permission


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know, so that a typing mistake is never swallowed."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {
                        name: serializers.ErrorDetail(
                            f'There is no field "{name}" here. Known: {", ".join(self.fields)}.',
                            code="unknown_field",
                        )
                        for name in unknown
                    }
                )
        return super().to_internal_value(data)


class AccountIn(StrictSerializer):
    name = serializers.CharField(max_length=100)
    slug = serializers.CharField(
        max_length=60, help_text="Small letters, digits and single hyphens; never changes."
    )


class AccountChange(StrictSerializer):
    name = serializers.CharField(max_length=100, required=False)
    retention_days = serializers.IntegerField(
        min_value=1,
        max_value=MAX_RETENTION_DAYS,
        required=False,
        help_text="How long referrals and what became of them are kept.",
    )
    personal_data_days = serializers.IntegerField(
        min_value=1,
        max_value=MAX_RETENTION_DAYS,
        required=False,
        help_text="How long attributes, requests and answers are kept; not above retention_days.",
    )


class AccountOut(serializers.Serializer[Any]):
    """A tenant: one advertiser."""

    slug = serializers.CharField(help_text="What `{account}` is in the other paths.")
    name = serializers.CharField()
    retention_days = serializers.IntegerField()
    personal_data_days = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class TokenOut(serializers.Serializer[Any]):
    """The token that asks; its text is shown once, when it is issued."""

    name = serializers.CharField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class MeOut(serializers.Serializer[Any]):
    """Who the token is, and which accounts it reaches."""

    token = TokenOut()
    scopes = serializers.ListField(child=serializers.ChoiceField([*Permission]))
    accounts = AccountOut(many=True)


class ProblemOut(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON pointer into what was sent.")
    code = serializers.CharField()
    detail = serializers.CharField(help_text="What is wrong and what to write instead.")
