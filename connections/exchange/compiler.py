"""Compiles the templates of one configuration and collects everything that is wrong with it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from connections.exchange.config import SecretReference, Value
from connections.exchange.language import Names, Template, TemplateRefused, ValueTemplate
from connections.exchange.language.dialects import Dialect
from connections.exchange.problems import ConfigProblem

CompiledT = TypeVar("CompiledT", Template, ValueTemplate)

MAX_CHARACTERS = 131_072
"""What all templates of one configuration may come to, so that compiling them ends soon."""


class Compiler:
    """Goes through one configuration; what it gives back is good only if `problems` stays empty."""

    def __init__(self, names: Names) -> None:
        self.problems: list[ConfigProblem] = []
        self.secrets: dict[str, list[str]] = {}
        """Every secret that is referred to, and the pointers of the places that do, in order."""
        self.names: set[str] = set()
        """Every name that some template uses."""
        self._names = names
        self._room = MAX_CHARACTERS

    def refuse(self, pointer: str, code: str, detail: str) -> None:
        self.problems.append(ConfigProblem(pointer, code, detail))

    def template(
        self, value: Value, *, dialect: Dialect, pointer: str, sees_request: bool = False
    ) -> Template:
        """Compile text that is a template or a reference to a secret."""
        names = replace(self._names, sees_request=sees_request)

        def compile_source(source: str) -> Template:
            return Template(source, dialect=dialect, names=names, place=pointer)

        return self._compile(compile_source, _source(value), pointer)

    def value(self, source: str, *, pointer: str) -> ValueTemplate:
        """Compile a field that keeps the type of its value."""

        def compile_source(source: str) -> ValueTemplate:
            return ValueTemplate(source, names=self._names, place=pointer)

        return self._compile(compile_source, source, pointer)

    def _compile(
        self, compile_source: Callable[[str], CompiledT], source: str, pointer: str
    ) -> CompiledT:
        try:
            self._take_room(len(source))
            template = compile_source(source)
        except TemplateRefused as refused:
            self.refuse(pointer, refused.code, str(refused))
            return compile_source("")
        self._note(template, pointer)
        return template

    def _take_room(self, characters: int) -> None:
        if characters > self._room:
            detail = f"the templates come to more than {MAX_CHARACTERS:,} characters in all"
            raise TemplateRefused("template_too_large", detail)
        self._room -= characters

    def _note(self, template: Template | ValueTemplate, pointer: str) -> None:
        self.names |= template.names
        for name in sorted(template.secrets):
            self.secrets.setdefault(name, []).append(pointer)


def _source(value: Value) -> str:
    if isinstance(value, SecretReference):
        return f"{{{{ secrets.{value.secret} }}}}"
    return value
