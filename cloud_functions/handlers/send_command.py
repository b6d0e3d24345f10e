"""Ask a robot to do something, on behalf of its owner."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.contract.api import CommandAccepted, CommandRequest
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import answer, http_request

REQUEST = CommandRequest
RESPONSE = CommandAccepted
STATUS = 202


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Ask a robot to do something, on behalf of its owner."""
    request = http_request(event)
    thing = cloud.accounts.owned_thing(request.claims, request.path["thing"])
    return answer(STATUS, cloud.robots.command(thing, request.parse(REQUEST)))


handler = entrypoint(handle)
