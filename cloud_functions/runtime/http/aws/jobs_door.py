"""What the routes of jobs have in common: the commit before the answer, flags, numbers, pages."""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.contract.whole_numbers import whole_number
from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.control.listing import Page
from cloud_functions.jobs.errors import Internal, JobsError
from cloud_functions.jobs.service import JobsService
from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest, answer
from cloud_functions.runtime.message_core import MessageCore

Word = TypeVar("Word", bound=StrEnum)
Result = TypeVar("Result")
MAX_PAGE: Final = 250
_SHOWN: Final = 40

_logger = logging.getLogger(__name__)


class Door:
    """Lets changes of jobs in: decided at once, answered after the commit."""

    def __init__(self, service: JobsService, core: MessageCore) -> None:
        self._service = service
        self._core = core

    async def change(self, work: Callable[[Draft], Result]) -> Result:
        """What the work returns, once it is durable.  Raises JobsError."""
        try:
            result, draft = self._service.decided(work)
            await self._core.apply(self._service, draft)
        except JobsError:
            raise
        except Exception:
            _logger.exception("a change of jobs was lost")
            raise Internal("It could not be stored; try again") from None
        return result


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
    found = whole_number(text)
    if found is None or found < 0:
        raise InvalidAwsRequest(f"{name} is a whole number, not {text[:_SHOWN]!r}")
    return found


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
