"""The topics by which a device with a claim asks for an identity (AWS reference, section 5)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CERTIFICATES_PREFIX: Final = "$aws/certificates/"
TEMPLATES_PREFIX: Final = "$aws/provisioning-templates/"
ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"


class Operation(StrEnum):
    """What a device may ask for."""

    CREATE_KEYS = "create"
    CREATE_FROM_CSR = "create-from-csr"
    PROVISION = "provision"


class Format(StrEnum):
    """How a body is written: the last level of a request's topic."""

    JSON = "json"
    CBOR = "cbor"


@dataclass(frozen=True, slots=True)
class ProvisioningTopic:
    """A request's topic taken apart; `template` is empty unless a thing is provisioned."""

    operation: Operation
    format: Format
    template: str = ""

    def request(self) -> str:
        """The topic of the request."""
        if self.operation is Operation.PROVISION:
            return f"{TEMPLATES_PREFIX}{self.template}/{self.operation}/{self.format}"
        return f"{CERTIFICATES_PREFIX}{self.operation}/{self.format}"

    def accepted(self) -> str:
        """The topic of a good answer."""
        return f"{self.request()}/{ACCEPTED}"

    def rejected(self) -> str:
        """The topic of a refusal."""
        return f"{self.request()}/{REJECTED}"


def parse(topic: str) -> ProvisioningTopic | None:
    """The request behind a topic, or None if it is none."""
    levels = topic.split("/")
    try:
        match levels:
            case ["$aws", "certificates", operation, written] if operation != "provision":
                return ProvisioningTopic(Operation(operation), Format(written))
            case ["$aws", "provisioning-templates", template, "provision", written] if template:
                return ProvisioningTopic(Operation.PROVISION, Format(written), template)
    except ValueError:
        return None
    return None


def requests(template: str) -> tuple[str, ...]:
    """Every topic a device with a claim for a template may publish to."""
    return tuple(
        ProvisioningTopic(operation, written, template).request()
        for operation in Operation
        for written in Format
    )


REQUEST_FILTERS: Final = requests("+")
"""What the service listens to."""
