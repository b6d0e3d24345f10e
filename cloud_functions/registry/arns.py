"""The ARNs of what the registry keeps."""

import uuid
from enum import StrEnum

from cloud_functions.region import ACCOUNT, REGION


class Kind(StrEnum):
    """What an ARN names; the value is the word before the slash."""

    THING = "thing"
    THING_TYPE = "thingtype"
    THING_GROUP = "thinggroup"
    BILLING_GROUP = "billinggroup"
    CERTIFICATE = "cert"
    CA_CERTIFICATE = "cacert"
    POLICY = "policy"


def arn(kind: Kind, name: str) -> str:
    """The ARN of a record."""
    return f"arn:aws:iot:{REGION}:{ACCOUNT}:{kind}/{name}"


def generation(arn_text: str, version: object) -> str:
    """AWS's generationId: an identifier of one version of a record."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{arn_text}/{version}"))


def name_in(text: str, kind: Kind) -> str | None:
    """The name in an ARN of that kind, None if it is no such ARN."""
    prefix = arn(kind, "")
    return text.removeprefix(prefix) if text.startswith(prefix) and text != prefix else None
