"""Attributes of things and groups: names, values, limits, merging (AWS reference, section 7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloud_functions.registry.errors import InvalidInput

_NAME: Final = re.compile(r"[a-zA-Z0-9_.,@/:#-]{1,128}\Z")
_VALUE: Final = re.compile(r"[a-zA-Z0-9_.,@/:#=\[\]-]{0,800}\Z")


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """What an update says of attributes: into those that are there, or in their place."""

    attributes: Mapping[str, str]
    merges: bool = False

    def applied(self, known: Mapping[str, str]) -> dict[str, str]:
        """The attributes afterwards; an empty value removes one."""
        both = {**known, **self.attributes} if self.merges else self.attributes
        return {name: value for name, value in both.items() if value}


def checked(attributes: Mapping[str, Any], most: int, total_bytes: int) -> dict[str, str]:
    """The attributes, if they keep the rules.  Raises InvalidInput."""
    for name, value in attributes.items():
        if not _NAME.match(name):
            raise InvalidInput(f"an attribute's name is 1 to 128 of [a-zA-Z0-9_.,@/:#-]: {name!r}")
        if not isinstance(value, str) or not _VALUE.match(value):
            raise InvalidInput(
                f"attribute {name} is a text of up to 800 of [a-zA-Z0-9_.,@/:#=[]-], not {value!r}"
            )
    if len(attributes) > most:
        raise InvalidInput(f"{len(attributes)} attributes; at most {most} are allowed")
    size = sum(len(name) + len(value) for name, value in attributes.items())
    if size > total_bytes:
        raise InvalidInput(f"{size} bytes of attributes; at most {total_bytes} are allowed")
    return dict(attributes)
