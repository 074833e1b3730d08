"""What Jinja's parser cannot read, in plain words: what is wrong, and what to write."""

import re
from collections.abc import Iterable, Sequence

from jinja2 import TemplateSyntaxError

from connections.exchange.language.places import Place, Token
from connections.exchange.language.refusal import TemplateRefused

NO_SUCH_TAG = (
    "this tag is not available: templates have {{ … }}, {% if … %}, {% set … %}, {% for … %}"
    " and {% raw %}"
)

# Jinja's message, and what we say; {1} is its first group. The first that fits counts.
_SENTENCES: Sequence[tuple[str, str]] = (
    (r"unexpected '([)\]}])', expected '(.)'",
     "a bracket is still open: write {2} before this {1}"),
    (r"unexpected '}'",
     "a single } ends nothing here: delete it, or write }} to end an expression"),
    (r"unexpected '([)\]])'", "this {1} ends no bracket: delete it, or open the bracket before it"),
    (r"unexpected char (?:\"'\"|'\"')",
     "this quotation mark is not closed: write the same one again where the text ends"),
    (r"unexpected char",
     "this character means nothing in braces: delete it, or put text in quotation marks"),
    (r"Missing end of comment", "this comment is not closed: write #} where it ends"),
    (r"Missing end of raw", "{% raw %} is not closed: write {% endraw %} where it ends"),
    (r"to be closed is 'set'", "set gives a value to one name: write {% set name = expression %}"),
    (r"to be closed is '(?!if'|for')", NO_SUCH_TAG),
    (r"Unexpected end of template.*to be closed is '(\w+)'",
     "{% {1} … %} is not closed: write {% end{1} %} where it ends"),
    (r"unexpected end of template, expected 'end of print statement'",
     "these braces are not closed: write }} where the expression ends"),
    (r"unexpected end of template|(?:unexpected|got|Expected.*) 'end of template'",
     "these braces are not closed: write }} or %} where they end"),
    (r"unknown tag '(end\w+|else|elif)'.*to be closed is '(\w+)'",
     "{% {1} %} cannot stand here: write {% end{2} %} first, for the {% {2} … %} that is open"),
    (r"unknown tag '(end\w+|else|elif)'", "nothing is open that {% {1} %} belongs to: delete it"),
    (r"unknown tag", NO_SUCH_TAG),
    (r"tag name expected",
     "a tag begins with a word: write {% if … %}, {% set … %} or {% for … %}"),
    (r"expected token 'name', got|expected name or number",
     "a name is missing here: write it, as in email|lower or campaign.id"),
    (r"(?:unexpected|got) 'end of print statement'",
     "something is missing before }}: write a name, a constant or an expression"),
    (r"expected token 'in', got", "a loop goes over a list: write {% for name in list %}"),
    (r"expected token ':', got", 'an object is written {"name": value}: write : after the name'),
    (r"expected token ',', got", "write a comma between two entries, or close the bracket"),
    (r"(?:unexpected|got) 'end of statement block'",
     "something is missing before %}: write a name, a constant or an expression"),
    (r"expected token .*, got '='", "a single = does not compare: write =="),
    (r"expected token 'end of print statement'",
     "the expression ends before this: write ~ between two values, or }} here"),
    (r"expected token 'end of statement block'",
     "the tag ends before this: write and, or or ~ between two values, or %} here"),
    (r"can't assign",
     "this cannot be given a value: choose another name, of letters, digits and _"),
    (r"Invalid character in identifier", "a name is letters, digits and _: write it so"),
    (r"escape|Unicode character", r"this text has a \ that is part of no character: write \\"),
    (r"chain multiple tests", "two tests stand side by side: write and between them"),
    (r"expected subscript|[Ee]xpected an expression|unexpected",
     "this cannot stand here: write a name, a constant or a filter, and text in quotation marks"),
)  # fmt: skip
_OTHER = "this cannot be read: delete it, or write a name, a constant or a filter in its place"


def refused(error: TemplateSyntaxError, tokens: Iterable[Token]) -> TemplateRefused:
    """Return the refusal of a template that Jinja found to be no template.

    `tokens` are those of the template; they may end in the same error.
    """
    message = error.message or ""
    return TemplateRefused("template_syntax", _sentence(message), at=_place(error, tokens))


def _sentence(message: str) -> str:
    for pattern, sentence in _SENTENCES:
        if found := re.search(pattern, message, re.DOTALL):
            return re.sub(r"\{(\d)\}", lambda group: found[int(group[1])][:20], sentence)
    return _OTHER


def _place(error: TemplateSyntaxError, tokens: Iterable[Token]) -> int:
    place, message = error.lineno, error.message or ""
    if not isinstance(place, Place):
        return place
    if unclosed := re.search(r"Unexpected end of template.*closed is '(\w+)'|is '(set)'", message):
        return _last_open(unclosed[1] or unclosed[2], tokens, place) or place
    if "end of template" in message or "Missing end" in message:
        return place.tag
    return place


def _last_open(word: str, tokens: Iterable[Token], end: Place) -> Place | None:
    """Return where the last tag with this word stands, before `end`, that no end belongs to."""
    open_tags: list[Place] = []
    begins = False
    for place, kind, text in tokens:
        if (place, place.column) > (end, end.column):
            break
        if begins and text == word:
            open_tags.append(place)
        elif begins and text == f"end{word}" and open_tags:
            open_tags.pop()
        begins = kind == "block_begin" or (begins and kind == "whitespace")
    return open_tags[-1] if open_tags else None
