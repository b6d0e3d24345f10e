"""The owner's robots, all or those that match a query."""

from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.bootstrap import Cloud
from cloud_functions.contract.api import RobotList
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import answer, http_request

REQUEST = None
RESPONSE = RobotList
STATUS = 200
QUERY: Final[Mapping[str, str]] = {
    "q": "Only robots that match, in the query language of AWS IoT fleet indexing over thingName,"
    " shadow.reported.X, shadow.desired.X, shadow.hasDelta and connectivity.connected:"
    " shadow.reported.batPct<20 AND connectivity.connected:true"
}


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """The owner's robots, all or those that match a query."""
    request = http_request(event)
    found = cloud.robots.summaries(request.account, request.query.get("q", ""))
    return answer(STATUS, RobotList(robots=list(found)))


handler = entrypoint(handle)
