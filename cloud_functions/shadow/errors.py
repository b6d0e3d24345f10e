"""Every refusal of the shadow service with its code and exact text (AWS reference, 1.8)."""

from typing import Final

from cloud_functions.errors import CloudError


class ShadowError(CloudError):
    """A request the shadow service refuses.

    `status` is the HTTP status and the MQTT code, `code` the name of boto3's exception.
    """

    def __init__(self, status: int, message: str, exception: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = exception


_INVALID: Final = "InvalidRequestException"


def invalid(message: str) -> ShadowError:
    """A request that breaks the document's rules."""
    return ShadowError(400, message, _INVALID)


def invalid_json() -> ShadowError:
    """The body is not JSON."""
    return invalid("Invalid JSON")


def missing_state() -> ShadowError:
    """The body has no state."""
    return invalid("Missing required node: state")


def not_an_object(node: str) -> ShadowError:
    """State, Desired or Reported is something else than an object."""
    return invalid(f"{node} node must be an object")


def invalid_version() -> ShadowError:
    """The version is no positive integer, or no shadow exists and it is not 1."""
    return invalid("Invalid version")


def invalid_client_token() -> ShadowError:
    """The client token is no text of at most 64 bytes."""
    return invalid("Invalid clientToken")


def too_deep() -> ShadowError:
    """The document nests too deeply; the text names 6 whatever the limit is set to."""
    return invalid("JSON contains too many levels of nesting; maximum is 6")


def invalid_node() -> ShadowError:
    """State has an unknown member, or an array holds null."""
    return invalid("State contains an invalid node")


def invalid_name(what: str) -> ShadowError:
    """A thing or shadow name with characters it may not have."""
    return invalid(f"Invalid {what} name")


def not_found(shadow: str) -> ShadowError:
    """No such shadow; named by the thing for a classic one, by itself for a named one."""
    return ShadowError(404, f"No shadow exists with name: '{shadow}'", "ResourceNotFoundException")


def conflict() -> ShadowError:
    """The version in the request is not the stored one."""
    return ShadowError(409, "Version conflict", "ConflictException")


def too_large() -> ShadowError:
    """The merged state is over the limit."""
    return ShadowError(
        413, "The payload exceeds the maximum size allowed", "RequestEntityTooLargeException"
    )


def bad_encoding() -> ShadowError:
    """The body is not UTF-8; the text is AWS's own, slip included."""
    return ShadowError(
        415,
        "Unsupported documented encoding; supported encoding is UTF-8",
        "UnsupportedDocumentEncodingException",
    )


def too_many_in_flight() -> ShadowError:
    """More requests wait for an answer than one client may have for a thing."""
    return ShadowError(429, "Too many requests in flight", "ThrottlingException")


def internal() -> ShadowError:
    """The store failed."""
    return ShadowError(500, "Internal service failure", "InternalFailureException")
