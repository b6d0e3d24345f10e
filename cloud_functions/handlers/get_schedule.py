"""The weekly schedule of a robot."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.contract.api import Schedule
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import answer, http_request

REQUEST = None
RESPONSE = Schedule
STATUS = 200


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """The weekly schedule of a robot."""
    request = http_request(event)
    thing = cloud.accounts.owned_thing(request.claims, request.path["thing"])
    return answer(STATUS, cloud.robots.schedule(thing))


handler = entrypoint(handle)
