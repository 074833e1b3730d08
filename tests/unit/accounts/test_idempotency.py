"""How long an answer is kept under its key."""

from datetime import timedelta

from rest_framework.response import Response

from accounts.idempotency import KEPT_FOR, OnceKey, answer_once
from accounts.models import IdempotentRequest
from tests.cast import BEGINNING


def ask(account, *, now, key="one"):
    asked = []

    def answer():
        asked.append(now)
        return Response({"made": str(now)}, status=201, headers={"ETag": '"1"'}), account

    once = OnceKey(key=key, route="/api/v1/things", request_digest=b"the same")
    response = answer_once(once, asker=account.id, accounts=[account], now=now, answer=answer)
    return response, bool(asked)


def test_answer_is_given_again_with_its_headers_for_a_day(cast):
    first, _ = ask(cast.account, now=BEGINNING)
    again, made = ask(cast.account, now=BEGINNING + KEPT_FOR - timedelta(seconds=1))
    assert not made
    assert (again.status_code, again.data, again["ETag"]) == (201, first.data, '"1"')


def test_after_a_day_the_key_is_new_and_the_old_row_gone(cast):
    ask(cast.account, now=BEGINNING)
    _, made = ask(cast.account, now=BEGINNING + KEPT_FOR)
    assert made
    assert IdempotentRequest.objects.for_account(cast.account).count() == 1


def test_keys_of_another_account_are_others(cast):
    ask(cast.account, now=BEGINNING)
    _, made = ask(cast.rival, now=BEGINNING)
    assert made
