"""One fault at a time while referrals flow: each that was accepted comes to exactly one end.

`make faults` runs it with 5,000 referrals to a fault and the outages at their full length.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.ledger import Result, check, unfinished
from tests.faults.receiver import ANSWER_SECONDS, Behaviour, Receiver, receiving
from tests.faults.stage import BODY_RULES, STATUS_RULES, Stage, wait_until

REFERRALS = int(os.environ.get("FAULTS_REFERRALS", "300"))
IS_FULL = REFERRALS >= 5_000
POSTING_SECONDS = 15 if IS_FULL else 3
TIMES = 2 if IS_FULL else 1
STOP_SECONDS = 20
END_SECONDS = 400 if IS_FULL else 120

_LEASED = "SELECT count(*) FROM delivery_delivery WHERE lease_expires_at IS NOT NULL"
_ATTEMPTS_WITHOUT_A_NAME = """
SELECT count(*) FROM delivery_attempt attempt
JOIN delivery_delivery delivery ON delivery.id = attempt.delivery_id
JOIN connections_connection connection ON connection.id = delivery.connection_id
WHERE connection.name = %s AND attempt.error_code = 'dns'
"""

Fault = Callable[[Stage, Receiver], None]


def kill_worker(stage: Stage, _receiver: Receiver) -> None:
    for name in ("deliveries-1", "deliveries-2"):  # one of them is in the middle of its work
        stage.kill(name)
        stage.start(name)
        time.sleep(0.5)


def kill_beat(stage: Stage, _receiver: Receiver) -> None:
    stage.kill("beat")
    _wait_through(10)
    stage.start("beat")


def kill_web(stage: Stage, _receiver: Receiver) -> None:
    with stage.holding_posts():
        stage.kill("web")
    stage.start("web")


def stop_redis(stage: Stage, _receiver: Receiver) -> None:
    stage.stop("redis")
    _wait_through(10)
    stage.start("redis")


def flush_redis(stage: Stage, _receiver: Receiver) -> None:
    stage.flush_redis()


def restart_postgresql(stage: Stage, _receiver: Receiver) -> None:
    for _ in range(TIMES):
        stage.stop("postgresql", signal.SIGINT)
        stage.start("postgresql")
        time.sleep(1)


def crash_postgresql(stage: Stage, _receiver: Receiver) -> None:
    for _ in range(TIMES):
        stage.stop("postgresql", signal.SIGQUIT)
        stage.start("postgresql")
        time.sleep(1)


def stop_worker(stage: Stage, receiver: Receiver) -> None:
    receiver.answer_seconds = 2
    time.sleep(1)  # what is answered now came before
    wait_until(lambda: receiver.in_flight > 0, what="something is in flight that takes seconds")
    workers = ("deliveries-1", "deliveries-2")
    with ThreadPoolExecutor(len(workers)) as threads:
        assert max(threads.map(stage.stop, workers)) < STOP_SECONDS
    assert stage.rows(_LEASED) == [(0,)], "nothing is left to its lease"
    receiver.answer_seconds = ANSWER_SECONDS
    for name in workers:
        stage.start(name)


def stop_web(stage: Stage, _receiver: Receiver) -> None:
    stage.stop("web")
    stage.start("web")


def take_receiver_down(_stage: Stage, receiver: Receiver) -> None:
    receiver.go_down()
    _wait_through(30)
    receiver.come_up()


def one_answer_in_three_is_500(_stage: Stage, receiver: Receiver) -> None:
    _behave(receiver, Behaviour.FAILS_ONE_IN_THREE)


def answers_are_cut_in_mid_body(_stage: Stage, receiver: Receiver) -> None:
    _behave(receiver, Behaviour.CUTS_IN_MID_BODY)


def answers_drip_one_byte_a_second(_stage: Stage, receiver: Receiver) -> None:
    _behave(receiver, Behaviour.DRIPS)


def answers_have_10_mb(_stage: Stage, receiver: Receiver) -> None:
    _behave(receiver, Behaviour.ANSWERS_10_MB)


def receiver_never_answers(_stage: Stage, receiver: Receiver) -> None:
    _behave(receiver, Behaviour.NEVER_ANSWERS)


def _behave(receiver: Receiver, behaviour: Behaviour) -> None:
    receiver.behaviour = behaviour
    _wait_through(20)
    receiver.behaviour = Behaviour.WELL


def _wait_through(seconds: float) -> None:
    time.sleep(seconds if IS_FULL else seconds / 8)


OF_OURS = (
    kill_worker,
    kill_beat,
    kill_web,
    stop_worker,
    stop_web,
    stop_redis,
    flush_redis,
    restart_postgresql,
    crash_postgresql,
)
OF_RECEIVERS = (
    take_receiver_down,
    one_answer_in_three_is_500,
    answers_are_cut_in_mid_body,
    answers_drip_one_byte_a_second,
    answers_have_10_mb,
    receiver_never_answers,
)

# What is to be seen of a fault, or else it met nobody; and of a stop, that nobody felt it.
IS_AS_NAMED: dict[Fault, Callable[[Result], bool]] = {
    kill_worker: lambda result: result.repeated > 0,
    kill_web: lambda result: result.posts_again > 0,
    stop_worker: lambda result: result.repeated == 0,
    take_receiver_down: lambda result: result.repeated > 0,
    one_answer_in_three_is_500: lambda result: result.repeated > 0,
    answers_are_cut_in_mid_body: lambda result: result.repeated > 0,
    answers_drip_one_byte_a_second: lambda result: result.repeated > 0,
    receiver_never_answers: lambda result: result.repeated > 0,
}
# An answer that is longer than what is kept of it tells by its status alone what it means.
RULES = {answers_have_10_mb: STATUS_RULES}
# Longer than an answer takes while it stops: what is in flight then can come to its end.
TIMEOUT_SECONDS = {stop_worker: 5}


def run(stage: Stage, fault: Fault, *, waits_for_flow: bool = True) -> Result:
    """Apply the fault while referrals flow, and see what became of them."""
    started = time.monotonic()
    name = fault.__name__.replace("_", " ")
    with receiving() as receiver:
        line = stage.lay_line(
            fault.__name__,
            receiver,
            rules=RULES.get(fault, BODY_RULES),
            timeout_seconds=TIMEOUT_SECONDS.get(fault, 1),
        )
        with stage.posting(line, count=REFERRALS, seconds=POSTING_SECONDS):
            if waits_for_flow:
                wait_until(lambda: receiver.requests >= REFERRALS // 5, what="a fifth was sent")
            fault(stage, receiver)
        wait_until(
            lambda: unfinished(stage, line) == 0,
            what="every referral has its final status",
            seconds=END_SECONDS,
        )
        seconds = time.monotonic() - started
        result = check(stage, line, fault=name, count=REFERRALS, seconds=seconds)
        assert fault not in IS_AS_NAMED or IS_AS_NAMED[fault](result), f"{name}: {result}"
        return result


@pytest.mark.parametrize("fault", OF_OURS, ids=lambda fault: fault.__name__)
def test_referrals_outlive_a_fault_of_ours(running, results, fault):
    results.append(run(running, fault))


@pytest.mark.parametrize(
    "faults",
    [(fault,) for fault in OF_RECEIVERS] if IS_FULL else [OF_RECEIVERS],
    ids=lambda faults: (
        "_and_".join(fault.__name__ for fault in faults) if IS_FULL else "side_by_side"
    ),
)
def test_referrals_outlive_a_fault_of_the_receiver(running, results, faults):
    with ThreadPoolExecutor(len(faults)) as threads:
        results += threads.map(lambda fault: run(running, fault), faults)


def test_referrals_outlive_failing_dns(running, results):
    """One receiver has been found before, and wants new connections; the other has not."""
    fails, works = threading.Event(), threading.Event()

    def names_cannot_be_looked_up_any_more(stage: Stage, receiver: Receiver) -> None:
        receiver.behaviour = Behaviour.CLOSES
        stage.set_dns(fails=True)
        fails.set()
        _wait_through(32)
        stage.set_dns(fails=False)
        works.set()

    def names_cannot_be_looked_up(_stage: Stage, _receiver: Receiver) -> None:
        assert works.wait(60)

    with ThreadPoolExecutor(1) as threads:
        known = threads.submit(run, running, names_cannot_be_looked_up_any_more)
        assert fails.wait(60)
        results.append(run(running, names_cannot_be_looked_up, waits_for_flow=False))
        results.append(known.result())
    for fault in (names_cannot_be_looked_up, names_cannot_be_looked_up_any_more):
        assert running.rows(_ATTEMPTS_WITHOUT_A_NAME, fault.__name__)[0][0] > 0


def test_referrals_outlive_a_clock_that_is_ahead(running, results):
    def clock_is_ahead_and_worker_is_killed(stage: Stage, receiver: Receiver) -> None:
        receiver.behaviour = Behaviour.FAILS_ONE_IN_THREE
        _wait_through(8)  # retries are due by one clock, and claimed by another
        stage.kill("deliveries-1")
        stage.start("deliveries-1")
        receiver.behaviour = Behaviour.WELL

    for name in ("deliveries-1", "worker"):
        running.stop(name)
        running.start(name, seconds_ahead=300)
    results.append(run(running, clock_is_ahead_and_worker_is_killed))
    running.stop("worker")
    running.start("worker")
