"""The two questions of a new connection: what it is called, and where it sends to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AddForm:
    name: str = ""
    method: str = "POST"
    url: str = ""

    def config_document(self) -> dict[str, object]:
        return {"method": self.method, "environments": {"production": {"url": self.url}}}

    def field_at(self, pointer: str) -> str:
        if pointer.startswith("/config/environments"):
            return "url"
        return next((name for name in ("name", "method") if pointer.endswith(f"/{name}")), "")
