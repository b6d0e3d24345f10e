"""What may be called what (AWS reference, section 7; the service model's patterns)."""

import re
from typing import Final

from cloud_functions.registry.errors import InvalidInput

_NAME: Final = re.compile(r"[a-zA-Z0-9:_-]{1,128}\Z")
_POLICY_NAME: Final = re.compile(r"[\w+=,.@-]{1,128}\Z", re.ASCII)
_DESCRIPTION: Final = re.compile(r"[\x20-\x7e]{0,2028}\Z")


def checked_name(text: str, member: str) -> str:
    """The text, if it may name a thing, a type or a group.  Raises InvalidInput."""
    if not _NAME.match(text):
        raise InvalidInput(f"{member} is 1 to 128 of [a-zA-Z0-9:_-], not {text!r}")
    return text


def checked_policy_name(text: str) -> str:
    """The text, if it may name a policy.  Raises InvalidInput."""
    if not _POLICY_NAME.match(text):
        raise InvalidInput(f"policyName is 1 to 128 of [a-zA-Z0-9_+=,.@-], not {text!r}")
    return text


def checked_description(text: str, member: str) -> str:
    """The text, if it may describe a type or a group.  Raises InvalidInput."""
    if not _DESCRIPTION.match(text):
        raise InvalidInput(f"{member} is up to 2028 printable characters")
    return text
