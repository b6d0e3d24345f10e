"""The names of what a policy may ask of a request: variables and condition keys.

Names are case-insensitive as in IAM (`aws:sourceIp` is `aws:SourceIp`); the attribute of a thing
between brackets is not.
"""

import re
from typing import Final

CLIENT_ID: Final = "iot:ClientId"
SOURCE_IP: Final = "aws:SourceIp"
CERTIFICATE_ID: Final = "iot:CertificateId"
CERTIFICATE_AVAILABLE: Final = "iot:Certificate.Available"
CONNECT_ATTRIBUTES: Final = "iot:ConnectAttributes"
LAST_WILL_TOPIC: Final = "iot:LastWillTopic"
THING_NAME: Final = "iot:Connection.Thing.ThingName"
THING_TYPE_NAME: Final = "iot:Connection.Thing.ThingTypeName"
THING_IS_ATTACHED: Final = "iot:Connection.Thing.IsAttached"
CURRENT_TIME: Final = "aws:CurrentTime"
EPOCH_TIME: Final = "aws:EpochTime"

TIME_KEYS: Final = frozenset({CURRENT_TIME.casefold(), EPOCH_TIME.casefold()})
"""What changes while nothing else does: decisions that ask for it are not remembered."""

PERSISTENT_CONNECT: Final = "PersistentConnect"
LAST_WILL: Final = "LastWill"
"""The values of `iot:ConnectAttributes`."""

_INDEXED: Final = re.compile(r"(.+)\.([1-9][0-9]{0,2})")
_LIST: Final = ".list"


def canonical(name: str) -> str:
    """The name as the evaluation compares it."""
    head, bracket, attribute = name.partition("[")
    return head.casefold() + bracket + attribute


def thing_attribute(name: str) -> str:
    """The key of an attribute of the thing."""
    return f"iot:Connection.Thing.Attributes[{name}]"


def without_list(name: str) -> str | None:
    """The canonical name before `.List`; None if it does not end so."""
    return name[: -len(_LIST)] if name.endswith(_LIST) else None


def without_index(name: str) -> tuple[str, int] | None:
    """The canonical name before a 1-based index, and the index; None if it has none."""
    found = _INDEXED.fullmatch(name)
    return None if found is None else (found.group(1), int(found.group(2)))
