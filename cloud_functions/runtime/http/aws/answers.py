"""What AWS's REST services have in common: JSON bodies, exceptions, pages."""

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.contract.whole_numbers import whole_number
from cloud_functions.errors import CloudError, InvalidRequest

_logger = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


_MAX_BODY: Final = 1 << 20
"""Above the largest member of AWS's models, a policy document of 404,600 characters."""


class InvalidAwsRequest(InvalidRequest):
    """AWS's InvalidRequestException."""

    code = "InvalidRequestException"


def answer(said: object) -> Response:
    """A value as JSON."""
    return Response(orjson.dumps(said), media_type="application/json")


def aws_error(
    status: int, exception: str, message: str, members: Mapping[str, str] | None = None
) -> Response:
    """An error as AWS's REST services answer it; boto3 takes the name from the header."""
    body = {"message": message, "traceId": str(uuid.uuid4()), **(members or {})}
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers={"x-amzn-errortype": exception},
        media_type="application/json",
    )


def guarded(handler: Handler) -> Handler:
    """The handler with its refusals answered; an error's code is AWS's exception name."""

    async def run(request: Request) -> Response:
        try:
            return await handler(request)
        except CloudError as error:
            return aws_error(error.status, error.code, str(error), error.members)
        except Exception:
            _logger.exception("%s %s failed", request.method, request.url.path)
            return aws_error(500, "InternalFailureException", "An unexpected error has occurred.")

    return run


async def body_of(request: Request) -> Mapping[str, Any]:
    """The JSON object in a request's body; empty for none.  Raises InvalidAwsRequest."""
    raw = await _limited(request)
    if not raw:
        return {}
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise InvalidAwsRequest("the body is not JSON") from None
    if not isinstance(said, dict):
        raise InvalidAwsRequest("the body is a JSON object")
    return said


async def _limited(request: Request) -> bytes:
    """A request's body, no further read than its limit."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _MAX_BODY:
            raise InvalidAwsRequest(f"the body has at most {_MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)


def page_size(
    request: Request, most: int, *, parameter: str = "maxResults", default: int | None = None
) -> int:
    """How many results the caller wants at once; `default` (else `most`) if it does not say.

    Raises InvalidAwsRequest outside 1 to `most`.
    """
    size = number_within(request, parameter, 1, most)
    if size is None:
        return most if default is None else default
    return size


def number_within(request: Request, parameter: str, least: int, most: int) -> int | None:
    """The whole number a query names, None without it.  Raises InvalidAwsRequest outside bounds."""
    text = request.query_params.get(parameter)
    if text is None:
        return None
    number = whole_number(text)
    if number is None or not least <= number <= most:
        raise InvalidAwsRequest(f"{parameter} is {least} to {most}")
    return number
