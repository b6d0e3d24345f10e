"""Tell the phones that watch a robot what it just said."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.handlers.entrypoint import Event, entrypoint


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Tell the phones that watch a robot what it just said."""
    return {"told": cloud.live.announce(event, cloud.clock())}


handler = entrypoint(handle)
