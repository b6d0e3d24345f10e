"""Keep what the owner should know, and tell the phones."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.handlers.entrypoint import Event, entrypoint


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Keep what the owner should know, and tell the phones."""
    thing, now_s = str(event["thing"]), cloud.clock()
    alert = cloud.alerts.raise_alert(thing, event, now_s)
    live = {"type": "alert", "thing": thing, "body": alert.model_dump(by_alias=True)}
    return {"alert": alert.id, "told": cloud.live.announce(live, now_s)}


handler = entrypoint(handle)
