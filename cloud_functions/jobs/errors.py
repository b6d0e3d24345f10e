"""What the jobs rooms refuse.

Each refusal has two faces: `word` is the `code` of a rejected message, `code` and `status` are the
exception of the HTTP services (AWS reference, sections 4.2 and 4.3).
"""

from collections.abc import Mapping
from typing import Any

from cloud_functions.errors import CloudError


class JobsError(CloudError):
    """Anything refused; `state` is the execution state told along with it, if any."""

    code = "ServiceUnavailableException"
    status = 503
    word = "InternalError"

    def __init__(self, message: str, state: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.state = state


class Internal(JobsError):
    """It could not be made durable; nothing of it is kept."""


class InvalidTopic(JobsError):
    """The topic is among a thing's jobs, and no request has it."""

    code = "InvalidRequestException"
    status = 400
    word = "InvalidTopic"


class InvalidJson(JobsError):
    """The body is no JSON object."""

    code = "InvalidRequestException"
    status = 400
    word = "InvalidJson"


class InvalidRequest(JobsError):
    """A member is wrong; the message names it and says what is allowed."""

    code = "InvalidRequestException"
    status = 400
    word = "InvalidRequest"


class InvalidStateTransition(JobsError):
    """The move is not in the table of `executions.statuses`."""

    code = "InvalidStateTransitionException"
    status = 409
    word = "InvalidStateTransition"


class NotFound(JobsError):
    """No such job, execution, thing, group or template."""

    code = "ResourceNotFoundException"
    status = 404
    word = "ResourceNotFound"


class VersionMismatch(JobsError):
    """The execution has another version than the device expected.

    AWS's model of the HTTP service has no exception of that name; MiniStack, which was measured
    against the service, answers 400.
    """

    code = "InvalidRequestException"
    status = 400
    word = "VersionMismatch"


class Throttled(JobsError):
    """Too many requests within a second."""

    code = "ThrottlingException"
    status = 429
    word = "RequestThrottled"


class TerminalState(JobsError):
    """The execution that was to be described is finished."""

    code = "TerminalStateException"
    status = 410
    word = "TerminalStateReached"


class AlreadyExists(JobsError):
    """A job of that name is there, with another content."""

    code = "ResourceAlreadyExistsException"
    status = 409


class LimitExceeded(JobsError):
    """One more than there may be."""

    code = "LimitExceededException"
    status = 410


class VersionConflict(JobsError):
    """VersionMismatch as the control plane tells it."""

    code = "VersionConflictException"
    status = 409


class TemplateExists(JobsError):
    """A job template of that name is there, with another content."""

    code = "ConflictException"
    status = 409
