"""Orders to the links of rows, where each robot has a client of its own."""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar


class OneLink(Protocol):
    """One robot's client."""

    def cut(self) -> None:
        """Be gone at once, until restored."""

    def silence(self) -> None:
        """Let nothing through, until restored."""

    def restore(self) -> None:
        """Go on."""


Link = TypeVar("Link", bound=OneLink)


class OneEach(Generic[Link]):
    """That part of `Links` which only hands on to single rows."""

    _links: Sequence[Link]
    """By row."""

    def cut(self, rows: Sequence[int]) -> None:
        """Break the connections of rows at once, without goodbye, and keep them away."""
        for row in rows:
            self._links[row].cut()

    def silence(self, rows: Sequence[int]) -> None:
        """Let nothing of rows through in either direction while their sockets stay open."""
        for row in rows:
            self._links[row].silence()

    def restore(self, rows: Sequence[int]) -> None:
        """Let rows that were cut or silenced connect and talk again."""
        for row in rows:
            self._links[row].restore()
