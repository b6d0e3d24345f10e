"""Remember that a robot came or went, and tell the phones."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.handlers.entrypoint import Event, entrypoint


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Remember that a robot came or went, and tell the phones."""
    thing = str(event["clientId"])
    if not cloud.alerts.track_presence(thing, event):
        return {"late": True}
    connected = event.get("eventType") == "connected"
    live = {"type": "presence", "thing": thing, "body": {"connected": connected}}
    return {"told": cloud.live.announce(live, cloud.clock())}


handler = entrypoint(handle)
