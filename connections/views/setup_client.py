"""The pages behind the link of a set-up request: a task list, and one page for each item.

Nobody is logged in here: who has the link may answer, and sees what was answered but no
credential. The token is in the address, so these pages are never kept or indexed, and tell
no other site where somebody came from (the product's Referrer-Policy, `same-origin`).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import CorrectInput, LookElsewhere, Problem, ResolveConflict
from connections import drafts, services
from connections.exchange.attributes import CATALOGUE
from connections.exchange.config import Document, Environment
from connections.forms import Field, bind, problems_by_field, read, with_rows_changed
from connections.forms.setup import (
    AuthenticationForm,
    ExampleForm,
    ItemForm,
    item_form,
    posted_form,
)
from connections.models import SetupRequest
from connections.services.setup_request import MAX_FILE_BYTES, UploadedFile
from connections.setup_requests.answers import ExampleAnswer, Item
from connections.setup_requests.checks import parse_answer
from connections.setup_requests.selectors import KEPT_AFTER_END, setup_link
from connections.setup_requests.words import CHOICES, ITEMS, tasks
from connections.views.fragments import linked
from connections.views.setup_example import example_fragment, example_preview

P = ParamSpec("P")
ClientView = Callable[Concatenate[HttpRequest, SetupRequest, str, P], HttpResponse]
GuardedView = Callable[Concatenate[HttpRequest, str, P], HttpResponse]
_ATTRIBUTES = (("", "Choose"), *((name, one.label) for name, one in CATALOGUE.items()))


def _by_link(view: ClientView[P]) -> GuardedView[P]:
    """Guard a view by its link: it gets the request that the link leads to, while it is good."""

    @wraps(view)
    def guarded(
        request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        try:
            link = setup_link(token, now=timezone.now())
        except LookElsewhere as elsewhere:
            raise Http404(elsewhere.detail) from elsewhere
        if link.has_ended:
            page = {"setup": link.request, "erased_at": link.request.ends_at + KEPT_AFTER_END}
            response = render(request, "setup/ended.html", page, status=HTTPStatus.GONE)
        else:
            response = view(request, link.request, token, *args, **kwargs)
        add_never_cache_headers(response)
        response["X-Robots-Tag"] = "noindex"
        return response

    return cast("GuardedView[P]", guarded)


@require_GET
@_by_link
def setup_tasks(request: HttpRequest, setup: SetupRequest, token: str) -> HttpResponse:
    """Show the eight items and what is answered of them."""
    return _tasks_page(request, setup, token)


@require_POST
@_by_link
def setup_send(request: HttpRequest, setup: SetupRequest, token: str) -> HttpResponse:
    """Tell the team that all is answered."""
    try:
        sent = services.send_setup_request(
            account=setup.account, now=timezone.now(), request_id=setup.id
        )
    except ResolveConflict as refused:
        return _tasks_page(request, setup, token, refused.detail)
    return _tasks_page(request, sent, token)


@require_http_methods(["GET", "POST"])
@_by_link
def setup_item(request: HttpRequest, setup: SetupRequest, token: str, item: str) -> HttpResponse:
    """Ask for one item, and save what is answered."""
    if item not in list(Item):
        raise Http404("There is no such item.")
    asked = Item(item)
    if request.method == "GET":
        form = item_form(asked, getattr(setup.document, asked.value))
        return _item_page(request, setup, token, asked, form)
    action, _, path = request.POST.get("then", "save").partition(":")
    form = posted_form(asked, request.POST)
    if action in ("add", "remove"):
        return _item_page(request, setup, token, asked, with_rows_changed(form, action, path))
    try:
        _save(request, setup, asked, form.tidy())
    except CorrectInput as refused:
        return _item_page(request, setup, token, asked, form.refused(), refused.problems)
    return redirect("setup:setup_tasks", token=token)


@require_http_methods(["GET", "POST"])
@_by_link
def setup_example(request: HttpRequest, setup: SetupRequest, token: str) -> HttpResponse:
    """Take a request that works instead of answers to several items, or forget it again."""
    if request.method == "GET":
        return _example_page(request, setup, token, ExampleForm())
    form = read(ExampleForm, request.POST)
    try:
        is_removed = request.POST.get("then") == "remove"
        example, secrets = (None, {}) if is_removed else _example(setup, form)
        services.keep_setup_example(
            account=setup.account,
            now=timezone.now(),
            request_id=setup.id,
            example=example,
            secret_values=secrets,
        )
    except CorrectInput as refused:
        return _example_page(request, setup, token, form, refused.problems)
    return redirect("setup:setup_example", token=token)


def _example(setup: SetupRequest, form: ExampleForm) -> tuple[ExampleAnswer, Mapping[str, str]]:
    """Return what was pasted and the credentials in it. *Raises* CorrectInput."""
    if form.environment not in list(Environment):
        raise CorrectInput(Problem("/environment", "unknown", "Choose where its address leads to."))
    draft = drafts.draft_of_request(form.text, pointer="/text")
    endpoint = draft.config.environments[Environment.PRODUCTION]
    environments = {Environment(form.environment): endpoint}
    config = draft.config.model_copy(update={"environments": environments})
    example_preview(setup, config)
    notes = tuple(f"{note.place}: {note.detail}" for note in draft.not_understood)
    return ExampleAnswer(config=config, not_understood=notes), draft.secret_values


def _save(request: HttpRequest, setup: SetupRequest, item: Item, form: ItemForm) -> None:
    is_unknown = "unknown" in request.POST
    file = _uploaded(request) if item is Item.DOCUMENTATION and not is_unknown else None
    has_file = bool(file or setup.file_name)
    answer = None if is_unknown else parse_answer(item, form.document(), has_file=has_file)
    services.answer_setup_item(
        account=setup.account,
        now=timezone.now(),
        request_id=setup.id,
        item=item,
        answer=answer,
        secret_values=_secret_values(setup, form, answer),
        file=file,
    )


def _secret_values(
    setup: SetupRequest, form: ItemForm, answer: Document | None
) -> dict[str, str] | None:
    """Return the credentials to keep from now on, or None: those that are kept already."""
    if not isinstance(form, AuthenticationForm):
        return None
    before = setup.document.authentication
    if answer is None:
        return {}
    typed = form.typed_secrets()
    is_same_kind = before is not None and before.kind == form.kind
    return None if is_same_kind and not typed else typed


def _uploaded(request: HttpRequest) -> UploadedFile | None:
    """Return the file that was chosen; one that is too large never gets into memory."""
    if file := request.FILES.get("file"):
        return UploadedFile(file.name or "", file.read())
    if _length(request) > MAX_FILE_BYTES:
        raise CorrectInput(Problem("/file", "too_large", "The file is larger than 5 MB."))
    return None


def _length(request: HttpRequest) -> int:
    """Return what the browser says; what is no number counts as nothing, as for Django."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _tasks_page(
    request: HttpRequest, setup: SetupRequest, token: str, refusal: str = ""
) -> HttpResponse:
    answers = setup.document
    page = {
        "setup": setup,
        "token": token,
        "tasks": tasks(answers),
        "kept_days": KEPT_AFTER_END.days,
        "example": answers.example,
        "answered": answers.answered(),
        "refusal": refusal,
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    return render(request, "setup/tasks.html", page, status=status)


def _example_page(
    request: HttpRequest,
    setup: SetupRequest,
    token: str,
    form: ExampleForm,
    problems: Sequence[Problem] = (),
) -> HttpResponse:
    example = setup.document.example
    page: dict[str, Any] = {
        "setup": setup,
        "token": token,
        "form": bind(form, problems_by_field(form, problems)),
        "problems": linked(form, problems),
        "choices": CHOICES,
        "example": example,
        "preview": example_fragment(setup),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "setup/example.html", page, status=status)


def _item_page(
    request: HttpRequest,
    setup: SetupRequest,
    token: str,
    item: Item,
    form: ItemForm,
    problems: Sequence[Problem] = (),
) -> HttpResponse:
    by_field = problems_by_field(form, problems)
    page: dict[str, Any] = {
        "setup": setup,
        "token": token,
        "item": item,
        "words": ITEMS[item],
        "template": f"setup/items/{item.value}.html",
        "form": bind(form, by_field),
        "file": Field("file", "", by_field.get("file", ())),
        "problems": linked(form, problems),
        "choices": CHOICES,
        "attributes": _ATTRIBUTES,
        "kept": "It is set. Type to replace it." if setup.secrets_sealed else "",
        "state": setup.document.state_of(item).value,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK
    return render(request, "setup/item.html", page, status=status)
