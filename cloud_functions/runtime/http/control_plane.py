"""AWS's `iot` over HTTP, as far as robots and pairing need it: things."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cloud_functions.errors import CloudError
from cloud_functions.registry import things
from cloud_functions.registry.things import InvalidThing, ThingStore
from cloud_functions.runtime.http.data_plane import aws_error

_MAX_PAGE: Final = 250


def routes(store: ThingStore) -> Sequence[Route]:
    """The routes of the control plane."""

    async def create(request: Request) -> Response:
        said = _object(await request.body())
        payload = said.get("attributePayload") or {}
        thing = things.create(store, request.path_params["thing"], payload.get("attributes") or {})
        return _json({"thingName": thing.name, "thingArn": thing.arn, "thingId": thing.thing_id})

    async def describe(request: Request) -> Response:
        return _json(things.describe(store, request.path_params["thing"]).described())

    async def delete(request: Request) -> Response:
        store.delete_thing(request.path_params["thing"])
        return _json({})

    async def list_things(request: Request) -> Response:
        query = request.query_params
        size = query.get("maxResults", str(_MAX_PAGE))
        if not size.isdigit() or not 1 <= int(size) <= _MAX_PAGE:
            raise InvalidThing(f"maxResults is 1 to {_MAX_PAGE}")
        found = store.things(query.get("nextToken", ""), int(size))
        said: dict[str, Any] = {"things": [thing.listed() for thing in found]}
        if len(found) == int(size):
            said["nextToken"] = found[-1].name
        return _json(said)

    path = "/things/{thing}"
    return [
        Route("/things", _guarded(list_things), methods=["GET"]),
        Route(path, _guarded(create), methods=["POST"]),
        Route(path, _guarded(describe), methods=["GET"]),
        Route(path, _guarded(delete), methods=["DELETE"]),
    ]


def _object(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidThing("the body is not JSON") from None
    if not isinstance(said, dict):
        raise InvalidThing("the body is a JSON object")
    return said


def _json(said: object) -> Response:
    return Response(orjson.dumps(said), media_type="application/json")


def _guarded(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except CloudError as error:
            return aws_error(error.status, error.code, str(error))

    return guarded
