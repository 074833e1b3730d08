"""A response to try the rules on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TryForm:
    status: str = "200"
    headers: str = ""
    """One a line: `Content-Type: application/json`."""
    body: str = ""

    def header_pairs(self) -> list[tuple[str, str]]:
        lines = (line.partition(":") for line in self.headers.split("\n") if line.strip())
        return [(name.strip(), value.strip()) for name, _, value in lines]
