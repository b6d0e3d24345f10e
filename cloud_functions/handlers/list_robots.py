"""The owner's robots."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.contract.api import RobotList
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import answer, http_request

REQUEST = None
RESPONSE = RobotList
STATUS = 200


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """The owner's robots."""
    account = http_request(event).account
    return answer(STATUS, RobotList(robots=list(cloud.robots.summaries(account))))


handler = entrypoint(handle)
