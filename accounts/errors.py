"""What all apps raise when a request cannot be met: named by what to do next."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    `pointer` is a JSON pointer into what was sent (`/config/body/template`; empty for the
    whole), `code` is for machines, `detail` is a sentence for people.
    """

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """A request that the domain refuses; `detail` says why and what to do."""

    code = "refused"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class CorrectInput(DomainError):
    """What was sent is wrong; each problem says where and what to write instead."""

    code = "invalid"

    def __init__(self, *problems: Problem) -> None:
        super().__init__(" ".join(problem.detail for problem in problems))
        self.problems = problems


class AskAPermittedPerson(DomainError):
    """The actor is known here but lacks the right."""

    code = "not_permitted"


class LookElsewhere(DomainError):
    """There is no such thing in this account."""

    code = "not_found"


class ResolveConflict(DomainError):
    """The thing's present state forbids it; the sentence says which step comes first."""

    code = "conflict"


class ReadAgain(DomainError):
    """Somebody changed it since it was read."""

    code = "stale"


class TryLater(DomainError):
    """Too much at once."""

    code = "too_many_requests"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds
