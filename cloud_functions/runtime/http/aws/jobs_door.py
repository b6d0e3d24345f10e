"""What the routes of jobs have in common: the commit before the answer, flags, numbers, pages."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.control.listing import Page
from cloud_functions.jobs.errors import Internal
from cloud_functions.jobs.service import JobsService
from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest, answer
from cloud_functions.runtime.message_core import MessageCore

Word = TypeVar("Word", bound=StrEnum)
Settle: TypeAlias = Callable[[Draft], Awaitable[None]]
MAX_PAGE: Final = 250


def settler(service: JobsService, core: MessageCore) -> Settle:
    """Commits and publishes a draft; raises Internal when it could not be stored."""

    async def settle(draft: Draft) -> None:
        try:
            await core.apply(service, service.sealed(draft))
        except Exception:  # noqa: BLE001  the log has it; the caller is told what AWS tells
            raise Internal("It could not be stored; try again") from None

    return settle


def flag(request: Request, parameter: str, *, default: bool = False) -> bool:
    """A parameter that is true or false.  Raises InvalidAwsRequest."""
    text = request.query_params.get(parameter)
    if text is None:
        return default
    if text not in ("true", "false"):
        raise InvalidAwsRequest(f"{parameter} is true or false, not {text!r}")
    return text == "true"


def number(text: str | None, name: str) -> int | None:
    """A whole number, None for none.  Raises InvalidAwsRequest."""
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 18:  # noqa: PLR2004  fits 64 bits
        raise InvalidAwsRequest(f"{name} is a whole number, not {text!r}")
    return int(text)


def word(request: Request, parameter: str, kind: type[Word]) -> Word | None:
    """A parameter that is one of some words, None for none.  Raises InvalidAwsRequest."""
    text = request.query_params.get(parameter)
    if text is None:
        return None
    if text not in kind.__members__:
        raise InvalidAwsRequest(f"{parameter} is one of {', '.join(kind)}, not {text!r}")
    return kind(text)


def paged(member: str, page: Page) -> Response:
    """A page of results as AWS answers it."""
    said: dict[str, object] = {member: page.results}
    if page.next_token is not None:
        said["nextToken"] = page.next_token
    return answer(said)
