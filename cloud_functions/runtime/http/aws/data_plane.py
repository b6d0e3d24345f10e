"""AWS's `iot-data` over HTTP: shadows, and publishing (AWS reference, sections 1.1 and 8.1)."""

import uuid
from collections.abc import Sequence
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.contract.mqtt.topic_filter import InvalidTopic, validate_topic
from cloud_functions.device_service import Changes
from cloud_functions.ports import Clock, Message
from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest, answer, page_size
from cloud_functions.runtime.http.aws.signed_route import DATA_PLANE, SignedRoute
from cloud_functions.runtime.message_core import MessageCore
from cloud_functions.shadow import errors
from cloud_functions.shadow.service import DEFAULT_PAGE, MAX_PAGE, ShadowService, list_body


def routes(shadows: ShadowService, core: MessageCore, clock: Clock) -> Sequence[SignedRoute]:
    """The routes of the data plane; answers come after the commit."""

    async def settle(changes: Changes) -> None:
        try:
            await core.apply(shadows, changes)
        except Exception:  # noqa: BLE001  the log has it; the caller is told what AWS tells
            raise errors.internal() from None

    async def get(request: Request) -> Response:
        return _json(shadows.get(*_address(request), clock()))

    async def update(request: Request) -> Response:
        body = await request.body()
        accepted, changes = shadows.update(*_address(request), body, clock())
        await settle(changes)
        return _json(accepted)

    async def delete(request: Request) -> Response:
        said, changes = shadows.delete(*_address(request), clock())
        await settle(changes)
        return _json(said)

    async def list_named(request: Request) -> Response:
        size = page_size(request, MAX_PAGE, parameter="pageSize", default=DEFAULT_PAGE)
        after = request.query_params.get("nextToken")
        page = shadows.list_named(request.path_params["thing"], after, size)
        return _json(list_body(page, clock()))

    async def publish(request: Request) -> Response:
        # boto3 percent-encodes the slashes, so the raw path is read
        raw = request.scope.get("raw_path", b"").decode() or request.url.path
        topic = unquote(raw.split("?")[0].removeprefix("/topics/"))
        try:
            validate_topic(topic)
        except InvalidTopic as error:
            raise InvalidAwsRequest(str(error)) from None
        qos = 1 if request.query_params.get("qos") == "1" else 0
        retain = request.query_params.get("retain") == "true"
        await core.inject(Message(topic, await request.body(), qos, retain))
        return answer({"message": "OK", "traceId": str(uuid.uuid4())})

    shadow = "/things/{thing}/shadow"
    named = "/api/things/shadow/ListNamedShadowsForThing/{thing}"
    return [
        SignedRoute(DATA_PLANE, "GET", shadow, get),
        SignedRoute(DATA_PLANE, "POST", shadow, update),
        SignedRoute(DATA_PLANE, "DELETE", shadow, delete),
        SignedRoute(DATA_PLANE, "GET", named, list_named),
        SignedRoute(DATA_PLANE, "POST", "/topics/{topic:path}", publish),
    ]


def _address(request: Request) -> tuple[str, str | None]:
    return request.path_params["thing"], request.query_params.get("name")


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
