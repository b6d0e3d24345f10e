"""AWS's `iot` over HTTP: jobs (AWS reference, section 4.1)."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

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
from cloud_functions.runtime.http.aws.jobs_door import MAX_PAGE, Door, flag, paged, word
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute
from cloud_functions.runtime.message_core import MessageCore


def routes(
    service: JobsService, core: MessageCore, blobs: BlobStore, templates: Templates, clock: Clock
) -> Sequence[SignedRoute]:
    """The routes of jobs, their executions and their templates; answers come after the commit."""
    door = Door(service, core)
    creation = Creation(service.conductor, templates, blobs)
    operations, listing = Operations(service.conductor), Listing(service.conductor)

    async def create(request: Request) -> Response:
        job_id, said = request.path_params["job"], await body_of(request)
        job = await door.change(lambda draft: creation.create_job(draft, job_id, said, clock()))
        return answer(_named(job))

    async def describe(request: Request) -> Response:
        return answer(listing.describe_job(request.path_params["job"]))

    async def get_document(request: Request) -> Response:
        return answer({"document": listing.document(request.path_params["job"])})

    async def update(request: Request) -> Response:
        job_id, said = request.path_params["job"], await body_of(request)
        await door.change(lambda draft: operations.update(draft, job_id, said, clock()))
        return answer({})

    async def cancel(request: Request) -> Response:
        job_id, is_forced = request.path_params["job"], flag(request, "force")
        said = await body_of(request)
        job = await door.change(
            lambda draft: operations.cancel(draft, job_id, said, clock(), is_forced=is_forced)
        )
        return answer(_named(job))

    async def delete(request: Request) -> Response:
        job_id, is_forced = request.path_params["job"], flag(request, "force")
        await door.change(
            lambda draft: operations.delete(draft, job_id, clock(), is_forced=is_forced)
        )
        return answer({})

    async def associate(request: Request) -> Response:
        job_id, said = request.path_params["job"], await body_of(request)
        job = await door.change(lambda draft: operations.associate(draft, job_id, said, clock()))
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
        *job_executions.routes(operations, listing, door, clock),
        *job_templates.routes(creation, templates, door, clock),
    ]


def _named(job: Job) -> dict[str, str]:
    said = {"jobArn": job.arn, "jobId": job.id}
    if job.plan.description is not None:
        said["description"] = job.plan.description
    return said
