"""What AWS's REST services have in common: JSON bodies, exceptions, pages."""

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.errors import CloudError, InvalidRequest

_logger = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


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
    raw = await request.body()
    if not raw:
        return {}
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise InvalidAwsRequest("the body is not JSON") from None
    if not isinstance(said, dict):
        raise InvalidAwsRequest("the body is a JSON object")
    return said


def page_size(
    request: Request, most: int, *, parameter: str = "maxResults", default: int | None = None
) -> int:
    """How many results the caller wants at once; `default` (else `most`) if it does not say.

    Raises InvalidAwsRequest outside 1 to `most`.
    """
    text = request.query_params.get(parameter, str(most if default is None else default))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise InvalidAwsRequest(f"{parameter} is 1 to {most}")
    return int(text)
