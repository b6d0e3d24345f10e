"""Lists in pages: a token says where the next one begins."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from cloud_functions.registry.errors import InvalidInput
from cloud_functions.registry.ports import Field, Position, Records, Span

T = TypeVar("T")
U = TypeVar("U")

_LOOK_AT: Final = 500
"""Records looked at together where not all are kept."""


@dataclass(frozen=True, slots=True)
class PageWanted:
    """How many, and the token of the page before; empty for the first."""

    size: int
    token: str = ""
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list; the token is empty when nothing follows."""

    items: Sequence[T]
    token: str

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """The same page of something else."""
        return Page([change(item) for item in self.items], self.token)


def token_of(position: Position) -> str:
    """A token that names the place (letters of base64, as AWS's pattern wants)."""
    return base64.b64encode(json.dumps(position).encode()).decode()


def position_in(token: str, length: int) -> Position:
    """The place a token names, () for none.  Raises InvalidInput for one that is not ours."""
    if not token:
        return ()
    try:
        said = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        said = None
    if (
        not isinstance(said, list)
        or len(said) != length
        or not all(isinstance(each, str | int | float) for each in said)
    ):
        raise InvalidInput("the token is none that this list has given")
    return tuple(said)


def page(
    records: Records[T],
    wanted: PageWanted,
    where: Mapping[str, Field] | None = None,
    *,
    by: tuple[str, ...] = (),
    prefix: str = "",
    keep: Callable[[T], bool] | None = None,
) -> Page[T]:
    """One page of the records that have these values and that `keep` (if any) keeps."""
    size = wanted.size
    limit = size + 1 if keep is None else max(size + 1, _LOOK_AT)
    span = Span(by, (), wanted.descending, prefix, limit)
    if wanted.token:
        span = replace(span, after=_place(records, by, wanted.token))
    found: list[T] = []
    while True:
        looked_at = records.find(where, span)
        for record in looked_at:
            if keep is None or keep(record):
                if len(found) == size:
                    return Page(found, token_of(records.position(found[-1], by)))
                found.append(record)
        if len(looked_at) < limit:
            return Page(found, "")
        span = replace(span, after=records.position(looked_at[-1], by))


def page_of(items: Sequence[str], wanted: PageWanted) -> Page[str]:
    """One page of a list of names that is small enough to be at hand, in its order."""
    ordered = sorted(items)
    if wanted.token:
        last = position_in(wanted.token, 1)[0]
        ordered = [item for item in ordered if item > str(last)]
    shown = ordered[: wanted.size]
    return Page(shown, token_of((shown[-1],)) if len(ordered) > len(shown) else "")


def _place(records: Records[T], by: tuple[str, ...], token: str) -> Position:
    return position_in(token, len(by) + records.key_length)
