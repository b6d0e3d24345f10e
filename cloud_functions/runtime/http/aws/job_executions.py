"""AWS's `iot` over HTTP: executions of jobs (AWS reference, section 4.1)."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.control.listing import Listing
from cloud_functions.jobs.control.operations import Operations
from cloud_functions.ports import Clock
from cloud_functions.runtime.http.aws.answers import answer, body_of, page_size
from cloud_functions.runtime.http.aws.jobs_door import (
    MAX_PAGE,
    Door,
    flag,
    number,
    paged,
    word,
)
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute

_SUMMARIES = "executionSummaries"


def routes(
    operations: Operations, listing: Listing, door: Door, clock: Clock
) -> Sequence[SignedRoute]:
    """The routes of executions."""

    async def list_for_job(request: Request) -> Response:
        page = listing.executions_of_job(
            request.path_params["job"],
            word(request, "status", ExecutionStatus),
            page_size(request, MAX_PAGE),
            request.query_params.get("nextToken"),
        )
        return paged(_SUMMARIES, page)

    async def list_for_thing(request: Request) -> Response:
        page = listing.executions_of_thing(
            request.path_params["thing"],
            request.query_params.get("jobId"),
            word(request, "status", ExecutionStatus),
            page_size(request, MAX_PAGE),
            request.query_params.get("nextToken"),
        )
        return paged(_SUMMARIES, page)

    async def describe(request: Request) -> Response:
        wanted = number(request.query_params.get("executionNumber"), "executionNumber")
        return answer(
            {"execution": listing.describe_execution(*_address(request), wanted, clock())}
        )

    async def cancel(request: Request) -> Response:
        address, is_forced = _address(request), flag(request, "force")
        said = await body_of(request)
        await door.change(
            lambda draft: operations.cancel_execution(
                draft, *address, said, clock(), is_forced=is_forced
            )
        )
        return answer({})

    async def delete(request: Request) -> Response:
        address, is_forced = _address(request), flag(request, "force")
        which = number(request.path_params["number"], "executionNumber") or 0
        await door.change(
            lambda draft: operations.delete_execution(
                draft, *address, which, clock(), is_forced=is_forced
            )
        )
        return answer({})

    path = "/things/{thing}/jobs"
    return [
        SignedRoute(CONTROL_PLANE, "GET", "/jobs/{job}/things", list_for_job),
        SignedRoute(CONTROL_PLANE, "GET", path, list_for_thing),
        SignedRoute(CONTROL_PLANE, "GET", f"{path}/{{job}}", describe),
        SignedRoute(CONTROL_PLANE, "PUT", f"{path}/{{job}}/cancel", cancel),
        SignedRoute(CONTROL_PLANE, "DELETE", f"{path}/{{job}}/executionNumber/{{number}}", delete),
    ]


def _address(request: Request) -> tuple[str, str]:
    return request.path_params["job"], request.path_params["thing"]
