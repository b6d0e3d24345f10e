"""Why a template or a device is refused: one error for HTTP and MQTT alike."""

from typing import Any

from cloud_functions.errors import CloudError, InvalidRequest


class InvalidTemplate(InvalidRequest):
    """A provisioning template cannot be used as written; the message begins with a JSON path."""

    code = "InvalidRequestException"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class InvalidParameters(InvalidRequest):
    """The parameters of a device do not fill its template."""

    code = "InvalidRequestException"


class ResourceConflict(CloudError):
    """A resource is there already and its override setting is FAIL."""

    code = "ResourceRegistrationFailureException"
    status = 400


class Rejected(CloudError):
    """What a device is told on `.../rejected` (AWS reference, section 5)."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> dict[str, Any]:
        """The answer's members."""
        return {"statusCode": self.status, "errorCode": self.code, "errorMessage": str(self)}


def access_denied(message: str) -> Rejected:
    """The claim does not allow it, or the pre-provisioning function does not."""
    return Rejected(403, "ACCESS_DENIED", message)


def invalid_token(message: str) -> Rejected:
    """The ownership token is not one of ours any more."""
    return Rejected(400, "InvalidCertificateOwnershipToken", message)


def invalid_payload(message: str) -> Rejected:
    """The body cannot be read."""
    return Rejected(400, "InvalidPayload", message)


def throttled() -> Rejected:
    """More requests a second than the account may make."""
    return Rejected(429, "ThrottlingException", "Rate exceeded")


def internal() -> Rejected:
    """Something failed here; the log has it."""
    return Rejected(500, "InternalFailureException", "Internal failure")


_OF_DEVICES = {
    InvalidParameters: (400, "InvalidParameters"),
    InvalidTemplate: (400, "InvalidParameters"),
    ResourceConflict: (409, "ResourceConflict"),
}


def rejection(error: CloudError) -> Rejected:
    """How a device is told of an error."""
    if isinstance(error, Rejected):
        return error
    status, code = _OF_DEVICES.get(type(error), (error.status, error.code))
    return Rejected(status, code, str(error))
