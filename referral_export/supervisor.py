"""Keeps programs running: starts again what dies, and ends all of them in order."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from referral_export.processes import POLL_SECONDS, Process, Program, stop_processes

GRACE_SECONDS = 15
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
LOG_LINES_SHOWN = 20
# A program that ran this long had started well: its next death is a new story.
STEADY_SECONDS = 30


class StopAskedError(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM: leave the supervisor's block."""


class ProgramFailedError(Exception):
    """A program that had to succeed did not: its output says why."""


@dataclass(slots=True)
class _Kept:
    """A program that is to run for ever, and its present run."""

    process: Process
    pause_seconds: float = FIRST_PAUSE_SECONDS
    start_again_at: float | None = None


class Supervisor:
    """Runs programs until it is told to stop; made for one block: `with supervising(…)`."""

    def __init__(self, *, report: Callable[[str], None]) -> None:
        self._report = report
        self._kept: list[_Kept] = []
        self._signals = 0

    def keep(self, program: Program) -> None:
        """Start a program, and start it again whenever it ends."""
        self._kept.append(_Kept(Process(program)))

    def run(self, program: Program) -> None:
        """Run a program to its end.

        Raises: ProgramFailedError when its exit code says so; StopAskedError.
        """
        process = Process(program)
        try:
            self.wait_until(lambda: process.exit_code() is not None)
        finally:
            stop_processes([process], grace_seconds=GRACE_SECONDS, is_impatient=self._is_impatient)
        if process.exit_code() != 0:
            raise ProgramFailedError(
                f"{program.name} ended with {_ending(process)}:\n{_last_lines(program)}"
            )

    def wait_until(self, is_reached: Callable[[], bool], *, seconds: float = float("inf")) -> None:
        """Watch over the programs until the condition holds.

        Raises: TimeoutError; StopAskedError.
        """
        deadline = time.monotonic() + seconds
        while not is_reached():
            if self._signals:
                raise StopAskedError
            if time.monotonic() > deadline:
                raise TimeoutError
            self._start_again_what_ended()
            time.sleep(POLL_SECONDS)

    def watch(self) -> None:
        """Watch over the programs until somebody asks to stop.

        Raises: StopAskedError, always.
        """
        self.wait_until(lambda: False)

    def stop(self) -> None:
        """End all programs, those that serve the others last."""
        for serves_others in (False, True):
            stop_processes(
                [
                    kept.process
                    for kept in self._kept
                    if kept.process.program.serves_others is serves_others
                ],
                grace_seconds=GRACE_SECONDS,
                is_impatient=self._is_impatient,
            )

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _is_impatient(self) -> bool:
        return self._signals > 1

    def _start_again_what_ended(self) -> None:
        now = time.monotonic()
        for kept in self._kept:
            if kept.start_again_at is not None:
                if now >= kept.start_again_at:
                    kept.process = Process(kept.process.program)
                    kept.start_again_at = None
            elif kept.process.exit_code() is not None:
                self._plan_restart(kept, now=now)

    def _plan_restart(self, kept: _Kept, *, now: float) -> None:
        """Let a program that keeps dying wait longer each time."""
        process = kept.process
        process.kill_group()  # children that it left behind would be in the way
        if now - process.started_at_seconds > STEADY_SECONDS:
            kept.pause_seconds = FIRST_PAUSE_SECONDS
        kept.start_again_at = now + kept.pause_seconds
        self._report(
            f"{process.program.name} ended with {_ending(process)}; it starts again in"
            f" {kept.pause_seconds:g} s. Its log: {process.program.log}"
        )
        kept.pause_seconds = min(kept.pause_seconds * 2, LONGEST_PAUSE_SECONDS)


@contextmanager
def supervising(*, report: Callable[[str], None]) -> Iterator[Supervisor]:
    """Give a supervisor to the block; its programs end with the block.

    SIGINT, SIGTERM and a closed terminal end the block with StopAskedError; a second signal
    ends the patience with programs that are slow to stop.
    """
    supervisor = Supervisor(report=report)
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, supervisor.on_signal) for number in numbers}
    try:
        yield supervisor
    finally:
        supervisor.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _ending(process: Process) -> str:
    code = process.exit_code()
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"


def _last_lines(program: Program) -> str:
    lines = program.log.read_text(errors="replace").splitlines()
    return "\n".join([*lines[-LOG_LINES_SHOWN:], f"All of it is in {program.log}."])
