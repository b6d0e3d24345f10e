"""What a statement may be refused for, and what may end its evaluation."""

from typing import Final

from cloud_functions.errors import CloudError, InvalidDeclaration

_SHOWN: Final = 160
"""Characters of a line that are shown."""


class SqlError(InvalidDeclaration):
    """A statement that cannot run: what is wrong, and where, with a caret under the place.

    `line` and `column` count from 1, `position` from 0 in the whole statement.  Of a long line only
    the surroundings are shown.
    """

    def __init__(self, reason: str, statement: str, position: int) -> None:
        self.reason = reason
        self.statement = statement
        self.position = position
        self.line = statement.count("\n", 0, position) + 1
        start = statement.rfind("\n", 0, position) + 1
        self.column = position - start + 1
        end = statement.find("\n", start)
        text = statement[start:] if end < 0 else statement[start:end]
        shown, place = _window(text, position - start)
        caret = " " * place + "^"
        super().__init__(f"line {self.line}, column {self.column}: {reason}\n  {shown}\n  {caret}")


def _window(line: str, place: int) -> tuple[str, int]:
    """What a person needs to see of a line around a place, and the place in that."""
    if len(line) <= _SHOWN:
        return line, place
    first = min(max(place - _SHOWN // 2, 0), len(line) - _SHOWN)
    shown = line[first : first + _SHOWN]
    if first > 0:
        shown = "…" + shown[1:]
    if first + _SHOWN < len(line):
        shown = shown[:-1] + "…"
    return shown, place - first


class RuleFailed(CloudError):
    """The evaluation of a rule ended: none of its actions runs, its error action neither.

    AWS reference, sections 2.5 and 2.9.
    """

    code = "rule_failed"
