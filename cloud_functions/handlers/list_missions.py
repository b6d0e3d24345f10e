"""The missions of a robot, newest first."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.contract.api import MissionList
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import answer, http_request

REQUEST = None
RESPONSE = MissionList
STATUS = 200
QUERY = {"next": "The `next` of an earlier answer, for the page that follows it."}


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """The missions of a robot, newest first."""
    request = http_request(event)
    thing = cloud.accounts.owned_thing(request.claims, request.path["thing"])
    return answer(STATUS, cloud.missions.history(thing, request.query.get("next")))


handler = entrypoint(handle)
