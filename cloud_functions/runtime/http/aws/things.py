"""AWS's `iot` over HTTP: things."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.registry import things
from cloud_functions.registry.things import ThingStore
from cloud_functions.runtime.http.aws.answers import answer, body_of, page_size
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute

_MAX_PAGE: Final = 250


def routes(store: ThingStore) -> Sequence[SignedRoute]:
    """The routes of things."""

    async def create(request: Request) -> Response:
        payload = (await body_of(request)).get("attributePayload") or {}
        thing = things.create(store, request.path_params["thing"], payload.get("attributes") or {})
        return answer({"thingName": thing.name, "thingArn": thing.arn, "thingId": thing.thing_id})

    async def describe(request: Request) -> Response:
        return answer(things.describe(store, request.path_params["thing"]).described())

    async def delete(request: Request) -> Response:
        store.delete_thing(request.path_params["thing"])
        return answer({})

    async def list_things(request: Request) -> Response:
        size = page_size(request, _MAX_PAGE)
        found = store.things(request.query_params.get("nextToken", ""), size)
        said: dict[str, Any] = {"things": [thing.listed() for thing in found]}
        if len(found) == size:
            said["nextToken"] = found[-1].name
        return answer(said)

    path = "/things/{thing}"
    return [
        SignedRoute(CONTROL_PLANE, "GET", "/things", list_things),
        SignedRoute(CONTROL_PLANE, "POST", path, create),
        SignedRoute(CONTROL_PLANE, "GET", path, describe),
        SignedRoute(CONTROL_PLANE, "DELETE", path, delete),
    ]
