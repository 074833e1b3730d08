"""What is on the table while a draft is made: guesses, secrets, variables and notes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from connections.drafting.credentials import Safe, is_credential
from connections.drafting.pasted import Note
from connections.drafting.recognition import Certainty, Recogniser, fill_in_name
from connections.drafting.template_text import as_literal, secret_template

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Guess:
    """One value of what was pasted that became an expression."""

    place: str
    """Where it stood: `body data[0].Email`, `query api_key`, `path`."""
    template: str
    certainty: Certainty


@dataclass
class Workbench:
    recogniser: Recogniser
    safe: Safe = field(default_factory=Safe)
    variables: dict[str, str] = field(default_factory=dict)
    guesses: list[Guess] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def note(self, place: str, detail: str) -> None:
        self.notes.append(Note(place, detail))

    def value(self, path: Sequence[str], value: str, *, where: str, parameter: bool) -> str | None:
        """Return the template for a value that is a secret, an attribute or to be filled in.

        None for every other.
        """
        name = path[-1] if path else ""
        place = f"{where} {'.'.join(path)}".strip()[:200]
        if is_credential(name, parameter=parameter):
            template = secret_template(self.safe.keep(name, value))
            self.guesses.append(Guess(place, template, Certainty.CERTAIN))
            return template
        if found := self.recogniser.recognise(path, value):
            self.guesses.append(Guess(place, found.template, found.certainty))
            return found.template
        return self.fill_in(value, place=place)

    def parameter(self, name: str, value: str, *, where: str) -> str:
        """Return the template for the value of a parameter, its own text when it is nothing."""
        return self.value([name], value, where=where, parameter=True) or as_literal(value)

    def fill_in(self, value: str, *, place: str) -> str | None:
        """Return the expression for a value that only says what belongs there, or None."""
        name = fill_in_name(value)
        return self.variable(name, place=place) if name else None

    def variable(self, name: str, *, place: str) -> str:
        """Return an expression for something that the account manager has to give."""
        name = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:64]
        name = name if _VARIABLE.fullmatch(name) else "value"
        if name not in self.variables:
            self.variables[name] = ""
            self.note(place, f'Give the variable "{name}" its value.')
        return f"{{{{ variables.{name} }}}}"
