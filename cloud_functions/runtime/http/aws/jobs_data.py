"""AWS's `iot-jobs-data`: a device's jobs over HTTP (AWS reference, section 4.3).

The same operations as over MQTT; a job document is a text here.
"""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.jobs.executions.execution import Execution
from cloud_functions.jobs.service import JobsService
from cloud_functions.jobs.wire import answers
from cloud_functions.jobs.wire.request import Describe, parse_body, read_start_next, read_update
from cloud_functions.ports import Clock
from cloud_functions.runtime.http.aws.answers import Handler, answer
from cloud_functions.runtime.http.aws.jobs_door import Door, flag, number
from cloud_functions.runtime.http.aws.signed_route import JOBS_DATA_PLANE, SignedRoute
from cloud_functions.runtime.message_core import MessageCore


def routes(service: JobsService, core: MessageCore, clock: Clock) -> Sequence[SignedRoute]:
    """The routes of the jobs data plane; answers come after the commit."""
    door = Door(service, core)
    device, conductor, limits = service.device, service.conductor, service.limits

    def described(
        execution: Execution | None, now_s: float, *, has_document: bool = True
    ) -> dict[str, Any]:
        if execution is None:
            return {}
        document = conductor.document(execution, now_s) if has_document else None
        said = answers.described(execution, document)
        return {"execution": {**said, **answers.seconds_left(execution, now_s)}}

    async def get_pending(request: Request) -> Response:
        return answer(answers.pending(device.pending(request.path_params["thing"], clock())))

    async def start_next(request: Request) -> Response:
        asked = read_start_next(parse_body(await request.body(), limits), limits)
        thing, now_s = request.path_params["thing"], clock()
        execution = await door.change(lambda draft: device.start_next(draft, thing, asked, now_s))
        return answer(described(execution, now_s))

    async def describe(request: Request) -> Response:
        asked = Describe(
            number(request.query_params.get("executionNumber"), "executionNumber"),
            flag(request, "includeJobDocument", default=True),
        )
        execution = device.describe(*_address(request), asked, clock())
        return answer(described(execution, clock(), has_document=asked.includes_document))

    async def update(request: Request) -> Response:
        asked = read_update(parse_body(await request.body(), limits), limits)
        address, now_s = _address(request), clock()
        execution = await door.change(lambda draft: device.update(draft, *address, asked, now_s))
        document = conductor.document(execution, now_s) if asked.includes_document else None
        return answer(answers.updated(asked, execution, document))

    path = "/things/{thing}/jobs"
    return [
        _route("GET", path, get_pending, "iot:GetPendingJobExecutions"),
        _route("PUT", f"{path}/$next", start_next, "iot:StartNextPendingJobExecution"),
        _route("GET", f"{path}/{{job}}", describe, "iot:DescribeJobExecution"),
        _route("POST", f"{path}/{{job}}", update, "iot:UpdateJobExecution"),
    ]


def _route(method: str, path: str, handler: Handler, action: str) -> SignedRoute:
    """A route that policies must allow a client certificate on the thing."""

    def needs(request: Request) -> Sequence[tuple[str, str]]:
        return [(action, f"thing/{request.path_params['thing']}")]

    return SignedRoute(JOBS_DATA_PLANE, method, path, handler, needs=needs)


def _address(request: Request) -> tuple[str, str]:
    return request.path_params["thing"], request.path_params["job"]
