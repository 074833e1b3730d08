"""What is pasted of a documentation, which of its operations is meant, and a name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportForm:
    text: str = ""
    operation: str = ""
    name: str = ""

    def field_at(self, pointer: str) -> str:
        """Return the name of the field that a problem's pointer means, or nothing."""
        return next((name for name in ("text", "operation", "name") if pointer == f"/{name}"), "")
