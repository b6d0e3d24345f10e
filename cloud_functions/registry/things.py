"""Things: their rules, and the operations on them (AWS reference, section 7)."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from cloud_functions.contract.shadows import is_thing_name
from cloud_functions.errors import Conflict, InvalidRequest, NotFound
from cloud_functions.region import ACCOUNT, REGION

_ATTRIBUTE_NAME: Final = re.compile(r"[a-zA-Z0-9_.,@/:#=\[\]-]{1,128}\Z")
_ATTRIBUTE_VALUE: Final = re.compile(r"[a-zA-Z0-9_.,@/:#=\[\]-]{0,800}\Z")
_MAX_ATTRIBUTES: Final = 50
"""AWS allows 3 without a thing type and 50 with one; there are no types here yet."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A registry record; `version` starts at 1."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    thing_id: str = ""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:iot:{REGION}:{ACCOUNT}:thing/{self.name}"

    def listed(self) -> dict[str, Any]:
        """The thing in the answer of ListThings."""
        return {
            "thingName": self.name,
            "thingArn": self.arn,
            "attributes": dict(self.attributes),
            "version": self.version,
        }

    def described(self) -> dict[str, Any]:
        """The answer of DescribeThing."""
        return {
            "defaultClientId": self.name,
            "thingName": self.name,
            "thingId": self.thing_id,
            "thingArn": self.arn,
            "attributes": dict(self.attributes),
            "version": self.version,
        }


class ThingStore(Protocol):
    """Keeps things; durable on return."""

    def thing(self, name: str) -> Thing | None:
        """The thing, or None."""

    def put_thing(self, thing: Thing) -> None:
        """Write it whole."""

    def delete_thing(self, name: str) -> bool:
        """Remove it; whether it was there."""

    def things(self, after: str, limit: int) -> Sequence[Thing]:
        """Things by name."""


class ThingNotFound(NotFound):
    """AWS's ResourceNotFoundException."""

    code = "ResourceNotFoundException"


class ThingExists(Conflict):
    """AWS's ResourceAlreadyExistsException."""

    code = "ResourceAlreadyExistsException"


class InvalidThing(InvalidRequest):
    """AWS's InvalidRequestException."""

    code = "InvalidRequestException"


def create(store: ThingStore, name: str, attributes: Mapping[str, Any]) -> Thing:
    """Make a thing; the same again is the same.  Raises ThingExists for other content."""
    _check(name, attributes)
    known = store.thing(name)
    if known is not None:
        if dict(known.attributes) != dict(attributes):
            raise ThingExists(f"Thing {name} already exists with different attributes")
        return known
    thing = Thing(name, dict(attributes), 1, str(uuid.uuid5(uuid.NAMESPACE_URL, name)))
    store.put_thing(thing)
    return thing


def describe(store: ThingStore, name: str) -> Thing:
    """A thing.  Raises ThingNotFound."""
    thing = store.thing(name)
    if thing is None:
        raise ThingNotFound(f"Thing {name} cannot be found.")
    return thing


def _check(name: str, attributes: Mapping[str, Any]) -> None:
    if not is_thing_name(name):
        raise InvalidThing(f"{name!r} is no thing name: 1 to 128 of [a-zA-Z0-9:_-]")
    if len(attributes) > _MAX_ATTRIBUTES:
        raise InvalidThing(f"a thing has at most {_MAX_ATTRIBUTES} attributes")
    for key, value in attributes.items():
        if not _ATTRIBUTE_NAME.match(key):
            raise InvalidThing(f"{key!r} is no attribute name")
        if not isinstance(value, str) or not _ATTRIBUTE_VALUE.match(value):
            raise InvalidThing(f"attribute {key} is a text of [a-zA-Z0-9_.,@/:#=[]-], up to 800")
