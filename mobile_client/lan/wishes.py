"""Settings as an owner types them, `name=value`, without I/O."""

import json
from collections.abc import Sequence
from typing import Any

from mobile_client.errors import Invalid


def settings(typed: Sequence[str]) -> dict[str, Any]:
    """The settings; a value is JSON, or else text.  Raises Invalid."""
    if not typed:
        raise Invalid("say what to set, such as carpetBoost=true vacHigh=false")
    wanted: dict[str, Any] = {}
    for each in typed:
        name, equals, text = each.partition("=")
        if not equals or not name:
            raise Invalid(f"a setting is NAME=VALUE such as binPause=true, not {each!r}")
        try:
            wanted[name] = json.loads(text)
        except ValueError:
            wanted[name] = text
    return wanted
