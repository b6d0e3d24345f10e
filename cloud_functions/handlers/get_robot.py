"""One robot with its shadow."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.contract.api import Robot
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import answer, http_request

REQUEST = None
RESPONSE = Robot
STATUS = 200


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """One robot with its shadow."""
    request = http_request(event)
    thing = cloud.accounts.owned_thing(request.claims, request.path["thing"])
    return answer(STATUS, cloud.robots.describe(thing))


handler = entrypoint(handle)
