"""Make a robot the owner's, with the claim code that stands under it."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.contract.api import PairRequest, Robot
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import answer, http_request

REQUEST = PairRequest
RESPONSE = Robot
STATUS = 201


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Make a robot the owner's, with the claim code that stands under it."""
    request = http_request(event)
    return answer(STATUS, cloud.robots.pair(request.account, request.parse(REQUEST)))


handler = entrypoint(handle)
