"""What the registry refuses, by the names and statuses of AWS's exceptions."""

from cloud_functions.errors import CloudError, Conflict, InvalidRequest, NotFound


class InvalidInput(InvalidRequest):
    """A member of the request breaks a rule; the message names it and what is allowed."""

    code = "InvalidRequestException"


class ResourceNotFound(NotFound):
    """The named record does not exist."""

    code = "ResourceNotFoundException"


class ResourceExists(Conflict):
    """A record of that name is there already, and it is another one."""

    code = "ResourceAlreadyExistsException"

    def __init__(self, message: str, resource_id: str, resource_arn: str) -> None:
        super().__init__(message)
        self.members = {"resourceId": resource_id, "resourceArn": resource_arn}


class VersionMismatch(Conflict):
    """The record has another version than the caller expected."""

    code = "VersionConflictException"


class DeleteConflict(Conflict):
    """Something is attached to what should be deleted."""

    code = "DeleteConflictException"


class LimitExceeded(CloudError):
    """There are as many as AWS allows."""

    code = "LimitExceededException"
    status = 410


class MalformedPolicy(InvalidRequest):
    """The policy document is none; the message says where."""

    code = "MalformedPolicyException"


class TooManyVersions(Conflict):
    """The policy has as many versions as it may have."""

    code = "VersionsLimitExceededException"


class WrongCertificateState(CloudError):
    """The certificate's status forbids it."""

    code = "CertificateStateException"
    status = 406


class InvalidCertificate(InvalidRequest):
    """The certificate, or who signed it, is not what it should be."""

    code = "CertificateValidationException"


class AmbiguousCertificate(Conflict):
    """Several registered CAs could have signed it."""

    code = "CertificateConflictException"


class WrongRegistrationCode(InvalidRequest):
    """The verification certificate does not carry the registration code."""

    code = "RegistrationCodeValidationException"
