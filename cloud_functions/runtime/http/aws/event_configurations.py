"""AWS's `iot` over HTTP: which events are told (AWS reference, section 3.1)."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.ports import Clock
from cloud_functions.registry.event_configurations import EventSwitches
from cloud_functions.runtime.http.aws.answers import answer, body_of
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute


def routes(switches: EventSwitches, clock: Clock) -> Sequence[SignedRoute]:
    """The routes of event configurations."""

    async def update(request: Request) -> Response:
        asked = (await body_of(request)).get("eventConfigurations") or {}
        switches.update(asked, clock())
        return answer({})

    async def describe(_request: Request) -> Response:
        return answer(switches.configurations.described())

    path = "/event-configurations"
    return [
        SignedRoute(CONTROL_PLANE, "PATCH", path, update),
        SignedRoute(CONTROL_PLANE, "GET", path, describe),
    ]
