"""What is indexed of a thing: registry, shadows and connectivity as flat fields (AWS, 7.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cloud_functions.fleet_index.matcher import Scalar

MAX_TEXT: Final = 1024
"""Characters of a text that are indexed."""


@dataclass(frozen=True, slots=True)
class RegistryRecord:
    """A thing as the registry knows it."""

    name: str
    thing_id: str = ""
    thing_type: str = ""
    groups: Sequence[str] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    version: int = 1


@dataclass(frozen=True, slots=True)
class ShadowRecord:
    """A shadow's sections, and whether they differ."""

    state: Mapping[str, Any]
    metadata: Mapping[str, Any]
    version: int
    has_delta: bool


def registry_fields(thing: RegistryRecord) -> dict[str, list[Scalar]]:
    """What the registry says of a thing, by field."""
    fields: dict[str, list[Scalar]] = {
        "thingName": [thing.name],
        "registry.version": [thing.version],
    }
    if thing.thing_type:
        fields["thingTypeName"] = [thing.thing_type]
    if thing.groups:
        fields["thingGroupNames"] = list(thing.groups)
    for name, value in thing.attributes.items():
        fields[f"attributes.{name}"] = [value]
    return fields


def shadow_fields(name: str, shadow: ShadowRecord) -> dict[str, list[Scalar]]:
    """What a shadow says, by field; the classic shadow's name is empty."""
    prefix = f"shadow.name.{name}" if name else "shadow"
    fields: dict[str, list[Scalar]] = {
        f"{prefix}.version": [shadow.version],
        f"{prefix}.hasDelta": ["true" if shadow.has_delta else "false"],
    }
    for section, tree in shadow.state.items():
        _flatten(f"{prefix}.{section}", tree, fields)
    return fields


def _flatten(path: str, value: Any, fields: dict[str, list[Scalar]]) -> None:
    """Every leaf below; a list's elements stand beside each other."""
    kind = type(value)
    if kind is dict:
        for key, inner in value.items():
            _flatten(f"{path}.{key}", inner, fields)
    elif kind is list:
        for inner in value:
            _flatten(path, inner, fields)
    elif value is not None:
        scalar: Scalar
        if kind is bool:
            scalar = "true" if value else "false"
        else:
            scalar = value[:MAX_TEXT] if kind is str else value
        known = fields.get(path)
        if known is None:
            fields[path] = [scalar]
        else:
            known.append(scalar)
