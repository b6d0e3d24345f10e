"""Substitution templates: text with `${expression}` in it (AWS reference, section 2.8)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from cloud_functions.rules.context import Context
from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.evaluate import evaluate
from cloud_functions.rules.nodes import Expression
from cloud_functions.rules.parser import parse_expression
from cloud_functions.rules.values import UNDEFINED, Value

_HOLE: Final = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """Pieces of text and expressions in their order."""

    pieces: Sequence[str | Expression]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """The template behind the text.  Raises SqlError."""
        pieces: list[str | Expression] = []
        end = 0
        for hole in _HOLE.finditer(text):
            pieces += [text[end : hole.start()], parse_expression(hole.group(1))]
            end = hole.end()
        if "${" in text[end:]:
            raise SqlError("this ${ is not closed", text, text.index("${", end))
        pieces.append(text[end:])
        return cls(tuple(piece for piece in pieces if piece != ""))

    def render(self, context: Context) -> str:
        """The text for this message, from the original payload; Undefined renders as nothing."""
        return "".join(
            piece if isinstance(piece, str) else as_text(evaluate(piece, context))
            for piece in self.pieces
        )


def as_text(value: Value) -> str:
    """The text form of a value (AWS reference, section 2.3)."""
    if value is UNDEFINED:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return orjson.dumps(value).decode()
