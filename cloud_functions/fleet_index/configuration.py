"""What is indexed: the configuration as the control plane says and hears it (AWS, 7.1)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

from cloud_functions.fleet_index.errors import InvalidAggregation, InvalidIndexing
from cloud_functions.fleet_index.matcher import FieldType

INDEX_NAME: Final = "AWS_Things"
QUERY_VERSION: Final = "2017-09-30"
MAX_CUSTOM_FIELDS: Final = 5
MAX_NAMED_SHADOWS: Final = 10
_SHADOW_NAME: Final = re.compile(r"[$a-zA-Z0-9:_-]{1,64}\Z")
_CUSTOM_FIELD: Final = re.compile(r"(attributes|shadow)\.[^\s*?]{1,1000}\Z")

MANAGED: Final[Mapping[str, FieldType]] = {
    "thingName": FieldType.STRING,
    "thingTypeName": FieldType.STRING,
    "thingGroupNames": FieldType.STRING,
    "registry.version": FieldType.NUMBER,
    "shadow.version": FieldType.NUMBER,
    "shadow.hasDelta": FieldType.BOOLEAN,
    "shadow.name.*.version": FieldType.NUMBER,
    "shadow.name.*.hasDelta": FieldType.BOOLEAN,
    "connectivity.connected": FieldType.BOOLEAN,
    "connectivity.timestamp": FieldType.NUMBER,
    "connectivity.version": FieldType.NUMBER,
    "connectivity.disconnectReason": FieldType.STRING,
}
"""Fields whose types are known; `*` is the name of a shadow."""

DEFAULT_AGGREGATED: Final = "registry.version"
DEFAULT_PERCENTS: Final = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
DEFAULT_BUCKETS: Final = 10
MAX_BUCKETS: Final = 10_000
MAX_FIELDS: Final = 1_000
"""Fields that are indexed; what things have beyond them is not found."""

E = TypeVar("E", bound=StrEnum)


class ThingMode(StrEnum):
    """Whether things are indexed, and whether with their shadows."""

    OFF = "OFF"
    REGISTRY = "REGISTRY"
    REGISTRY_AND_SHADOW = "REGISTRY_AND_SHADOW"


class ConnectivityMode(StrEnum):
    """Whether it is indexed who is connected."""

    OFF = "OFF"
    STATUS = "STATUS"


class Switch(StrEnum):
    """On or off."""

    OFF = "OFF"
    ON = "ON"


@dataclass(frozen=True, slots=True)
class IndexingConfiguration:
    """What is indexed; nothing by default."""

    things: ThingMode = ThingMode.OFF
    connectivity: ConnectivityMode = ConnectivityMode.OFF
    named_shadows: Switch = Switch.OFF
    shadow_names: Sequence[str] = ()
    custom_fields: Mapping[str, FieldType] = field(default_factory=dict)

    @property
    def is_on(self) -> bool:
        """Whether there is an index at all."""
        return self.things is not ThingMode.OFF

    @property
    def shadows(self) -> Sequence[str]:
        """The shadows of a thing that are indexed; the classic one's name is empty."""
        if self.things is not ThingMode.REGISTRY_AND_SHADOW:
            return ()
        named = self.shadow_names if self.named_shadows is Switch.ON else ()
        return ("", *named)

    def type_of(self, name: str) -> FieldType | None:
        """The type of a managed or custom field, None for any other."""
        known = self.custom_fields.get(name) or MANAGED.get(name)
        if known is None and name.startswith("shadow.name."):
            known = MANAGED.get(f"shadow.name.*.{name.rpartition('.')[2]}")
            if name.count(".") != 3:  # noqa: PLR2004  shadow.name.S.version
                return None
        return known

    def aggregated(self, name: str) -> FieldType:
        """The type of a field that may be aggregated.  Raises InvalidAggregation."""
        known = self.type_of(name)
        if known is None:
            raise InvalidAggregation(
                f"{name} cannot be aggregated: name it in customFields of the indexing"
                " configuration"
            )
        return known

    def declared(self) -> dict[str, FieldType]:
        """Every field that has a type."""
        return {**MANAGED, **self.custom_fields}

    def schema(self) -> str:
        """What is indexed, in AWS's word of DescribeIndex."""
        words = [self.things.value]
        if self.connectivity is ConnectivityMode.STATUS:
            words.append("CONNECTIVITY_STATUS")
        return "_AND_".join(words)

    def described(self) -> dict[str, Any]:
        """The answer of GetIndexingConfiguration."""
        things: dict[str, Any] = {
            "thingIndexingMode": self.things,
            "thingConnectivityIndexingMode": self.connectivity,
            "deviceDefenderIndexingMode": "OFF",
            "namedShadowIndexingMode": self.named_shadows,
        }
        if self.is_on:
            things["managedFields"] = _listed(MANAGED)
            things["customFields"] = _listed(self.custom_fields)
        if self.shadow_names:
            things["filter"] = {"namedShadowNames": list(self.shadow_names)}
        return {
            "thingIndexingConfiguration": things,
            "thingGroupIndexingConfiguration": {"thingGroupIndexingMode": "OFF"},
        }


