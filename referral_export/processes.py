"""Starts a program so that it ends with us, however we end, and takes its children along."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.05
_PR_SET_PDEATHSIG = 1
# Loaded here, because nothing may be loaded between fork and exec.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Program:
    """A command that is to run beside us."""

    name: str
    command: tuple[str, ...]
    directory: Path
    log: Path
    """Where its output goes, after what is there."""
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    serves_others: bool = False
    """Whether the others need it until they have ended."""


class Process:
    """One run of a program, in a process group of its own."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started_at_seconds = time.monotonic()
        with program.log.open("ab") as log:
            # A group of its own: Ctrl-C reaches us alone, and we end the others in order.
            self._popen = subprocess.Popen(  # noqa: S603  commands are ours
                program.command,
                cwd=program.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=program.user,
                group=program.user,
                extra_groups=[] if program.user else None,
                process_group=0,
                preexec_fn=_end_with_parent(program.stop_signal),  # noqa: PLW1509  no threads yet
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def exit_code(self) -> int | None:
        """Return None while it runs; a negative number is the signal that ended it."""
        return self._popen.poll()

    def ask_to_stop(self) -> None:
        """Signal the first process alone: it knows how to end its own children."""
        if self.exit_code() is None:
            self._popen.send_signal(self.program.stop_signal)

    def kill_group(self) -> None:
        """Kill it and whatever it has left behind, and wait until it is gone."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()


def stop_processes(
    processes: Iterable[Process],
    *,
    grace_seconds: float,
    is_impatient: Callable[[], bool] = lambda: False,
) -> None:
    """Ask all to stop at once, and kill what is left when the time or the patience is over."""
    remaining = list(processes)
    for process in remaining:
        process.ask_to_stop()
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and not is_impatient():
        if all(process.exit_code() is not None for process in remaining):
            break
        time.sleep(POLL_SECONDS)
    for process in remaining:
        process.kill_group()


def _end_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Have the kernel signal the child when we die, even by SIGKILL; only Linux offers it."""
    if _LIBC is None:
        return None
    parent = os.getpid()

    def before_exec() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # we died in between
            os._exit(1)

    return before_exec
