"""AWS's `iot-data` over HTTP: shadows, and publishing (AWS reference, sections 1.1 and 8.1)."""

import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cloud_functions.contract.mqtt.topic_filter import InvalidTopic, validate_topic
from cloud_functions.ports import Message
from cloud_functions.shadow.errors import ShadowError
from cloud_functions.shadow.service import Page, list_body


class DataPlaneCloud(Protocol):
    """What the data plane asks of the cloud; answers come after the commit."""

    async def get_shadow(self, thing: str, name: str | None) -> bytes:
        """The document."""

    async def update_shadow(self, thing: str, name: str | None, body: bytes) -> bytes:
        """The accepted document."""

    async def delete_shadow(self, thing: str, name: str | None) -> bytes:
        """Version and timestamp."""

    def list_shadows(self, thing: str, after: str | None, page_size: int) -> Page:
        """Names of named shadows."""

    async def inject(self, message: Message) -> None:
        """Publish a message as if a client had sent it."""


def routes(cloud: DataPlaneCloud) -> Sequence[Route]:
    """The routes of the data plane."""

    async def get(request: Request) -> Response:
        return _json(await cloud.get_shadow(*_address(request)))

    async def update(request: Request) -> Response:
        return _json(await cloud.update_shadow(*_address(request), await request.body()))

    async def delete(request: Request) -> Response:
        return _json(await cloud.delete_shadow(*_address(request)))

    async def list_named(request: Request) -> Response:
        query = request.query_params
        size = query.get("pageSize", "25")
        if not size.isdigit():
            raise ShadowError(400, "pageSize is a number", "InvalidRequestException")
        page = cloud.list_shadows(request.path_params["thing"], query.get("nextToken"), int(size))
        return _json(list_body(page, time.time()))

    async def publish(request: Request) -> Response:
        # boto3 percent-encodes the slashes, so the raw path is read
        raw = request.scope.get("raw_path", b"").decode() or request.url.path
        topic = unquote(raw.split("?")[0].removeprefix("/topics/"))
        try:
            validate_topic(topic)
        except InvalidTopic as error:
            raise ShadowError(400, str(error), "InvalidRequestException") from None
        qos = 1 if request.query_params.get("qos") == "1" else 0
        retain = request.query_params.get("retain") == "true"
        await cloud.inject(Message(topic, await request.body(), qos, retain))
        return _json(orjson.dumps({"message": "OK", "traceId": str(uuid.uuid4())}))

    shadow = "/things/{thing}/shadow"
    named = "/api/things/shadow/ListNamedShadowsForThing/{thing}"
    return [
        Route(shadow, _guarded(get), methods=["GET"]),
        Route(shadow, _guarded(update), methods=["POST"]),
        Route(shadow, _guarded(delete), methods=["DELETE"]),
        Route(named, _guarded(list_named), methods=["GET"]),
        Route("/topics/{topic:path}", _guarded(publish), methods=["POST"]),
    ]


def _address(request: Request) -> tuple[str, str | None]:
    return request.path_params["thing"], request.query_params.get("name")


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _guarded(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Any]]:
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except ShadowError as error:
            return aws_error(error.status, error.exception, error.message)

    return guarded


def aws_error(status: int, exception: str, message: str) -> Response:
    """An error as AWS's REST services answer it; boto3 takes the name from the header."""
    body = {"message": message, "traceId": str(uuid.uuid4())}
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers={"x-amzn-errortype": exception},
        media_type="application/json",
    )
