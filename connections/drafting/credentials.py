"""Credentials of an example request, moved to secrets."""

import re
from dataclasses import dataclass, field

from connections.drafting.pasted import NotUnderstood
from connections.drafting.recognition import placeholder_name
from connections.drafting.vocabulary import (
    CREDENTIAL_ENDINGS,
    CREDENTIALS,
    CREDENTIALS_OF_PARAMETERS,
    NOT_CREDENTIALS,
)

_MOST_SECRETS = 20
_LONGEST = 8_192
_STANDS_FOR = re.compile(
    r"(?i:.*\b(?:your|my|insert|replace|enter|put)[ _-].*|.*[ _-]here|x{4,}|\*{3,}|\.{3,}|…+|•+)"
    r"|(?=.*(?:KEY|TOKEN|SECRET|PASSWORD))[A-Z][A-Z_]{3,}",
    re.DOTALL,
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def is_credential(name: str, *, parameter: bool) -> bool:
    """Tell by its name; `parameter`: of a form, a query or a header, where names are shorter."""
    simple = re.sub(r"[^a-z0-9]", "", name.rsplit("[", 1)[-1].lower())
    if simple in NOT_CREDENTIALS:
        return False
    known = CREDENTIALS_OF_PARAMETERS if parameter else CREDENTIALS
    return simple in known or (parameter and simple.endswith(CREDENTIAL_ENDINGS))


def is_placeholder(value: str) -> bool:
    """Tell whether a value only says where the credential belongs."""
    return placeholder_name(value) is not None or _STANDS_FOR.fullmatch(value.strip()) is not None


@dataclass
class Safe:
    """The secrets of a draft: their values, and the names of those whose value is not known."""

    values: dict[str, str] = field(default_factory=dict)
    unset: list[str] = field(default_factory=list)

    def keep(self, name: str, value: str) -> str:
        """Keep a value under a name like this one; return the name."""
        kept = next((known for known, text in self.values.items() if text == value), None)
        if kept:
            return kept
        name = self._free(_snake(name))
        if not 0 < len(value) <= _LONGEST or is_placeholder(value):
            self.unset.append(name)
        else:
            self.values[name] = value
        return name

    def _free(self, name: str) -> str:
        taken = {*self.values, *self.unset}
        if len(taken) >= _MOST_SECRETS:
            raise NotUnderstood(f"This holds more than {_MOST_SECRETS} credentials: paste less.")
        numbered = (f"{name}_{number}" for number in range(2, _MOST_SECRETS + 2))
        return next(one for one in (name, *numbered) if one not in taken)


def _snake(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    snake = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    snake = snake.removeprefix("x_")[:60]
    return snake if _NAME.fullmatch(snake) else "api_key"
