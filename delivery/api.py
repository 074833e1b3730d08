"""Referrals in, and what became of them, for REST clients."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.account_api import AccountViewSet
from accounts.errors import CorrectInput
from accounts.permissions import Permission
from delivery import api_examples, selectors, services, telemetry
from delivery.intake import MAX_REFERRALS, Acceptance, Accepted, ReferralIn, accept_referrals
from delivery.models import Delivery
from delivery.retention import KEY_DAYS
from delivery.selectors import DeliveryFilter
from delivery.serializers import (
    DeliveryOut,
    DeliveryQuery,
    DeliverySummary,
    ReferralInput,
    ReferralOut,
    ReferralsAccepted,
)
from delivery.submissions import Entry, NotJsonError, Submission, read_json, read_lines

NDJSON = "application/x-ndjson"
PAGING_PARAMETERS = {"cursor", "limit"}

HAND_IN = f"""
Accept one referral, a list of up to {MAX_REFERRALS:,}, or NDJSON with one in each line.

The answer 202 means that they are kept and will be delivered over every link of their campaign.
The same (campaign, external_id) again is a `duplicate`, carries the ids of the first, and delivers
nothing twice: it is safe to send again after a lost answer, and an Idempotency-Key is not needed.
That is so for {KEY_DAYS} days after the first at least. Then an external id may be taken for a new
one, and the referral be delivered again: send none again that is older.

