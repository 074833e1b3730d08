"""How much of the processor each part uses: the worker, PostgreSQL, the web process, Redis."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

SERVERS = {"postgres": "PostgreSQL", "redis-server": "Redis", "valkey-server": "Redis"}
RECEIVER = "bench.sink"


@dataclass(frozen=True, slots=True)
class Share:
    """CPU seconds by part, over a time."""

    seconds: dict[str, float]
    elapsed_seconds: float

    @property
    def cores(self) -> float:
        return sum(self.seconds.values()) / self.elapsed_seconds

    def told(self) -> str:
        """Return who used how much of one core."""
        shares = sorted(self.seconds.items(), key=lambda part: -part[1])
        return ", ".join(f"{part} {seconds / self.elapsed_seconds:.0%}" for part, seconds in shares)


@dataclass
class Meter:
    """Keeps the share of each block that it watched, in order."""

    shares: list[Share] = field(default_factory=list)

    @contextmanager
    def watching(self, **processes: int) -> Iterator[None]:
        """Watch these processes, by name of the part, and the servers and the receiver."""
        parts = _servers() | {part: psutil.Process(pid) for part, pid in processes.items()}
        before = {part: _seconds(process) for part, process in parts.items()}
        began = time.monotonic()
        yield
        elapsed = time.monotonic() - began
        used = {part: _seconds(process) - before[part] for part, process in parts.items()}
        self.shares.append(Share(used, elapsed))


def resident_megabytes(pid: int) -> float:
    """Return the memory of a process and its children, what they share counted for each."""
    process = psutil.Process(pid)
    return sum(one.memory_info().rss for one in _family(process)) / 1_048_576


def _servers() -> dict[str, psutil.Process]:
    """Return the servers and the receiver, which are children of this process."""
    found = {}
    for child in psutil.Process().children():
        if part := SERVERS.get(child.name()):
            found[part] = child
        elif RECEIVER in child.cmdline():
            found["receiver"] = child
    return found


def _seconds(process: psutil.Process) -> float:
    """Return what a process and its children used, those that are gone included."""
    used = 0.0
    for one in _family(process):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    return used


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]
