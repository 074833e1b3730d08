"""One fault at a time while referrals flow: each that was accepted comes to exactly one end.

`make faults` runs it with 5,000 referrals to a fault and the outages at their full length.
"""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.ledger import Result, check, unfinished
from tests.faults.receiver import Behaviour, Receiver, receiving
from tests.faults.stage import Stage, wait_until

REFERRALS = int(os.environ.get("FAULTS_REFERRALS", "300"))
IS_FULL = REFERRALS >= 5_000
POSTING_SECONDS = 15 if IS_FULL else 3
TIMES = 2 if IS_FULL else 1
STOP_SECONDS = 20
END_SECONDS = 400 if IS_FULL else 120

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
    for name in ("deliveries-1", "deliveries-2"):
        assert stage.stop(name) < STOP_SECONDS
        stage.start(name)
    assert set(receiver.keys.values()) == {1}, "nothing is sent twice"


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


def run(stage: Stage, fault: Fault, *, waits_for_flow: bool = True) -> Result:
    """Apply the fault while referrals flow, and see what became of them."""
    started = time.monotonic()
    name = fault.__name__.replace("_", " ")
    with receiving() as receiver:
        line = stage.lay_line(fault.__name__, receiver)
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
        return check(stage, line, fault=name, count=REFERRALS, seconds=seconds)


@pytest.mark.parametrize("fault", OF_OURS, ids=lambda fault: fault.__name__)
def test_referrals_outlive_a_fault_of_ours(running, results, fault):
    results.append(run(running, fault))
    if fault is kill_worker:
        assert results[-1].repeated, "what it had in flight is sent again"


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
    def names_cannot_be_looked_up(stage: Stage, _receiver: Receiver) -> None:
        _wait_through(20)
        stage.set_dns(fails=False)

    running.set_dns(fails=True)  # before the first look-up, which is kept for a while
    results.append(run(running, names_cannot_be_looked_up, waits_for_flow=False))


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
