"""Every error of the REST API as RFC 9457 problem details."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from accounts import errors

logger = logging.getLogger(__name__)

STATUS_OF: dict[type[errors.DomainError], HTTPStatus] = {
    errors.CorrectInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.AskAPermittedPerson: HTTPStatus.FORBIDDEN,
    errors.LookElsewhere: HTTPStatus.NOT_FOUND,
    errors.ResolveConflict: HTTPStatus.CONFLICT,
    errors.ReadAgain: HTTPStatus.PRECONDITION_FAILED,
    errors.TryLater: HTTPStatus.TOO_MANY_REQUESTS,
    errors.DomainError: HTTPStatus.CONFLICT,
}


def problem_response(
    status: HTTPStatus,
    *,
    detail: str,
    code: str = "about:blank",
    problems: tuple[errors.Problem, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {
        "type": code if code == "about:blank" else f"urn:referral-export:{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if problems:
        body["errors"] = [
            {"pointer": problem.pointer, "code": problem.code, "detail": problem.detail}
            for problem in problems
        ]
    return Response(
        body, status=status.value, headers=headers, content_type="application/problem+json"
    )


def exception_handler(
    exception: Exception,
    context: dict[str, Any],  # noqa: ARG001  DRF's signature
) -> Response | None:
    """Return the problem that tells the client what to do; None leaves it to Django."""
    match exception:
        case errors.DomainError():
            return _domain_problem(exception)
        case Http404() | PermissionDenied() | OperationalError():
            return _plain_problem(exception)
        case exceptions.ValidationError():
            problems = tuple(_problems(exception.detail, ""))
            return problem_response(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                detail=" ".join(problem.detail for problem in problems),
                code="invalid",
                problems=problems,
            )
        case exceptions.APIException():
            return _framework_problem(exception)
        case _:
            return None


def _domain_problem(error: errors.DomainError) -> Response:
    headers = {}
    if isinstance(error, errors.TryLater):
        headers["Retry-After"] = str(error.retry_after_seconds)
    return problem_response(
        next(status for kind, status in STATUS_OF.items() if isinstance(error, kind)),
        detail=error.detail,
        code=error.code,
        problems=error.problems if isinstance(error, errors.CorrectInput) else (),
        headers=headers,
    )


def _plain_problem(exception: Http404 | PermissionDenied | OperationalError) -> Response:
    match exception:
        case Http404():
            return problem_response(HTTPStatus.NOT_FOUND, detail="There is no such thing here.")
        case PermissionDenied():
            return problem_response(HTTPStatus.FORBIDDEN, detail="You may not do this.")
        case _:
            logger.warning("the database did not answer", exc_info=exception)
            return problem_response(
                HTTPStatus.SERVICE_UNAVAILABLE,
                detail="The database did not answer. Try again in a moment.",
                code="database_away",
                headers={"Retry-After": "1"},
            )


def _framework_problem(exception: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    return problem_response(
        HTTPStatus(exception.status_code), detail=str(exception.detail), headers=headers
    )


def _problems(detail: Any, pointer: str) -> Iterator[errors.Problem]:
    """Flatten DRF's nested error detail into problems with JSON pointers."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            whole = name == "non_field_errors"
            yield from _problems(inner, pointer if whole else f"{pointer}/{_escaped(name)}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _problems(inner, f"{pointer}/{index}" if nested else pointer)
    else:
        yield errors.Problem(pointer, getattr(detail, "code", "invalid"), str(detail))


def _escaped(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
