"""A command line as bash reads it, cut into its words."""

import re

from connections.drafting.pasted import NotUnderstood

_PIECE = re.compile(
    r"""
      (?P<continued>[\\^`]\r?\n)
    | (?P<space>\s+)
    | '(?P<single>[^']*)'
    | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
    | \$?"(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.?)
    | (?P<plain>[^\s'"\\$^`]+|[$^`])
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE = re.compile(r'\\(?:(\r?\n)|(["\\$`]))')
_IN_ANSI = re.compile(
    r"\\(?:x(?P<hex>[0-9a-fA-F]{1,2})|u(?P<short>[0-9a-fA-F]{1,4})"
    r"|U(?P<long>[0-9a-fA-F]{1,8})|(?P<octal>[0-7]{1,3})|(?P<letter>.))",
    re.DOTALL,
)
_LETTERS = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v",
}  # fmt: skip
_ENDS_COMMAND = re.compile(r"[|;&]|[0-9]?[<>]")


def split_words(line: str) -> tuple[list[str], str]:
    """Return the words of the first command, and what follows it.

    Lines may be continued with the sign of bash, of PowerShell or of the Windows prompt; a bare
    line break does not end the command, for text that was copied from a page has them.

    Raises: NotUnderstood for a quotation mark that is not closed.
    """
    words: list[str] = []
    word: str | None = None
    position = 0
    while position < len(line):
        found = _PIECE.match(line, position)
        if found is None:
            raise NotUnderstood(
                f"A quotation mark is opened but not closed: {line[position : position + 40]}"
            )
        if word is None and _ENDS_COMMAND.match(line, position):
            return words, line[position:]
        position = found.end()
        if found.lastgroup in ("space", "continued"):
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + _text(found)
    return words + ([] if word is None else [word]), ""


def _text(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "double":
            return _IN_DOUBLE.sub(lambda escape: escape[2] or "", found["double"])
        case "ansi":
            return _IN_ANSI.sub(_character, found["ansi"])
        case group:
            return found[group or 0]


def _character(escape: re.Match[str]) -> str:
    if escape["letter"]:
        return _LETTERS.get(escape["letter"], escape["letter"])
    if escape["octal"]:
        return chr(int(escape["octal"], 8) & 0xFF)
    code = int(escape["hex"] or escape["short"] or escape["long"], 16)
    return chr(code) if code <= 0x10FFFF else ""
