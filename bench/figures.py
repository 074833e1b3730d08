"""What a row of the table is: a figure, the limit that it has to keep, and rounds to get it."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much each row sends: enough to see, little enough for one run within minutes."""

    rounds: int
    deliveries: int
    conventional: int
    bare: int
    connections: int
    finished: int
    waiting: int
    posts: int
    listed: int
    memory: tuple[int, int]
    seconds: int
    row_seconds: int
    """After this long a row counts as missed."""


SIZES = {
    "usual": Sizes(
        rounds=3,
        deliveries=4_000,
        conventional=60,
        bare=4_000,
        connections=1_000,
        finished=400_000,
        waiting=40_000,
        posts=600,
        listed=10_000,
        memory=(4_000, 20_000),
        seconds=8,
        row_seconds=180,
    ),
    "full": Sizes(
        rounds=5,
        deliveries=10_000,
        conventional=200,
        bare=10_000,
        connections=1_000,
        finished=2_000_000,
        waiting=200_000,
        posts=2_000,
        listed=50_000,
        memory=(10_000, 100_000),
        seconds=30,
        row_seconds=900,
    ),
    # Shows that every row works, and nothing else.
    "tiny": Sizes(
        rounds=1,
        deliveries=600,
        conventional=10,
        bare=300,
        connections=20,
        finished=5_000,
        waiting=3_000,
        posts=60,
        listed=2_000,
        memory=(400, 1_200),
        seconds=2,
        row_seconds=120,
    ),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; without a limit it is there to be known."""

    what: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def is_kept(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def __str__(self) -> str:
        amount = f"{self.value:,.3g}" if self.value < 100 else f"{self.value:,.0f}"
        return f"{self.what:<58}{amount:>7} {self.unit:<5}{self._limit():>10}  {self._verdict()}"

    def _limit(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"

    def _verdict(self) -> str:
        if self.at_least is None and self.at_most is None:
            return f"        {self.note}"
        return f"{'kept' if self.is_kept else 'MISSED':<6}  {self.note}"


@dataclass(frozen=True, slots=True)
class Rounds:
    """Rates of two sides, measured in turns."""

    ours: list[float]
    theirs: list[float]

    def ratio(self, what: str, *, at_least: float | None = None, note: str = "") -> Figure:
        """Return the median of the rounds' ratios: what disturbs a round disturbs both sides."""
        ratios = [ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True)]
        rates = f"{median(self.ours):,.0f} / {median(self.theirs):,.0f} a second"
        whole = f"{rates}; {note}" if note else rates
        return Figure(what, median(ratios), "×", at_least=at_least, note=whole)


def in_turns(rounds: int, ours: Callable[[], float], theirs: Callable[[], float]) -> Rounds:
    """Measure one side after the other, as often as there are rounds."""
    measured = [(ours(), theirs()) for _ in range(rounds)]
    return Rounds([first for first, _ in measured], [second for _, second in measured])
