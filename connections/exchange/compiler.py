"""Compiles the templates of one configuration and collects everything that is wrong with it."""

from connections.exchange.config import SecretReference, Value
from connections.exchange.language import Names, Template, TemplateRefused, ValueTemplate
from connections.exchange.language.dialects import Dialect
from connections.exchange.problems import ConfigProblem


class Compiler:
    """Goes through one configuration; what it gives back is good only if `problems` stays empty."""

    def __init__(self, names: Names) -> None:
        self.problems: list[ConfigProblem] = []
        self.secrets: dict[str, str] = {}
        """Every secret that is referred to, and the pointer of the first place that does."""
        self.names: set[str] = set()
        """Every name that some template uses."""
        self._names = names

    def refuse(self, pointer: str, code: str, detail: str) -> None:
        self.problems.append(ConfigProblem(pointer, code, detail))

    def template(self, value: Value, *, dialect: Dialect, pointer: str) -> Template:
        """Compile text that is a template or a reference to a secret."""
        try:
            template = Template(_source(value), dialect=dialect, names=self._names, place=pointer)
        except TemplateRefused as refused:
            self.refuse(pointer, refused.code, str(refused))
            return Template("", dialect=dialect, names=self._names, place=pointer)
        self._note(template, pointer)
        return template

    def value(self, source: str, *, pointer: str) -> ValueTemplate:
        """Compile a field that keeps the type of its value."""
        try:
            template = ValueTemplate(source, names=self._names, place=pointer)
        except TemplateRefused as refused:
            self.refuse(pointer, refused.code, str(refused))
            return ValueTemplate("", names=self._names, place=pointer)
        self._note(template, pointer)
        return template

    def _note(self, template: Template | ValueTemplate, pointer: str) -> None:
        self.names |= template.names
        for name in sorted(template.secrets):
            self.secrets.setdefault(name, pointer)


def _source(value: Value) -> str:
    if isinstance(value, SecretReference):
        return f"{{{{ secrets.{value.secret} }}}}"
    return value
