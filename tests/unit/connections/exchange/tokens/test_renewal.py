"""A token that is refused: a new one is fetched, once, and the rule that says so has the last word."""

import pytest

from connections.exchange.config import Outcome
from connections.exchange.perform import TooLateError
from tests.unit.connections.exchange.test_perform import RULES
from tests.unit.connections.exchange.tokens.token_server import TokenServer, exchanges


def test_token_refused_by_the_receiver_is_fetched_anew_once():
    server = TokenServer(accept=["token-2"])
    first, second = exchanges(server, count=2, at_once=False)
    assert first.verdict.outcome is Outcome.DELIVERED
    assert server.leads == ["token-1", "token-2", "token-2"]
    assert second.verdict.outcome is Outcome.DELIVERED


def test_receiver_that_refuses_every_token_is_asked_twice_only():
    server = TokenServer(accept=["never"])
    [exchange] = exchanges(server)
    assert exchange.verdict.outcome is Outcome.HOLD
    assert server.leads == ["token-1", "token-2"]
    assert b"token-2" not in exchange.response.body
    assert "token-2" not in str(exchange.request)


def pace_that(*lets_go):
    """Return a pace, and the patience that each request had; the last says it for all after it."""
    patiences = []

    async def pace(patience_seconds):
        patiences.append(patience_seconds)
        if not lets_go[min(len(patiences), len(lets_go)) - 1]:
            raise TooLateError

    return pace, patiences


def test_each_request_waits_for_its_turn_half_of_the_time_that_is_left():
    server = TokenServer(accept=["token-2"])
    pace, patiences = pace_that(True)
    [exchange] = exchanges(server, pace=pace, timeout_seconds=20)
    assert exchange.verdict.outcome is Outcome.DELIVERED
    first, second = patiences
    assert 9 < second < first <= 10


def test_refusal_stands_where_no_other_request_may_leave_and_the_new_token_is_kept():
    server = TokenServer(accept=["token-2"])
    pace, _ = pace_that(True, False, True)
    refused, delivered = exchanges(server, count=2, at_once=False, pace=pace)
    assert (refused.verdict.outcome, refused.response.status) == (Outcome.HOLD, 401)
    assert refused.timings.first_byte_ms is not None
    assert delivered.verdict.outcome is Outcome.DELIVERED
    assert server.leads == ["token-1", "token-2"]


def test_first_request_that_may_not_leave_is_no_attempt():
    server = TokenServer()
    pace, _ = pace_that(False)
    with pytest.raises(TooLateError):
        exchanges(server, pace=pace)
    assert server.leads == []


EXPIRED = (200, {"success": False, "errors": [{"code": "602", "message": "token expired"}]})


def renewing(outcome="retry", **parts):
    rule = {
        "name": "Token expired",
        "outcome": outcome,
        "conditions": [
            {
                "source": "json",
                "path": "$.errors[*].code",
                "operator": "in",
                "value": ["601", "602"],
            }
        ],
        "renew_token": True,
    }
    return [rule | parts, *RULES]


def test_token_refused_inside_a_success_is_fetched_anew_where_a_rule_says_so():
    server = TokenServer(accept=["token-2"], refusal=EXPIRED)
    first, second = exchanges(server, count=2, at_once=False, rules=renewing())
    assert server.leads == ["token-1", "token-2", "token-2"]
    assert [one.verdict.rule for one in (first, second)] == ["Created", "Created"]
    assert first.response.status == 201


def test_token_refused_by_a_rule_without_the_flag_is_kept():
    server = TokenServer(accept=["token-2"], refusal=EXPIRED)
    [exchange] = exchanges(server, rules=renewing(renew_token=False))
    assert server.leads == ["token-1"]
    assert exchange.verdict.rule == "Token expired"


@pytest.mark.parametrize("outcome", [Outcome.RETRY, Outcome.HOLD])
def test_rule_that_renews_in_vain_has_the_last_word(outcome):
    server = TokenServer(accept=["never"], refusal=EXPIRED)
    [exchange] = exchanges(server, rules=renewing(outcome.value))
    assert server.leads == ["token-1", "token-2"]
    assert exchange.verdict.outcome is outcome
    assert exchange.verdict.rule == "Token expired"


def test_one_renewal_serves_all_whose_token_was_refused():
    server = TokenServer(accept=["token-2"], refusal=EXPIRED)
    results = exchanges(server, count=8, rules=renewing())
    assert {one.verdict.outcome for one in results} == {Outcome.DELIVERED}
    assert len(server.forms) == 2


def test_new_token_that_is_not_given_leaves_no_answer_behind():
    server = TokenServer(accept=["never"], refusal=EXPIRED)
    server.later = (400, {"error": "invalid_client"})
    [exchange] = exchanges(server, rules=renewing())
    assert exchange.error.code == "token_refused"
    assert exchange.response is None


def test_rule_that_renews_changes_nothing_without_tokens():
    server = TokenServer(refusal=EXPIRED)
    [exchange] = exchanges(server, grant=None, rules=renewing())
    assert server.leads == [""]
    assert exchange.verdict.outcome is Outcome.RETRY
