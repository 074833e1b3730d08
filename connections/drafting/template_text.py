"""Writing templates: text that prints itself, whatever signs of the language it holds."""

import re

_SIGNS = re.compile(r"\{[{%#]|\{\Z")


def as_literal(text: str) -> str:
    """Return a template that prints exactly this text, also in front of an expression."""
    return _SIGNS.sub(lambda sign: f'{{{{ "{sign[0]}" }}}}', text)


def secret_template(name: str) -> str:
    return f"{{{{ secrets.{name} }}}}"
