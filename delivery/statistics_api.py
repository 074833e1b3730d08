"""What came of deliveries, in figures, for REST clients."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import AccountViewSet
from accounts.errors import CorrectInput, Problem
from accounts.permissions import Permission
from accounts.serializers import StrictSerializer
from delivery.statistics import STATUSES, By, Figure, Interval, figures

LONGEST = {Interval.HOUR: timedelta(days=31), Interval.DAY: timedelta(days=400)}
USUAL = {Interval.HOUR: timedelta(days=1), Interval.DAY: timedelta(days=30)}

FIGURE = {
    "start": "2026-11-23T13:00:00Z",
    "connection": "019a3f10-0b3c-7a90-8f21-0d1e2f3a4b5c",
    "count": 1204,
    "statuses": {"delivered": 1180, "duplicate": 21, "retrying": 3},
    "latency_ms": {"mean": 148.2, "p50": 131.0, "p95": 402.5, "p99": 911.0},
}


class StatisticsQuery(StrictSerializer):
    """What is counted by what, and of which time."""

    by = serializers.ChoiceField([*By])
    interval = serializers.ChoiceField([*Interval], required=False, default=Interval.HOUR)
    since = serializers.DateTimeField(
        required=False, help_text="A day ago, by day thirty days ago, unless it is given."
    )
    until = serializers.DateTimeField(required=False, help_text="Now, unless it is given.")


class LatencyOut(serializers.Serializer[Any]):
    """Milliseconds of one exchange; percentiles are estimated from a histogram."""

    mean = serializers.FloatField()
    p50 = serializers.FloatField()
    p95 = serializers.FloatField()
    p99 = serializers.FloatField()


class FigureOut(serializers.Serializer[Any]):
    """One interval, and one connection, campaign, status or reason: whichever was asked for."""

    start = serializers.DateTimeField()
    connection = serializers.CharField(required=False)
    campaign = serializers.CharField(required=False)
    status = serializers.CharField(required=False)
    reason = serializers.CharField(
        required=False,
        help_text=(
            "The rule that decided, else the code of the error. `poison`: set aside, as workers"
            " stopped while sending it; `erased`: with the personal data, before it was sent."
        ),
    )
    count = serializers.IntegerField(
        help_text="Attempts, one that is to be repeated too, and what was given up without one."
    )
    statuses = serializers.DictField(
        child=serializers.IntegerField(),
        help_text=f"What the attempts left their delivery in: {', '.join(STATUSES)}.",
    )
    latency_ms = LatencyOut(allow_null=True, help_text="Null when nothing of it was sent.")


class StatisticsOut(serializers.Serializer[Any]):
    results = FigureOut(many=True)


class StatisticsViewSet(AccountViewSet):
    permissions = {"retrieve": Permission.DELIVERY_READ}

    @extend_schema(
        operation_id="statistics",
        summary="What came of deliveries, in figures",
        parameters=[StatisticsQuery],
        responses=StatisticsOut,
        examples=[OpenApiExample("By connection", value={"results": [FIGURE]})],
    )
    def retrieve(self, request: Request, account: str) -> Response:  # noqa: ARG002
        """Return counts and latencies of attempts by hour or by day, in UTC, the oldest first.

        `since` and `until` mean full hours: an hour counts when it begins between them. By hour
        up to 31 days, by day up to 400. Intervals in which nothing was counted are left out.
        """
        query = StatisticsQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        by, interval = By(given["by"]), Interval(given["interval"])
        until = given.get("until") or self.now
        since = given.get("since") or until - USUAL[interval]
        if not timedelta() <= until - since <= LONGEST[interval]:
            days = LONGEST[interval].days
            detail = f"Ask for a time before until, at most {days} days of it by {interval}."
            raise CorrectInput(Problem("/since", "out_of_range", detail))
        found = figures(self.access.account, by=by, interval=interval, since=since, until=until)
        return Response({"results": [_shown(figure, by) for figure in found]})


def _shown(figure: Figure, by: By) -> dict[str, Any]:
    return {
        "start": figure.start,
        by.value: figure.key,
        "count": figure.count,
        "statuses": figure.statuses,
        "latency_ms": figure.latency_ms and asdict(figure.latency_ms),
    }
