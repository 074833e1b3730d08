"""One HTTP exchange as REST clients read it, of a test or of a delivery."""

from typing import Any

from rest_framework import serializers

from connections.exchange.config import Environment, Outcome


class TimingsOut(serializers.Serializer[Any]):
    """Milliseconds of each part; null for a part that did not happen."""

    dns_ms = serializers.FloatField(allow_null=True)
    connect_ms = serializers.FloatField(allow_null=True)
    tls_ms = serializers.FloatField(allow_null=True)
    first_byte_ms = serializers.FloatField(allow_null=True)


class SentRequest(serializers.Serializer[Any]):
    """The request as it was sent, every secret masked."""

    method = serializers.CharField()
    url = serializers.CharField()
    headers = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2),
        help_text="Name and value, in the order sent.",
    )
    body = serializers.CharField(allow_blank=True)


class ReceivedAnswer(serializers.Serializer[Any]):
    """The response as it came; its body is cut at 64 KiB."""

    status = serializers.IntegerField()
    headers = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2),
        help_text="Name and value, in the order received.",
    )
    body = serializers.CharField(allow_blank=True)
    truncated = serializers.BooleanField()


class ExchangeErrorOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()


class ConditionTraceOut(serializers.Serializer[Any]):
    matched = serializers.BooleanField()
    found = serializers.CharField(allow_null=True, help_text="What stood there, shortened.")


class RuleTraceOut(serializers.Serializer[Any]):
    rule = serializers.CharField()
    matched = serializers.BooleanField()
    conditions = ConditionTraceOut(many=True)


class VerdictOut(serializers.Serializer[Any]):
    """What the answer meant, and which rule said so."""

    outcome = serializers.ChoiceField([*Outcome])
    rule = serializers.CharField(allow_null=True)
    matched = serializers.BooleanField()
    reason = serializers.CharField()
    captures = serializers.DictField(child=serializers.CharField())
    trace = RuleTraceOut(many=True)


class AttemptOut(serializers.Serializer[Any]):
    """One HTTP exchange; never edited."""

    number = serializers.IntegerField()
    version = serializers.IntegerField()
    environment = serializers.ChoiceField([*Environment])
    started_at = serializers.DateTimeField()
    duration_ms = serializers.FloatField()
    timings = TimingsOut()
    request = SentRequest(allow_null=True)
    response = ReceivedAnswer(allow_null=True)
    error = ExchangeErrorOut(allow_null=True)
    verdict = VerdictOut(allow_null=True)