A single object that is wrong is answered with 422 and says where. In a list and in NDJSON a wrong
entry has the status `invalid` and its `errors`; the others are accepted. At most 10 MB at once.
""".strip()


class ReferralViewSet(AccountViewSet):
    permissions = {
        "create": Permission.REFERRAL_WRITE,
        "retrieve": Permission.DELIVERY_READ,
    }

    @extend_schema(
        operation_id="referrals_create",
        summary="Hand in referrals",
        description=HAND_IN,
        request={
            "application/json": {
                "oneOf": [
                    {"$ref": "#/components/schemas/ReferralInput"},
                    {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/ReferralInput"},
                        "maxItems": MAX_REFERRALS,
                    },
                ]
            },
            NDJSON: ReferralInput,
        },
        responses={202: OpenApiResponse(ReferralsAccepted, "Kept, and on its way.")},
        examples=[
            OpenApiExample(
                "One",
                request_only=True,
                media_type="application/json",
                value=api_examples.REFERRAL,
            ),
            OpenApiExample(
                "A list",
                request_only=True,
                media_type="application/json",
                value=[api_examples.REFERRAL, api_examples.REFERRAL | {"external_id": "tx-124"}],
            ),
            OpenApiExample(
                "One in each line",
                request_only=True,
                media_type=NDJSON,
                value=api_examples.REFERRAL,
            ),
            OpenApiExample(
                "Accepted", response_only=True, status_codes=["202"], value=api_examples.ACCEPTED
            ),
            OpenApiExample(
                "One of a list is invalid",
                response_only=True,
                status_codes=["202"],
                value=api_examples.PARTLY_ACCEPTED,
            ),
        ],
    )
    def create(self, request: Request, account: str) -> HttpResponse:  # noqa: ARG002
        """Keep what is handed in and say what became of each; see HAND_IN."""
        submission = _read(request)
        results = self._accept(submission.entries)
        telemetry.referrals_came(
            results, since=self.now, traceparent=request.headers.get("traceparent")
        )
        if submission.is_single and results[0].status is Acceptance.INVALID:
            raise CorrectInput(*results[0].errors)
        return HttpResponse(
            orjson.dumps(_results_shown(results)), status=202, content_type="application/json"
        )

    @extend_schema(
        operation_id="referrals_retrieve",
        summary="One referral with its deliveries",
        responses=ReferralOut,
        examples=[OpenApiExample("A referral", value=api_examples.REFERRAL_OUT)],
    )
    def retrieve(self, request: Request, account: str, referral: UUID) -> Response:  # noqa: ARG002
        """Return what was handed in; personal data is masked without the scope `pii:read`."""
        found = selectors.referral_of(self.access.account, referral)
        personal = self.access.allows(Permission.PERSONAL_DATA_READ)
        return Response(selectors.referral_shown(found, with_personal_data=personal))

    def _accept(self, entries: Sequence[Entry]) -> list[Accepted]:
        """Hand what has the shape of a referral to intake; answer in the order given."""
        account = self.access.account
        items = [entry for entry in entries if isinstance(entry, ReferralIn)]
        judged: list[Accepted] = []
        for start in range(0, len(items), MAX_REFERRALS):
            some = items[start : start + MAX_REFERRALS]
            judged += accept_referrals(account=account, items=some, now=self.now)
        in_order = iter(judged)
        return [entry if isinstance(entry, Accepted) else next(in_order) for entry in entries]


class DeliveryViewSet(AccountViewSet):
    permissions = {
        "list": Permission.DELIVERY_READ,
        "retrieve": Permission.DELIVERY_READ,
        "cancel": Permission.DELIVERY_REPLAY,
    }

    @extend_schema(
        operation_id="deliveries_list",
        summary="Deliveries of the account",
        parameters=[DeliveryQuery],
        responses=DeliverySummary(many=True),
        examples=[OpenApiExample("A delivery", value=api_examples.SUMMARY)],
    )
    def list(self, request: Request, account: str) -> Response:  # noqa: ARG002
        """Return the deliveries that match all of the filters, the newest first.

        Personal data is masked without the scope `pii:read`.
        """
        personal = self.access.allows(Permission.PERSONAL_DATA_READ)
        wanted = selectors.deliveries_of(
            self.access.account, _filter(request, with_personal_data=personal)
        )
        return self.page(
            wanted, lambda row: selectors.delivery_summary(row, with_personal_data=personal)
        )

    @extend_schema(
        operation_id="deliveries_retrieve",
        summary="One delivery with its attempts",
        responses=DeliveryOut,
        examples=[OpenApiExample("A delivery", value=api_examples.DELIVERY)],
    )
    def retrieve(self, request: Request, account: str, delivery: UUID) -> Response:  # noqa: ARG002
        """Return every attempt: request as sent, answer as received, verdict and timings.

        Personal data is masked without the scope `pii:read`, secrets always.
        """
        return self._shown(selectors.delivery_of(self.access.account, delivery))

    @extend_schema(
        operation_id="deliveries_cancel",
        summary="Cancel a delivery",
        request=None,
        responses=DeliveryOut,
        examples=[OpenApiExample("Cancelled", value=api_examples.CANCELLED)],
    )
    def cancel(self, request: Request, account: str, delivery: UUID) -> Response:  # noqa: ARG002
        """Cancel what was not sent yet; 409 when it is finished or on its way at this moment."""
        services.cancel_delivery(
            account=self.access.account,
            actor=self.access.actor,
            now=self.now,
            delivery_id=delivery,
        )
        return self._shown(selectors.delivery_of(self.access.account, delivery))

    def _shown(self, delivery: Delivery) -> Response:
        personal = self.access.allows(Permission.PERSONAL_DATA_READ)
        return Response(selectors.delivery_shown(delivery, with_personal_data=personal))


def _read(request: Request) -> Submission:
    media_type = (request.content_type or "").partition(";")[0].strip().lower()
    if media_type == NDJSON:
        return read_lines(request.body)
    if media_type not in {"application/json", ""}:
        raise UnsupportedMediaType(
            media_type, f"Send application/json or {NDJSON} instead of {media_type}."
        )
    try:
        return read_json(request.body)
    except NotJsonError as error:
        raise ParseError(str(error)) from error


def _results_shown(results: list[Accepted]) -> dict[str, Any]:
    counts = Counter(result.status for result in results)
    return {
        "accepted": counts[Acceptance.ACCEPTED],
        "duplicates": counts[Acceptance.DUPLICATE],
        "rejected": counts[Acceptance.INVALID],
        "results": [_result_shown(result) for result in results],
    }


def _result_shown(result: Accepted) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "external_id": result.external_id or None,
        "status": result.status,
        "id": result.id,
        "deliveries": result.deliveries,
    }
    if result.errors:
        shown["errors"] = [
            {"pointer": problem.pointer, "code": problem.code, "detail": problem.detail}
            for problem in result.errors
        ]
    return shown


def _filter(request: Request, *, with_personal_data: bool) -> DeliveryFilter:
    given = request.query_params.dict()
    query = DeliveryQuery(
        data={name: text for name, text in given.items() if name not in PAGING_PARAMETERS}
    )
    query.is_valid(raise_exception=True)
    return DeliveryFilter(**query.validated_data, with_personal_data=with_personal_data)
