"""Java's regular expressions, as AWS presumably takes them (AWS reference, section 2.5), in ours.

The pattern is read once, piece by piece, and written again for the `regex` package: what means
something else there is translated, what Java does not know is refused, and what would grow
without measure when compiled (counted repetitions inside counted repetitions, deep brackets) is
refused too.  Matching itself is bounded by time where it is done.
"""

from functools import lru_cache
from typing import Any, Final

import regex

MAX_PATTERN: Final = 1_000
"""Characters of a pattern."""
_MAX_DEPTH: Final = 50
_MAX_SIZE: Final = 5_000
"""Pieces a pattern has once its counted repetitions are written out."""

_DIGIT, _WORD, _SPACE = "0-9", "a-zA-Z0-9_", r" \t\n\x0B\f\r"
_CLASSES: Final = {
    "d": f"[{_DIGIT}]",
    "D": f"[^{_DIGIT}]",
    "w": f"[{_WORD}]",
    "W": f"[^{_WORD}]",
    "s": f"[{_SPACE}]",
    "S": f"[^{_SPACE}]",
    "h": r"[ \t\xA0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]",
    "v": r"[\n\x0B\f\r\x85\u2028\u2029]",
}
"""Java's classes know ASCII only, unless told otherwise."""
_ANCHORS: Final = {"b": r"\b", "B": r"\B", "A": r"\A", "G": r"\G", "z": r"\Z", "Z": r"(?=\n?\Z)"}
_CONTROLS: Final = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\f", "a": r"\a", "e": r"\x1b"}
_POSIX: Final = {
    "Lower": "[a-z]",
    "Upper": "[A-Z]",
    "ASCII": r"[\x00-\x7F]",
    "Alpha": "[a-zA-Z]",
    "Digit": "[0-9]",
    "Alnum": "[a-zA-Z0-9]",
    "Punct": r"[!-/:-@\[-`{-~]",
    "Graph": "[!-~]",
    "Print": "[ -~]",
    "Blank": r"[ \t]",
    "Cntrl": r"[\x00-\x1F\x7F]",
    "XDigit": "[0-9a-fA-F]",
    "Space": f"[{_SPACE}]",
}
_FLAGS: Final = frozenset("idmsu")
_GROUPS: Final = ("?:", "?=", "?!", "?>", "?<=", "?<!")


class InvalidPattern(ValueError):
    """Java would not take the pattern, or it is beyond the limits."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The pattern ready to search with, None where it is none."""
    try:
        return regex.compile(_Reader(pattern).whole(), regex.V1)
    except (InvalidPattern, regex.error, OverflowError, RecursionError):
        return None


