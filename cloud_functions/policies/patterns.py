"""Patterns of policies: `*` is anything, `?` one character, `${name}` a value of the request.

Theory of operation.  A pattern without variables becomes a regular expression once.  Each stretch
between two stars is looked for leftmost and kept (an atomic group): nothing is tried twice, so a
pattern of a thousand stars costs no more than its length times the text's.  The wildcards of
MQTT, `+` and `#`, are characters like any other.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from cloud_functions.policies.errors import MalformedPolicy
from cloud_functions.policies.keys import canonical
from cloud_functions.policies.request import Request

_HOLE: Final = re.compile(r"\$\{([^{}]*)\}")
_LITERAL: Final = frozenset("*?$")
"""`${*}`, `${?}` and `${$}` are these characters themselves, as in IAM."""
_NAME: Final = re.compile(r"[A-Za-z0-9]+:[A-Za-z0-9:._/@,#=\[\]-]+")


class Hole(NamedTuple):
    """A variable; its canonical name."""

    name: str


class Raw(NamedTuple):
    """Characters that stand for themselves."""

    text: str


class Wild(NamedTuple):
    """Characters among which `*` and `?` mean more."""

    text: str


class Pattern:
    """A compiled pattern.

    `wild` False takes `*` and `?` for themselves, `folded` ignores case.
    """

    __slots__ = ("_folded", "_matches", "_parts", "text")

    def __init__(self, text: str, *, wild: bool = True, folded: bool = False) -> None:
        self.text = text
        self._folded = folded
        self._parts = _parts(text, wild=wild)
        self._matches: Callable[[str], bool] | None = None
        if not self.variables:
            self._matches = _matcher(self._parts, folded=folded)

    @property
    def variables(self) -> Sequence[str]:
        """The canonical names of the variables in it."""
        return [part.name for part in self._parts if isinstance(part, Hole)]

    def matches(self, text: str, request: Request) -> bool:
        """Whether the whole text fits.  Raises Unresolvable."""
        if self._matches is not None:
            return self._matches(text)
        parts = [
            Raw(request.one_of(part.name)) if isinstance(part, Hole) else part
            for part in self._parts
        ]
        return _matcher(parts, folded=self._folded)(text)

    def resolved(self, request: Request) -> str:
        """The text with its variables' values.  Raises Unresolvable."""
        if not self.variables:
            return "".join(part.text for part in self._parts if not isinstance(part, Hole))
        return "".join(
            request.one_of(part.name) if isinstance(part, Hole) else part.text
            for part in self._parts
        )


def _parts(text: str, *, wild: bool) -> Sequence[Hole | Raw | Wild]:
    """The pattern cut at its variables.  Raises MalformedPolicy for a name that is none."""
    parts: list[Hole | Raw | Wild] = []
    plain = Wild if wild else Raw
    position = 0
    for hole in _HOLE.finditer(text):
        parts.append(plain(text[position : hole.start()]))
        name = hole.group(1).strip()
        if name in _LITERAL:
            parts.append(Raw(name))
        elif _NAME.fullmatch(name):
            parts.append(Hole(canonical(name)))
        else:
            raise MalformedPolicy(
                f"policy: ${{{name}}} is no variable; one is ${{iot:ClientId}} or ${{aws:SourceIp}}"
            )
        position = hole.end()
    parts.append(plain(text[position:]))
    return [part for part in parts if isinstance(part, Hole) or part.text]


def _matcher(parts: Sequence[Hole | Raw | Wild], *, folded: bool) -> Callable[[str], bool]:
    if not any(isinstance(part, Wild) and ("*" in part[0] or "?" in part[0]) for part in parts):
        wanted = "".join(part[0] for part in parts)
        if folded:
            return lambda text: text.casefold() == wanted.casefold()
        return wanted.__eq__
    flags = re.DOTALL | (re.IGNORECASE if folded else 0)
    compiled = re.compile(_expression(parts), flags)
    return lambda text: compiled.fullmatch(text) is not None


def _expression(parts: Sequence[Hole | Raw | Wild]) -> str:
    """The regular expression: every stretch before the last is taken where it first fits."""
    stretches: list[str] = [""]
    for part in parts:
        if isinstance(part, Wild):
            first, *others = part.text.split("*")
            stretches[-1] += _one_character(first)
            stretches += [_one_character(other) for other in others]
        else:
            stretches[-1] += re.escape(part[0])
    if len(stretches) == 1:
        return stretches[0]
    first, *middle, last = stretches
    return first + "".join(f"(?>.*?{each})" for each in middle if each) + ".*" + last


def _one_character(text: str) -> str:
    return ".".join(re.escape(piece) for piece in text.split("?"))
