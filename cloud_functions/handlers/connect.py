"""Let a phone in that shows a valid token."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import connection_id


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Let a phone in that shows a valid token."""
    token = (event.get("queryStringParameters") or {}).get("token", "")
    account = cloud.verify(token)
    cloud.live.opened(connection_id(event), account, cloud.clock())
    return {"statusCode": 200}


handler = entrypoint(handle)
