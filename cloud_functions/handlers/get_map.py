"""The map of one mission: floor plan, path, errors, share covered."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import http_request

REQUEST = None
RESPONSE = None
STATUS = 200


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """The map of one mission: floor plan, path, errors, share covered."""
    request = http_request(event)
    thing = cloud.accounts.owned_thing(request.claims, request.path["thing"])
    return {
        "statusCode": STATUS,
        "headers": {"content-type": "application/json"},
        "body": cloud.missions.map(thing, request.path["id"]).decode(),
    }


handler = entrypoint(handle)
