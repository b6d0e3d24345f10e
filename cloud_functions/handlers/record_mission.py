"""Keep a finished mission and its map, and tell the owner's phones."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.handlers.entrypoint import Event, entrypoint


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Keep a finished mission and its map, and tell the owner's phones."""
    thing = str(event["thing"])
    mission_id = cloud.missions.record(thing, event)
    live = {"type": "mission", "thing": thing, "body": event["record"]}
    return {"missionId": mission_id, "told": cloud.live.announce(live, cloud.clock())}


handler = entrypoint(handle)
