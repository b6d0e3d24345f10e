"""Topics that begin with `$`: which of them clients may publish to (AWS reference, section 8.1)."""

from typing import Final

RESERVED: Final = "$"
_PUBLISHABLE: Final = (
    "$aws/things/",
    "$aws/rules/",
    "$aws/certificates/",
    "$aws/provisioning-templates/",
    "$aws/commands/",
    "$aws/device_location/",
    "$aws/sitewise/",
)
"""Services that listen to clients.  What the broker itself tells (`$aws/events/`) is not among
them: nobody else may say who is connected."""


def may_be_published(topic: str, *, retain: bool) -> bool:
    """Whether a client may name the topic at all; reserved topics refuse the retain flag."""
    if not topic.startswith(RESERVED):
        return True
    return not retain and topic.startswith(_PUBLISHABLE)
