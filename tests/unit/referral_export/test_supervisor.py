"""What the supervisor keeps runs again when it dies, and ends when the supervisor ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from referral_export.environment import CHECKOUT
from referral_export.processes import Program
from referral_export.supervisor import ProgramFailedError, supervising

# Each program says its process id, and leaves a child of its own that ignores SIGTERM.
PROGRAM = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"])
open(sys.argv[1], "a").write(f"{os.getpid()} {child.pid}\\n")
time.sleep(60)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
SUPERVISOR = """
import signal
import sys
from pathlib import Path
from referral_export.processes import Program
from referral_export.supervisor import StopAskedError, supervising

directory = Path(sys.argv[1])
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests under nohup
with supervising(report=lambda sentence: print(sentence, flush=True)) as supervisor:
    for name, code in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
        command = (sys.executable, "-c", code, str(directory / f"{name}.pids"))
        supervisor.keep(Program(name=name, command=command, directory=directory,
                                log=directory / f"{name}.log"))
    try:
        supervisor.watch()
    except StopAskedError:
        print("Stopping.", flush=True)
"""


def eventually(condition, *, seconds=10):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
    return result


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Started:
    """A supervisor in a process of its own."""

    def __init__(self, directory: Path, **programs: str) -> None:
        self.directory = directory
        arguments = [text for pair in programs.items() for text in pair]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, directory, *arguments],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )

    def pids(self, name: str, *, count: int = 1) -> list[list[int]]:
        """The runs of a program so far: its process id and its child's."""
        file = self.directory / f"{name}.pids"

        def lines():
            found = file.read_text().splitlines() if file.exists() else []
            return [[int(pid) for pid in line.split()] for line in found]

        return eventually(lambda: lines() if len(lines()) >= count else None)

    def log(self, name: str) -> str:
        file = self.directory / f"{name}.log"
        return file.read_text() if file.exists() else ""

    def end(self, number: signal.Signals) -> str:
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=30)
        return output


@pytest.fixture
def start(tmp_path):
    started = []

    def start(**programs):
        started.append(Started(tmp_path, **programs))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def test_program_killed_is_started_again_without_its_old_children(start):
    supervisor = start(web=PROGRAM)
    [[program, child]] = supervisor.pids("web")

    os.kill(program, signal.SIGKILL)

    [_, [again, _]] = supervisor.pids("web", count=2)
    assert again != program
    assert runs(again)
    eventually(lambda: not runs(child))
    assert "web ended with SIGKILL; it starts again in 0.5 s." in supervisor.end(signal.SIGTERM)


def test_program_that_keeps_dying_waits_longer_each_time(start):
    supervisor = start(bad="import sys; print('why', flush=True); sys.exit(3)")

    eventually(lambda: supervisor.log("bad").count("why") == 3)

    output = supervisor.end(signal.SIGTERM)
    assert "bad ended with exit code 3; it starts again in 0.5 s." in output
    assert "bad ended with exit code 3; it starts again in 1 s." in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_every_process(start, number):
    supervisor = start(web=PROGRAM, worker=PROGRAM)
    pids = [*supervisor.pids("web")[0], *supervisor.pids("worker")[0]]
    assert all(runs(pid) for pid in pids)

    output = supervisor.end(number)

    assert output.endswith("Stopping.\n")
    assert supervisor.process.returncode == 0
    eventually(lambda: not any(runs(pid) for pid in pids), seconds=2)


def test_second_signal_ends_the_patience(start):
    supervisor = start(deaf=STUBBORN)
    eventually(lambda: "deaf" in supervisor.log("deaf"))
    supervisor.process.send_signal(signal.SIGINT)
    assert supervisor.process.stdout.readline() == "Stopping.\n"
    started = time.monotonic()

    supervisor.end(signal.SIGINT)

    assert time.monotonic() - started < 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals orphans")
def test_supervisor_killed_takes_its_programs_along(start):
    supervisor = start(web=PROGRAM, worker=PROGRAM)
    pids = [supervisor.pids("web")[0][0], supervisor.pids("worker")[0][0]]
    assert all(runs(pid) for pid in pids)

    supervisor.end(signal.SIGKILL)

    eventually(lambda: not any(runs(pid) for pid in pids), seconds=2)


def test_program_that_has_to_succeed_and_fails_shows_its_last_lines(tmp_path):
    code = "import sys; print('no such table'); sys.exit(3)"
    log = tmp_path / "migrate.log"
    program = Program("migrate", (sys.executable, "-c", code), directory=tmp_path, log=log)

    with supervising(report=pytest.fail) as supervisor, pytest.raises(ProgramFailedError) as failed:
        supervisor.run(program)

    assert str(failed.value) == (
        f"migrate ended with exit code 3:\nno such table\nAll of it is in {log}."
    )
