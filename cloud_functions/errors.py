"""What the cloud refuses, each with the code and the HTTP status its caller sees."""

from collections.abc import Mapping
from types import MappingProxyType


class CloudError(Exception):
    """Anything the cloud refuses; `members` are further members of an answer's body."""

    code: str = "internal"
    status: int = 500
    members: Mapping[str, str] = MappingProxyType({})


class InvalidRequest(CloudError):
    """The request breaks the contract; the message names what was wrong and what is allowed."""

    code = "invalid_request"
    status = 400


class Unauthorized(CloudError):
    """The caller is nobody we know."""

    code = "unauthorized"
    status = 401


class Forbidden(CloudError):
    """The caller is known and may not do this."""

    code = "forbidden"
    status = 403


class NotFound(CloudError):
    """The named thing, shadow, mission or account does not exist, or is somebody else's."""

    code = "not_found"
    status = 404


class Conflict(CloudError):
    """Somebody was faster, or the thing is there already."""

    code = "conflict"
    status = 409


class TooLarge(CloudError):
    """The document or payload exceeds its limit."""

    code = "too_large"
    status = 413


class Throttled(CloudError):
    """Too many requests at once."""

    code = "throttled"
    status = 429


class Unavailable(CloudError):
    """The service cannot answer now; try again."""

    code = "unavailable"
    status = 503


class VersionConflict(Conflict):
    """The stored version is not the one the caller expected."""

    code = "version_conflict"


class InvalidDeclaration(CloudError):
    """A template or a rule cannot be run as written; the message says where and why.

    `path` are the steps to the member that is wrong, empty for the whole.
    """

    code = "invalid_declaration"
    path: tuple[str | int, ...] = ()
    status = 400
