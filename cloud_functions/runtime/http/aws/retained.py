"""AWS's `iot-data` over HTTP: retained messages (AWS reference, section 3.5)."""

import base64
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.errors import NotFound
from cloud_functions.runtime.device_gateway.retained import RetainedMessages
from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest, answer, page_size
from cloud_functions.runtime.http.aws.mqtt_attributes import written_user_properties
from cloud_functions.runtime.http.aws.raw_path import topic_of
from cloud_functions.runtime.http.aws.signed_route import DATA_PLANE, SignedRoute

_MAX_PAGE: Final = 200


class NothingRetained(NotFound):
    """AWS's ResourceNotFoundException."""

    code = "ResourceNotFoundException"


def routes(retained: RetainedMessages | None) -> Sequence[SignedRoute]:
    """The routes of retained messages; None where the broker does not tell of them."""

    def known() -> RetainedMessages:
        if retained is None:
            raise InvalidAwsRequest(
                "this cloud's broker keeps retained messages to itself: subscribe to the topic, or"
                " run `robofleet up --broker builtin`"
            )
        return retained

    async def get(request: Request) -> Response:
        topic = topic_of(request)
        found = known().find(topic)
        if found is None:
            raise NothingRetained(f"No retained message exists for topic: {topic}")
        message = found.message
        said: dict[str, Any] = {
            "topic": topic,
            "payload": base64.b64encode(message.payload).decode(),
            "qos": message.qos,
            "lastModifiedTime": int(found.stored_s * 1000),
        }
        if (properties := written_user_properties(message.properties)) is not None:
            said["userProperties"] = properties
        return answer(said)

    async def list_topics(request: Request) -> Response:
        size = page_size(request, _MAX_PAGE)
        found = known().page(request.query_params.get("nextToken", ""), size + 1)
        topics = [
            {
                "topic": each.message.topic,
                "payloadSize": len(each.message.payload),
                "qos": each.message.qos,
                "lastModifiedTime": int(each.stored_s * 1000),
            }
            for each in found[:size]
        ]
        said: dict[str, Any] = {"retainedTopics": topics}
        if len(found) > size:
            said["nextToken"] = found[size - 1].message.topic
        return answer(said)

    return [
        SignedRoute(
            DATA_PLANE,
            "GET",
            "/retainedMessage",
            list_topics,
            needs=lambda _: [("iot:ListRetainedMessages", "*")],
        ),
        SignedRoute(
            DATA_PLANE,
            "GET",
            "/retainedMessage/{topic:path}",
            get,
            needs=lambda request: [("iot:GetRetainedMessage", f"topic/{topic_of(request)}")],
        ),
    ]
