"""Keep a finished mission and its map, and tell the owner's phones."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.handlers.entrypoint import Event, entrypoint


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Keep a finished mission and its map, and tell the owner's phones."""
    thing, now_s = str(event["thing"]), cloud.clock()
    record = cloud.missions.record(thing, event, now_s)
    live = {"type": "mission", "thing": thing, "body": record}
    return {"missionId": record["missionId"], "told": cloud.live.announce(live, now_s)}


handler = entrypoint(handle)
