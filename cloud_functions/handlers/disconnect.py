"""Forget a phone that has gone."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import connection_id


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Forget a phone that has gone."""
    cloud.live.closed(connection_id(event))
    return {"statusCode": 200}


handler = entrypoint(handle)
