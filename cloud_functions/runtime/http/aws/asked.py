"""What a control-plane request asks: members of its path, query, headers and body, checked once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from starlette.requests import Request

from cloud_functions.contract.whole_numbers import MOST, whole_number
from cloud_functions.registry.arns import Kind, name_in
from cloud_functions.registry.attributes import AttributeChange
from cloud_functions.registry.pages import PageWanted
from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest, body_of

E = TypeVar("E", bound=StrEnum)

MAX_PAGE: Final = 250
_SHOWN: Final = 40
DEFAULT_PAGE: Final = 25
"""AWS's documentation names it for the lists with markers; the others have none documented."""
_FLAGS: Final[Mapping[object, bool]] = {True: True, False: False, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's members by the names of AWS's model, wherever they stand in it."""

    members: Mapping[str, Any]
    headers: Mapping[str, str]

    @classmethod
    async def read(cls, request: Request) -> "Asked":
        """The request, its body read.  Raises InvalidAwsRequest."""
        body = await body_of(request)
        return cls({**body, **request.query_params, **request.path_params}, request.headers)

    def has(self, member: str) -> bool:
        """Whether the member is there and not null."""
        return self.members.get(member) is not None

    def text(self, member: str, default: str = "") -> str:
        """A text."""
        value = self.members.get(member)
        if value is None:
            return default
        if not isinstance(value, str):
            raise InvalidAwsRequest(f"{member} is a text, not {value!r}")
        return value

    def needed(self, member: str) -> str:
        """A text that must be there."""
        said = self.text(member)
        if not said:
            raise InvalidAwsRequest(f"{member} is missing")
        return said

    def header(self, name: str) -> str:
        """A header that must be there."""
        said = self.headers.get(name, "")
        if not said:
            raise InvalidAwsRequest(f"the header {name} is missing")
        return said

    def flag(self, member: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.members.get(member)
        if value is None:
            return default
        if not isinstance(value, bool | str) or value not in _FLAGS:
            raise InvalidAwsRequest(f"{member} is true or false, not {value!r}")
        return _FLAGS[value]

    def number(self, member: str) -> int | None:
        """An integer, None when it is not there."""
        value = self.members.get(member)
        if value is None:
            return None
        found = whole_number(value) if isinstance(value, str) else value
        if isinstance(found, bool) or not isinstance(found, int) or abs(found) > MOST:
            raise InvalidAwsRequest(f"{member} is an integer, not {str(value)[:_SHOWN]!r}")
        return found

    def one_of(self, member: str, words: type[E]) -> E | None:
        """A word of a closed set, None when it is not there."""
        said = self.text(member)
        if not said:
            return None
        try:
            return words(said)
        except ValueError:
            raise InvalidAwsRequest(
                f"{member} is one of {', '.join(words)}, not {said!r}"
            ) from None

    def object(self, member: str) -> "Asked":
        """The members of an object; empty when it is not there."""
        value = self.members.get(member)
        if value is None:
            return Asked({}, {})
        if not isinstance(value, dict):
            raise InvalidAwsRequest(f"{member} is an object, not {value!r}")
        return Asked(value, {})

    def texts(self, member: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(each for each in self._list(member, str))

    def objects(self, member: str) -> Sequence[Mapping[str, Any]]:
        """A list of objects."""
        return self._list(member, dict)

    def _list(self, member: str, kind: type) -> list[Any]:
        value = self.members.get(member)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, kind) for each in value):
            raise InvalidAwsRequest(f"{member} is a list of {kind.__name__}, not {value!r}")
        return value

    # ------------------------------------------------------------ what several operations share

    def name_or_arn(self, name_member: str, arn_member: str, kind: Kind) -> str:
        """A name that is given as such, by its ARN, or by both."""
        name, arn = self.text(name_member), self.text(arn_member)
        if not name and not arn:
            raise InvalidAwsRequest(f"one of {name_member} and {arn_member} is needed")
        named = name_in(arn, kind) if arn else name
        if named is None or (name and named != name):
            raise InvalidAwsRequest(f"{arn_member} {arn!r} does not name {name or f'a {kind}'}")
        return named

    def attributes(self) -> AttributeChange | None:
        """`attributePayload`; None when it says nothing of attributes."""
        payload = self.object("attributePayload")
        if not payload.has("attributes"):
            return None
        said = payload.object("attributes").members
        return AttributeChange(said, payload.flag("merge"))

    def page(self) -> PageWanted:
        """`maxResults` and `nextToken`."""
        return PageWanted(self._size("maxResults"), self.text("nextToken"))

    def marked_page(self) -> PageWanted:
        """`pageSize`, `marker` and `isAscendingOrder`; without it the newest come first."""
        descending = not self.flag("isAscendingOrder")
        return PageWanted(self._size("pageSize"), self.text("marker"), descending)

    def _size(self, member: str) -> int:
        size = self.number(member)
        if size is None:
            return DEFAULT_PAGE
        if not 1 <= size <= MAX_PAGE:
            raise InvalidAwsRequest(f"{member} is 1 to {MAX_PAGE}, not {size}")
        return size
