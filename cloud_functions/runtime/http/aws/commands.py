"""AWS's `iot-jobs-data`: StartCommandExecution, of commands that nobody could create here.

CreateCommand is not offered, so a well-formed request finds no command.
"""

import re
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.errors import CloudError, InvalidRequest, NotFound
from cloud_functions.runtime.http.aws.answers import Handler
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.signed_route import JOBS_DATA_PLANE, SignedRoute

_TARGET: Final = re.compile(r"arn:aws:iot:[a-z0-9-]+:\d{12}:(thing|client)/[^\s]+")
_COMMAND: Final = re.compile(r"arn:aws:iot:[a-z0-9-]+:\d{12}:command/[A-Za-z0-9_-]{1,64}")
_CLIENT_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,64}")
_MAX_ARN: Final = 2048


class InvalidCommand(InvalidRequest):
    """AWS's ValidationException."""

    code = "ValidationException"


class NoCommand(NotFound):
    """AWS's ResourceNotFoundException."""

    code = "ResourceNotFoundException"


def routes() -> Sequence[SignedRoute]:
    """The route of StartCommandExecution."""

    async def start(request: Request) -> Response:
        asked = await Asked.read(request)
        _matching(asked, "targetArn", _TARGET, "the ARN of a thing or a client")
        command = _matching(asked, "commandArn", _COMMAND, "the ARN of a command")
        if asked.has("clientToken"):
            _matching(asked, "clientToken", _CLIENT_TOKEN, "1 to 64 printable characters")
        seconds = asked.number("executionTimeoutSeconds")
        if seconds is not None and seconds < 1:
            raise InvalidCommand("executionTimeoutSeconds is at least 1")
        if asked.has("parameters") and not asked.object("parameters").members:
            raise InvalidCommand("parameters has at least one member")
        raise NoCommand(f"There is no command {command}: commands cannot be created here")

    return [
        SignedRoute(
            JOBS_DATA_PLANE, "POST", "/command-executions", _in_aws_words(start), unsigned=False
        )
    ]


def _matching(asked: Asked, member: str, pattern: re.Pattern[str], what: str) -> str:
    said = asked.needed(member)
    if len(said) > _MAX_ARN or not pattern.fullmatch(said):
        raise InvalidCommand(f"{member} is {what}, not {said[:_MAX_ARN]!r}")
    return said


def _in_aws_words(handler: Handler) -> Handler:
    """The handler with its refusals as the operation's model has them."""

    async def run(request: Request) -> Response:
        try:
            return await handler(request)
        except CloudError as error:
            if error.code == "InvalidRequestException":
                raise InvalidCommand(str(error)) from error
            raise

    return run