def read_configuration(said: Mapping[str, Any]) -> IndexingConfiguration | None:
    """The configuration in a request; None if it says nothing of things.

    Raises InvalidIndexing.
    """
    groups = said.get("thingGroupIndexingConfiguration") or {}
    if groups.get("thingGroupIndexingMode", "OFF") != "OFF":
        raise InvalidIndexing(
            "thingGroupIndexingMode is OFF here: there is the index AWS_Things, of things"
        )
    things = said.get("thingIndexingConfiguration")
    if things is None:
        return None
    if not isinstance(things, dict):
        raise InvalidIndexing("thingIndexingConfiguration is an object")
    read = IndexingConfiguration(
        things=_word(things, "thingIndexingMode", ThingMode),
        connectivity=_word(things, "thingConnectivityIndexingMode", ConnectivityMode),
        named_shadows=_word(things, "namedShadowIndexingMode", Switch),
        shadow_names=_shadow_names(things.get("filter") or {}),
        custom_fields=_custom_fields(things.get("customFields") or ()),
    )
    if things.get("deviceDefenderIndexingMode", "OFF") != "OFF":
        raise InvalidIndexing("deviceDefenderIndexingMode is OFF here: there is no Device Defender")
    _check(read)
    return read


def _check(read: IndexingConfiguration) -> None:
    if not read.is_on and read.connectivity is not ConnectivityMode.OFF:
        raise InvalidIndexing("thingConnectivityIndexingMode needs a thingIndexingMode")
    if read.named_shadows is Switch.ON:
        if read.things is not ThingMode.REGISTRY_AND_SHADOW:
            raise InvalidIndexing("namedShadowIndexingMode needs REGISTRY_AND_SHADOW")
        if not read.shadow_names:
            raise InvalidIndexing("namedShadowIndexingMode needs filter.namedShadowNames")


def _word(said: Mapping[str, Any], member: str, words: type[E]) -> E:
    raw = said.get(member, "OFF" if member != "thingIndexingMode" else None)
    try:
        return words(raw)
    except ValueError:
        raise InvalidIndexing(f"{member} is one of {', '.join(words)}, not {raw!r}") from None


def _shadow_names(said: Mapping[str, Any]) -> tuple[str, ...]:
    if said.get("geoLocations"):
        raise InvalidIndexing("filter.geoLocations is not supported: there are no geoqueries here")
    names = said.get("namedShadowNames") or ()
    if len(names) > MAX_NAMED_SHADOWS:
        raise InvalidIndexing(f"filter.namedShadowNames has at most {MAX_NAMED_SHADOWS} names")
    for name in names:
        if not isinstance(name, str) or not _SHADOW_NAME.match(name):
            raise InvalidIndexing(f"{name!r} is no shadow name: 1 to 64 of [$a-zA-Z0-9:_-]")
    return tuple(dict.fromkeys(names))


def _custom_fields(said: Sequence[Mapping[str, Any]]) -> dict[str, FieldType]:
    if len(said) > MAX_CUSTOM_FIELDS:
        raise InvalidIndexing(f"customFields has at most {MAX_CUSTOM_FIELDS} fields")
    fields: dict[str, FieldType] = {}
    for each in said:
        name = each.get("name")
        if not isinstance(name, str) or not _CUSTOM_FIELD.match(name):
            raise InvalidIndexing(f"{name!r} is no custom field: attributes.NAME or shadow.PATH")
        if name in MANAGED:
            raise InvalidIndexing(f"{name} is a managed field")
        fields[name] = _word(each, "type", FieldType)
    return fields


def _listed(fields: Mapping[str, FieldType]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields.items()]
