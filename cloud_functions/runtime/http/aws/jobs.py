"""AWS's `iot` over HTTP: jobs (AWS reference, section 4.1)."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.control.creation import Creation
from cloud_functions.jobs.control.listing import JobFilter, Listing
from cloud_functions.jobs.control.operations import Operations
from cloud_functions.jobs.control.templates import Templates
from cloud_functions.jobs.errors import InvalidRequest
from cloud_functions.jobs.plan.configuration import TargetSelection
from cloud_functions.jobs.plan.job import Job
from cloud_functions.jobs.plan.statuses import JobStatus
from cloud_functions.jobs.service import JobsService
from cloud_functions.ports import BlobStore, Clock
from cloud_functions.runtime.http.aws import job_executions, job_templates
from cloud_functions.runtime.http.aws.answers import answer, body_of, page_size
from cloud_functions.runtime.http.aws.jobs_door import MAX_PAGE, flag, paged, settler, word
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute
from cloud_functions.runtime.message_core import MessageCore


def routes(
    service: JobsService, core: MessageCore, blobs: BlobStore, templates: Templates, clock: Clock
) -> Sequence[SignedRoute]:
    """The routes of jobs, their executions and their templates; answers come after the commit."""
    settle = settler(service, core)
    creation = Creation(service.conductor, templates, blobs)
    operations, listing = Operations(service.conductor), Listing(service.conductor)

    async def create(request: Request) -> Response:
        draft, job_id = Draft(), request.path_params["job"]
        job = creation.create_job(draft, job_id, await body_of(request), clock())
        await settle(draft)
        return answer(_named(job))

    async def describe(request: Request) -> Response:
        return answer(listing.describe_job(request.path_params["job"]))

    async def get_document(request: Request) -> Response:
        return answer({"document": listing.document(request.path_params["job"])})

    async def update(request: Request) -> Response:
        draft = Draft()
        operations.update(draft, request.path_params["job"], await body_of(request), clock())
        await settle(draft)
        return answer({})

    async def cancel(request: Request) -> Response:
        draft, job_id, is_forced = Draft(), request.path_params["job"], flag(request, "force")
        said = await body_of(request)
        job = operations.cancel(draft, job_id, said, clock(), is_forced=is_forced)
        await settle(draft)
        return answer(_named(job))

    async def delete(request: Request) -> Response:
        draft, job_id, is_forced = Draft(), request.path_params["job"], flag(request, "force")
        operations.delete(draft, job_id, clock(), is_forced=is_forced)
        await settle(draft)
        return answer({})

    async def associate(request: Request) -> Response:
        draft, job_id = Draft(), request.path_params["job"]
        job = operations.associate(draft, job_id, await body_of(request), clock())
        await settle(draft)
        return answer(_named(job))

    async def list_jobs(request: Request) -> Response:
        if "thingGroupId" in request.query_params:
            raise InvalidRequest("thingGroupId is not supported here; use thingGroupName")
        wanted = JobFilter(
            word(request, "status", JobStatus),
            word(request, "targetSelection", TargetSelection),
            request.query_params.get("thingGroupName"),
        )
        token = request.query_params.get("nextToken")
        return paged("jobs", listing.jobs(wanted, page_size(request, MAX_PAGE), token))

    path = "/jobs/{job}"
    return [
        SignedRoute(CONTROL_PLANE, "GET", "/jobs", list_jobs),
        SignedRoute(CONTROL_PLANE, "PUT", path, create),
        SignedRoute(CONTROL_PLANE, "GET", path, describe),
        SignedRoute(CONTROL_PLANE, "PATCH", path, update),
        SignedRoute(CONTROL_PLANE, "DELETE", path, delete),
        SignedRoute(CONTROL_PLANE, "GET", f"{path}/job-document", get_document),
        SignedRoute(CONTROL_PLANE, "PUT", f"{path}/cancel", cancel),
        SignedRoute(CONTROL_PLANE, "POST", f"{path}/targets", associate),
        *job_executions.routes(operations, listing, settle, clock),
        *job_templates.routes(creation, templates, settle, clock),
    ]


def _named(job: Job) -> dict[str, str]:
    said = {"jobArn": job.arn, "jobId": job.id}
    if job.plan.description is not None:
        said["description"] = job.plan.description
    return said
