"""Rules against what really came back, for REST clients: unmatched answers, backtest, re-label."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import AccountViewSet
from accounts.permissions import Permission
from accounts.serializers import StrictSerializer
from connections.documents import parse_rules
from connections.exchange.config import Outcome, ResponseRule
from connections.selectors import connection_of
from connections.serializers.attempt import ReceivedAnswer
from connections.serializers.document_field import DocumentField
from connections.services.row import head_of
from delivery.backtest import (
    MOST_ANSWERS,
    MOST_EXAMPLES,
    USUAL_ANSWERS,
    backtest,
    backtest_shown,
    publish_and_relabel,
    relabel_past,
)
from delivery.unmatched import unmatched_shapes, unmatched_shown


class UnmatchedExample(serializers.Serializer[Any]):
    delivery = serializers.CharField()
    attempt = serializers.IntegerField()
    response = ReceivedAnswer(help_text="Masked without the scope `pii:read`.")


class UnmatchedOut(serializers.Serializer[Any]):
    """Answers of one shape that no rule matched."""

    id = serializers.CharField()
    shape = serializers.CharField(
        help_text="The status and what the bodies have in common; what differs is in brackets."
    )
    count = serializers.IntegerField()
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField([*Outcome], help_text="What was made of the newest.")
    example = UnmatchedExample()
    drafted_rule = DocumentField(
        document=ResponseRule,
        parse=lambda rule: rule,
        help_text="A rule that matches the example, to be corrected and added.",
    )


class UnmatchedList(serializers.Serializer[Any]):
    """All of them, on one page."""

    results = UnmatchedOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class LimitIn(StrictSerializer):
    """How far back to go."""

    limit = serializers.IntegerField(
        min_value=1,
        max_value=MOST_ANSWERS,
        default=USUAL_ANSWERS,
        help_text="How many of the newest stored answers to look at.",
    )


class RelabelIn(LimitIn):
    """How far back to go, and whether the newest version goes live with it."""

    publish = serializers.BooleanField(
        default=False,
        help_text="Make the newest version live first, as `activate` does; both or neither.",
    )
    override = serializers.CharField(
        required=False,
        help_text="With `publish`: why it goes live without a passed test run; kept in the audit"
        " trail.",
    )


class BacktestIn(LimitIn):
    """Rules to try on stored answers."""

    rules = DocumentField(
        document=tuple[ResponseRule, ...],
        parse=parse_rules,
        required=False,
        help_text="Left out: the newest ones of the connection.",
    )


class BacktestExample(serializers.Serializer[Any]):
    delivery = serializers.CharField()
    attempt = serializers.IntegerField()
    rule_before = serializers.CharField(allow_null=True)
    rule = serializers.CharField(allow_null=True)
    response = ReceivedAnswer(help_text="Masked without the scope `pii:read`.")


class ChangedOutcome(serializers.Serializer[Any]):
    to = serializers.ChoiceField([*Outcome])
    count = serializers.IntegerField()
    examples = BacktestExample(many=True, help_text=f"The newest, at most {MOST_EXAMPLES}.")

    def get_fields(self) -> dict[str, Any]:
        # A word of Python, so it cannot be written like the others.
        return {"from": serializers.ChoiceField([*Outcome]), **super().get_fields()}


class BacktestOut(serializers.Serializer[Any]):
    """What the rules would have said of the newest stored answers."""

    answers = serializers.IntegerField(help_text="How many were looked at.")
    changed = serializers.IntegerField()
    unmatched_before = serializers.IntegerField()
    unmatched_after = serializers.IntegerField()
    relabels = serializers.IntegerField(
        help_text="Finished deliveries that would have another status."
    )
    changes = ChangedOutcome(many=True, help_text="The most frequent first.")


class RelabelledOut(serializers.Serializer[Any]):
    """What was re-labelled."""

    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="By `rejected to duplicate`."
    )


ANSWER = {
    "status": 409,
    "headers": [["Content-Type", "application/json"]],
    "body": '{"error": "Lead exists", "id": 4711}',
    "truncated": False,
}
RULE = {
    "name": "Lead exists",
    "conditions": [
        {"source": "status", "operator": "in", "value": "409"},
        {"source": "json", "path": "$.error", "operator": "equals", "value": "Lead exists"},
    ],
    "outcome": "duplicate",
}
DELIVERY_ID = "019ab0c3-1f1b-7e02-9b40-aa55bb66cc77"
UNMATCHED = {
    "id": "5b2c8f0e-93aa-4f3e-8a4e-2f1f6d1f7c11",
    "shape": '409 {"error": "Lead exists", "id": "[number]"}',
    "count": 12,
    "first_seen_at": "2026-11-20T09:30:00Z",
    "last_seen_at": "2026-11-23T13:30:00Z",
    "outcome": "rejected",
    "example": {"delivery": DELIVERY_ID, "attempt": 1, "response": ANSWER},
    "drafted_rule": RULE | {"outcome": "rejected"},
}
BACKTEST = {
    "answers": 500,
    "changed": 12,
    "unmatched_before": 12,
    "unmatched_after": 0,
    "relabels": 12,
    "changes": [
        {
            "from": "rejected",
            "to": "duplicate",
            "count": 12,
            "examples": [
                {
                    "delivery": DELIVERY_ID,
                    "attempt": 1,
                    "rule_before": None,
                    "rule": "Lead exists",
                    "response": ANSWER,
                }
            ],
        }
    ],
}


class RulesViewSet(AccountViewSet):
    permissions = {
        "unmatched": Permission.DELIVERY_READ,
        "backtest": Permission.DELIVERY_READ,
        "relabel": Permission.CONNECTION_WRITE,
    }

    @extend_schema(
        operation_id="connections_unmatched",
        summary="Answers that no rule matched",
        responses=UnmatchedList,
        examples=[
            OpenApiExample(
                "One shape",
                value={"results": [UNMATCHED], "next": None, "previous": None},
            )
        ],
    )
    def unmatched(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Return them by shape, the latest first; what the newest rules match is left out."""
        found = connection_of(self.access.account, connection)
        shapes = unmatched_shapes(self.access, found, now=self.now)
        return Response(
            {"results": list(map(unmatched_shown, shapes)), "next": None, "previous": None}
        )

    @extend_schema(
        operation_id="connections_backtest",
        summary="Try rules on stored answers",
        request=BacktestIn,
        responses=BacktestOut,
        examples=[
            OpenApiExample("One rule", request_only=True, value={"rules": [RULE], "limit": 500}),
            OpenApiExample("What would change", response_only=True, value=BACKTEST),
        ],
    )
    def backtest(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Return what these rules would have said of the newest answers; nothing changes."""
        given = BacktestIn(data=request.data)
        given.is_valid(raise_exception=True)
        found = connection_of(self.access.account, connection)
        usual = {"rules": head_of(found).document.response_rules}
        result = backtest(connection=found, now=self.now, **(usual | given.validated_data))
        return Response(backtest_shown(self.access, result))

    @extend_schema(
        operation_id="connections_relabel",
        summary="Re-label finished deliveries",
        request=RelabelIn,
        responses=RelabelledOut,
        examples=[
            OpenApiExample("As far as a backtest", request_only=True, value={"limit": 500}),
            OpenApiExample(
                "Rules that go live with it",
                request_only=True,
                value={
                    "limit": 500,
                    "publish": True,
                    "override": "Only rules changed, and they were tried on 500 answers.",
                },
            ),
            OpenApiExample(
                "Done", response_only=True, value={"counts": {"rejected to duplicate": 12}}
            ),
        ],
    )
    def relabel(self, request: Request, account: str, connection: UUID) -> Response:  # noqa: ARG002
        """Give them the status that the live rules say of their last answer; audited.

        Only among delivered, duplicate and rejected. Attempts stay as they are, and nothing is
        sent. Past and new answers are judged alike: while the newest version is not live this is
        a 409, unless `publish` makes it so, under the conditions of `activate`.
        """
        given = RelabelIn(data=request.data)
        given.is_valid(raise_exception=True)
        who = {"account": self.access.account, "actor": self.access.actor, "now": self.now}
        one: dict[str, Any] = who | {"connection_id": connection}
        if given.validated_data["publish"]:
            counts = publish_and_relabel(
                **one,
                limit=given.validated_data["limit"],
                override=given.validated_data.get("override"),
            )
        else:
            counts = relabel_past(**one, limit=given.validated_data["limit"])
        return Response({"counts": counts})
