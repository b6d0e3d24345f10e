"""AWS's `iot` over HTTP: job templates (AWS reference, section 4.1)."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.jobs.control.creation import Creation
from cloud_functions.jobs.control.listing import Page
from cloud_functions.jobs.control.templates import Templates
from cloud_functions.ports import Clock
from cloud_functions.runtime.http.aws.answers import answer, body_of, page_size
from cloud_functions.runtime.http.aws.jobs_door import MAX_PAGE, Door, paged
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute


def routes(
    creation: Creation, templates: Templates, door: Door, clock: Clock
) -> Sequence[SignedRoute]:
    """The routes of job templates."""

    async def create(request: Request) -> Response:
        template_id, said = request.path_params["template"], await body_of(request)
        template = await door.change(
            lambda draft: creation.create_template(draft, template_id, said, clock())
        )
        return answer({"jobTemplateArn": template.arn, "jobTemplateId": template.id})

    async def describe(request: Request) -> Response:
        return answer(templates.get(request.path_params["template"]).described())

    async def delete(request: Request) -> Response:
        template = templates.get(request.path_params["template"])
        await door.change(lambda draft: templates.erase(draft, template.id))
        return answer({})

    async def list_templates(request: Request) -> Response:
        size, after = page_size(request, MAX_PAGE), request.query_params.get("nextToken", "")
        found = [template for template in templates.all() if template.id > after]
        results = [template.listed() for template in found[:size]]
        token = found[size - 1].id if len(found) > size else None
        return paged("jobTemplates", Page(results, token))

    path = "/job-templates/{template}"
    return [
        SignedRoute(CONTROL_PLANE, "GET", "/job-templates", list_templates),
        SignedRoute(CONTROL_PLANE, "PUT", path, create),
        SignedRoute(CONTROL_PLANE, "GET", path, describe),
        SignedRoute(CONTROL_PLANE, "DELETE", path, delete),
    ]
