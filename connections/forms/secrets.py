"""A credential in a form: typed, sent once, never put on a page again."""

from dataclasses import dataclass, replace

from connections.exchange.config import Environment, SecretReference
from connections.forms.binding import WriteOnly


@dataclass(frozen=True, slots=True)
class SecretForm(WriteOnly):
    """A credential that is kept in the vault under a name.

    `value` is for every environment, the other three each for theirs. `reference` is the
    name under which it is kept, `text` what the configuration holds in its place when it was
    written there as a template; both empty: there is none yet.
    """

    value: str = ""
    production: str = ""
    staging: str = ""
    testing: str = ""
    reference: str = ""
    text: str = ""

    @classmethod
    def of(cls, value: str | SecretReference) -> "SecretForm":
        if isinstance(value, SecretReference):
            return cls(reference=value.secret)
        return cls(text=value)

    def shown(self) -> "SecretForm":
        return replace(self, value="", production="", staging="", testing="")

    def document(self, name: str, *, may_be_empty: bool) -> object:
        """Return what stands in the configuration: a reference, or the template that was there.

        With nothing typed it is empty where it may be, else a reference to a value that is
        still to be set, so that its lack is told before anything is sent.
        """
        is_written = bool(self.text) or may_be_empty
        if is_written and not (self.reference or self.typed(name)):
            return self.text
        return {"secret": self.reference or name}

    def typed(self, name: str) -> list["TypedSecret"]:
        """Return what was typed; `name` is for a secret that has none yet."""
        name = self.reference or name
        values: list[tuple[Environment | None, str]] = [
            (None, self.value),
            *((environment, getattr(self, environment.value)) for environment in Environment),
        ]
        return [TypedSecret(name, value, place) for place, value in values if value]


@dataclass(frozen=True, slots=True)
class TypedSecret:
    name: str
    value: str
    environment: Environment | None
    """None: the same for every environment."""

    def __repr__(self) -> str:
        return f"TypedSecret({self.name})"
