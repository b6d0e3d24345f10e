"""Substitution templates: text with `${expression}` in it (AWS reference, section 2.8)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cloud_functions.rules.compile import Closure, compile_expression
from cloud_functions.rules.context import Context
from cloud_functions.rules.nodes import Expression
from cloud_functions.rules.parser import parse_hole
from cloud_functions.rules.values import UNDEFINED, Value
from cloud_functions.rules.values import as_text as text_of
from cloud_functions.rules.versions import SqlVersion


@dataclass(frozen=True, slots=True)
class Template:
    """Pieces of text and expressions in their order."""

    pieces: Sequence[str | Expression]
    version: SqlVersion = SqlVersion.SECOND
    _parts: Sequence[str | Closure] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = tuple(
            piece if isinstance(piece, str) else compile_expression(piece, self.version)
            for piece in self.pieces
        )
        object.__setattr__(self, "_parts", parts)

    @classmethod
    def parse(cls, text: str, version: SqlVersion = SqlVersion.SECOND) -> "Template":
        """The template behind the text; any expression may stand in it.  Raises SqlError."""
        pieces: list[str | Expression] = []
        end = 0
        while (start := text.find("${", end)) >= 0:
            pieces.append(text[end:start])
            expression, end = parse_hole(text, start + 2, version)
            pieces.append(expression)
        pieces.append(text[end:])
        return cls(tuple(piece for piece in pieces if piece != ""), version)

    def render(self, context: Context) -> str:
        """The text for this message, from the original payload; Undefined renders as nothing.

        Raises Needs and RuleFailed, as every evaluation.
        """
        return "".join(
            part if isinstance(part, str) else as_text(part(context)) for part in self._parts
        )


def as_text(value: Value) -> str:
    """The text form of a value (AWS reference, section 2.3); nothing for what has none."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    text = text_of(value)
    return "" if text is UNDEFINED else text
