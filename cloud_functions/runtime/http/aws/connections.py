"""AWS's `iot-data` over HTTP: connections of MQTT clients (AWS reference, section 3.7)."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.errors import CloudError, NotFound
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.clients import Seen
from cloud_functions.runtime.device_gateway.desk import Desk, Sent
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.http.aws.admission import ForbiddenAction, Needs
from cloud_functions.runtime.http.aws.answers import (
    InvalidAwsRequest,
    answer,
    number_within,
    page_size,
)
from cloud_functions.runtime.http.aws.mqtt_attributes import (
    checked_topic,
    payload_of,
    properties_of,
    switch,
)
from cloud_functions.runtime.http.aws.raw_path import raw_segments
from cloud_functions.runtime.http.aws.signed_route import DATA_PLANE, SignedRoute

_MAX_PAGE: Final = 200
_PAGE: Final = 20
_MAX_TIMEOUT_S: Final = 15
_TIMEOUT_S: Final = 5
_CLIENT_ID_CHARACTERS: Final = 128
_CONNECTION: Final = 2
_MEMBER: Final = 3


class NoSuchClient(NotFound):
    """AWS's ResourceNotFoundException."""

    code = "ResourceNotFoundException"


class NotConfirmed(CloudError):
    """AWS's GatewayTimeoutException."""

    code = "GatewayTimeoutException"
    status = 504


def routes(desk: Desk | None, limits: GatewayLimits) -> Sequence[SignedRoute]:
    """The routes of connections; None where the broker does not tell of them."""

    def open_desk() -> Desk:
        if desk is None:
            raise InvalidAwsRequest(
                "this cloud's broker does not hand out its connections: run"
                " `robofleet up --broker builtin`"
            )
        return desk

    async def delete(request: Request) -> Response:
        client_id = _client_id(request)
        done = open_desk().disconnect(
            client_id,
            clean_session=switch(request, "cleanSession"),
            prevent_will=switch(request, "preventWillMessage"),
        )
        if not done:
            raise _missing(client_id)
        return answer({})

    async def read(request: Request) -> Response:
        """Two operations on one path: a client id may hold encoded slashes."""
        segments = raw_segments(request)
        if len(segments) == _CONNECTION:
            return describe(request)
        if len(segments) == _MEMBER and segments[2] == "subscriptions":
            return subscriptions(request)
        raise InvalidAwsRequest("a connection has subscriptions; slashes of its id are encoded")

    def describe(request: Request) -> Response:
        client_id = _client_id(request)
        seen = open_desk().find(client_id)
        if seen is None:
            raise _missing(client_id)
        return answer(_described(seen, sockets=switch(request, "includeSocketInformation")))

    def subscriptions(request: Request) -> Response:
        client_id = _client_id(request)
        found = open_desk().subscriptions(client_id)
        if found is None:
            raise _missing(client_id)
        size = page_size(request, _MAX_PAGE, default=_PAGE)
        after = request.query_params.get("nextToken", "")
        rest = [each for each in found if each.topic_filter > after]
        said: dict[str, Any] = {
            "subscriptions": [
                {"topicFilter": each.topic_filter, "qos": each.qos} for each in rest[:size]
            ]
        }
        if len(rest) > size:
            said["nextToken"] = rest[size - 1].topic_filter
        return answer(said)

    async def send(request: Request) -> Response:
        client_id, segments = _client_id(request), raw_segments(request)
        if len(segments) != _MEMBER or segments[2] != "messages":
            raise InvalidAwsRequest("a message is posted to /connections/{clientId}/messages")
        topic = request.query_params.get("topic", "")
        try:
            checked_topic(topic, limits)
        except InvalidAwsRequest:
            if not topic.startswith("$aws/"):
                raise
        payload = await payload_of(request, limits)
        confirmation = switch(request, "confirmation")
        message = Message(
            topic, payload, int(confirmation), properties=properties_of(request, limits)
        )
        sent = await open_desk().send(client_id, message, _timeout_s(request, confirmation))
        if sent is Sent.ABSENT:
            raise _missing(client_id)
        if sent is Sent.FORBIDDEN:
            raise ForbiddenAction(f"the client's policies do not allow iot:Receive on {topic}")
        if sent is Sent.UNCONFIRMED:
            raise NotConfirmed(f"client {client_id} did not confirm in time")
        return answer({"message": "OK", "traceId": str(uuid.uuid4())})

    path = "/connections/{rest:path}"
    return [
        SignedRoute(DATA_PLANE, "DELETE", path, delete, needs=_on_client("iot:DeleteConnection")),
        SignedRoute(DATA_PLANE, "GET", path, read, needs=_reading),
        SignedRoute(DATA_PLANE, "POST", path, send, needs=_on_client("iot:SendDirectMessage")),
    ]


def _on_client(action: str) -> Needs:
    return lambda request: [(action, f"client/{_client_id(request)}")]


def _reading(request: Request) -> Sequence[tuple[str, str]]:
    is_one = len(raw_segments(request)) == _CONNECTION
    action = "iot:GetConnection" if is_one else "iot:ListSubscriptions"
    return [(action, f"client/{_client_id(request)}")]


def _client_id(request: Request) -> str:
    segments = raw_segments(request)
    client_id = segments[1] if len(segments) > 1 else ""
    if not client_id or client_id.startswith("$") or len(client_id) > _CLIENT_ID_CHARACTERS:
        raise InvalidAwsRequest(
            f"a client id has 1 to {_CLIENT_ID_CHARACTERS} characters and does not begin with $"
        )
    return client_id


def _missing(client_id: str) -> NoSuchClient:
    return NoSuchClient(f"client {client_id} is not connected")


def _timeout_s(request: Request, confirmation: bool) -> float | None:  # noqa: FBT001  as on the wire
    if not confirmation:
        return None
    return number_within(request, "timeout", 1, _MAX_TIMEOUT_S) or _TIMEOUT_S


def _described(seen: Seen, *, sockets: bool) -> dict[str, Any]:
    said: dict[str, Any] = {
        "clientId": seen.client_id,
        "connected": seen.is_connected,
        "cleanSession": seen.clean_start,
        "keepAliveDuration": seen.keep_alive_s,
        "sessionExpiry": int(seen.session_expiry_s),
    }
    if seen.thing:
        said["thingName"] = seen.thing
    if seen.is_connected:
        said["connectedSince"] = int(seen.connected_s * 1000)
    elif seen.why:
        said["disconnectedSince"] = int(seen.left_s * 1000)
        said["disconnectReason"] = seen.why
    if sockets and seen.peer[0]:
        said |= {"sourceIp": seen.peer[0], "sourcePort": seen.peer[1]}
        said |= {"targetIp": seen.local[0], "targetPort": seen.local[1]}
    return said
