"""The query language over one owner's robots, without an index: there are few of them."""

from collections.abc import Mapping
from typing import Any

from cloud_functions.errors import InvalidRequest
from cloud_functions.fleet_index.configuration import MANAGED
from cloud_functions.fleet_index.connectivity import Connectivity
from cloud_functions.fleet_index.errors import InvalidQuery
from cloud_functions.fleet_index.fields import ShadowRecord, shadow_fields
from cloud_functions.fleet_index.matcher import Matcher, Scalar
from cloud_functions.fleet_index.parser import parse


class RobotQuery:
    """An adapter of `ports.RobotQuery`: a robot's name, shadow and connection are asked."""

    def __init__(self, text: str) -> None:
        try:
            self._matcher = Matcher(parse(text), MANAGED)
        except InvalidQuery as error:
            raise InvalidRequest(f"q: {error}") from None

    def matches(self, thing: str, document: Mapping[str, Any], *, connected: bool) -> bool:
        """Whether the robot with this shadow is among those asked for."""
        state = dict(document.get("state") or {})
        has_delta = bool(state.pop("delta", None))
        shadow = ShadowRecord(state, {}, int(document.get("version", 0)), has_delta)
        fields: dict[str, list[Scalar]] = {
            "thingName": [thing],
            **shadow_fields("", shadow),
            **Connectivity(connected).fields(),
        }
        return self._matcher.matches(fields)