class _Reader:
    """Reads a pattern once from left to right; each method returns what it read in our syntax.

    `size` counts the pieces of what was read last, repetitions multiplied.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN:
            raise InvalidPattern("too long")
        self._pattern = pattern
        self._place = 0
        self._depth = 0

    def whole(self) -> str:
        written, _ = self._alternatives()
        if self._place < len(self._pattern):
            raise InvalidPattern("a bracket too many")
        return written

    # ------------------------------------------------------------ characters

    def _peek(self) -> str:
        return self._pattern[self._place : self._place + 1]

    def _next(self) -> str:
        character = self._peek()
        if not character:
            raise InvalidPattern("it ends too early")
        self._place += 1
        return character

    def _take(self, text: str) -> bool:
        found = self._pattern.startswith(text, self._place)
        self._place += len(text) if found else 0
        return found

    def _until(self, end: str) -> str:
        close = self._pattern.find(end, self._place)
        if close < 0:
            raise InvalidPattern(f"no {end}")
        text = self._pattern[self._place : close]
        self._place = close + len(end)
        return text

    # ------------------------------------------------------------ structure

    def _alternatives(self) -> tuple[str, int]:
        """Everything up to the closing bracket or the end."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise InvalidPattern("brackets too deep")
        written: list[str] = []
        total = 0
        while (character := self._peek()) and character != ")":
            if character == "|":
                written.append(self._next())
                continue
            piece, size = self._piece()
            if size:
                piece, size = self._repeated(piece, size)
            written.append(piece)
            total += size
            if total > _MAX_SIZE:
                raise InvalidPattern("too large")
        self._depth -= 1
        return "".join(written), total

    def _piece(self) -> tuple[str, int]:
        character = self._next()
        match character:
            case "(":
                return self._group()
            case "[":
                return self._class(), 1
            case "\\":
                return self._escape()
            case "." | "^" | "$":
                return character, 1
            case "*" | "+" | "?" | "{":
                raise InvalidPattern("nothing to repeat")
            case _:
                return _literally(character), 1

    def _repeated(self, piece: str, size: int) -> tuple[str, int]:
        """The piece with the quantifier that follows it, if one does."""
        character = self._peek()
        if character in ("*", "+", "?"):
            quantifier, most = self._next(), 1
        elif character == "{":
            self._next()
            quantifier, most = self._counted(self._until("}"))
        else:
            return piece, size
        if self._peek() in ("?", "+"):
            quantifier += self._next()
        if self._peek() and self._peek() in "*+?{":
            raise InvalidPattern("a repetition of a repetition")
        return piece + quantifier, size * max(most, 1) + 1

    @staticmethod
    def _counted(text: str) -> tuple[str, int]:
        low, comma, high = text.partition(",")
        counts = [low] if not high else [low, high]
        if not all(each.isascii() and each.isdigit() and len(each) <= 5 for each in counts):  # noqa: PLR2004  99,999
            raise InvalidPattern("a count is a number")
        return f"{{{low}{comma}{high}}}", max(int(each) for each in counts)

    def _group(self) -> tuple[str, int]:
        opening = self._opening()
        if opening.endswith(")"):
            return f"({opening}", 0  # flags alone hold to the end of the group they stand in
        inner, size = self._alternatives()
        if not self._take(")"):
            raise InvalidPattern("a bracket is open")
        return f"({opening}{inner})", size + 1

    def _opening(self) -> str:
        """What follows the bracket: nothing, a kind of group, a name, flags."""
        if self._peek() != "?":
            return ""
        for kind in _GROUPS:
            if self._take(kind):
                return kind
        if self._take("?<"):
            name = self._until(">")
            if not (name.isascii() and name.isalnum() and not name[0].isdigit()):
                raise InvalidPattern("a group's name has letters and digits")
            return f"?<{name}>"
        self._next()
        return self._flags()

    def _flags(self) -> str:
        start = self._place
        while (character := self._next()) not in (":", ")"):
            if character != "-" and character not in _FLAGS:
                raise InvalidPattern(f"the flag {character}")
        on, _, off = self._pattern[start : self._place - 1].partition("-")
        if "-" in off or not on + off:
            raise InvalidPattern("flags")
        ours = "".join(each for each in "ims" if each in on)
        not_ours = "".join(each for each in "ims" if each in off)
        signs = f"{ours}-{not_ours}" if not_ours else ours
        return f"?{signs}{character}"

    # ------------------------------------------------------------ escapes

    def _escape(self) -> tuple[str, int]:
        character = self._next()
        if character in _ANCHORS:
            return _ANCHORS[character], 1
        if character == "Q":
            quoted = self._until(r"\E") if r"\E" in self._pattern[self._place :] else self._rest()
            return _literally(quoted), len(quoted)
        if character == "k" and self._take("<"):
            name = self._until(">")
            return f"(?P={name})", 1
        if character == "R":
            return r"(?:\r\n|[\n\x0B\f\r\x85\u2028\u2029])", 1
        if character in "123456789":
            return f"(?:\\{character})", 1
        return self._one_character(character), 1

    def _rest(self) -> str:
        text = self._pattern[self._place :]
        self._place = len(self._pattern)
        return text

    def _one_character(self, character: str) -> str:
        """An escape that may also stand in a class."""
        if character in _CLASSES:
            return _CLASSES[character]
        if character in ("H", "V"):
            return f"[^{_CLASSES[character.lower()][1:]}"
        if character in ("p", "P"):
            return self._property(character)
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character in ("x", "u", "0", "c"):
            return self._coded(character)
        if character.isascii() and character.isalnum():
            raise InvalidPattern(f"the escape {character}")
        return _literally(character)

    def _property(self, letter: str) -> str:
        name = self._until("}") if self._take("{") else self._next()
        known = _POSIX.get(name)
        if known is not None:
            return known if letter == "p" else f"[^{known[1:]}"
        if not all(each.isalnum() or each in "_= " for each in name):
            raise InvalidPattern("a property's name")
        return f"\\{letter}{{{name}}}"

    def _coded(self, letter: str) -> str:
        """A character by its number, after x, u, 0 (octal) or c (control)."""
        try:
            if letter == "c":
                code = ord(self._next()) ^ 64
            elif letter == "0":
                start = self._place
                while self._peek() and self._peek() in "01234567" and self._place - start < 3:  # noqa: PLR2004  octal
                    self._place += 1
                code = int(self._pattern[start : self._place], 8)
            elif letter == "x" and self._take("{"):
                code = int(self._until("}"), 16)
            else:
                length = 2 if letter == "x" else 4
                code = int("".join(self._next() for _ in range(length)), 16)
            return _literally(chr(code))
        except (ValueError, OverflowError):
            raise InvalidPattern("a character's number") from None

    # ------------------------------------------------------------ classes

    def _class(self) -> str:
        """A class in square brackets, the opening one taken; classes may stand in it."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise InvalidPattern("brackets too deep")
        written = ["[^" if self._take("^") else "["]
        is_first = True
        while is_first or self._peek() != "]":
            is_first = False
            if self._take("&&"):
                written.append("&&")
                continue
            character = self._next()
            if character == "[":
                written.append(self._class())
                continue
            written.append(self._member(character))
            if self._peek() == "-" and self._pattern[self._place + 1 : self._place + 2] not in (
                *("", "]", "["),
            ):
                self._next()
                written.append("-" + self._member(self._next()))
        self._next()
        self._depth -= 1
        return "".join(written) + "]"

    def _member(self, character: str) -> str:
        if character == "\\":
            escaped = self._next()
            if escaped == "Q":
                return _literally(self._until(r"\E"))
            return self._one_character(escaped)
        return character if character.isalnum() else f"\\{character}"


def _literally(text: str) -> str:
    """Characters that mean themselves, also in a class."""
    return "".join(each if each.isalnum() else f"\\{each}" for each in text)
