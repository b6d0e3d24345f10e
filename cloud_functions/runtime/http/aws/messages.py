"""AWS's `iot-data` over HTTP: Publish (AWS reference, section 8.1)."""

import uuid
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest, answer
from cloud_functions.runtime.http.aws.mqtt_attributes import (
    PayloadTooLarge,
    checked_topic,
    payload_of,
    properties_of,
    switch,
)
from cloud_functions.runtime.http.aws.raw_path import topic_of
from cloud_functions.runtime.http.aws.signed_route import DATA_PLANE, SignedRoute


def routes(
    inject: Callable[[Message], Awaitable[None]], limits: GatewayLimits
) -> Sequence[SignedRoute]:
    """The route of Publish; it answers when the message's consequences are durable."""

    async def publish(request: Request) -> Response:
        retain = switch(request, "retain")
        topic = checked_topic(topic_of(request), limits, retain=retain)
        qos = request.query_params.get("qos", "0")
        if qos not in ("0", "1"):
            raise InvalidAwsRequest(f"qos is 0 or 1, not {qos!r}")
        try:
            payload = await payload_of(request, limits)
        except PayloadTooLarge as error:
            raise InvalidAwsRequest(str(error)) from None  # Publish's model knows no 413
        properties = properties_of(request, limits)
        await inject(Message(topic, payload, int(qos), retain, properties=properties))
        return answer({"message": "OK", "traceId": str(uuid.uuid4())})

    return [SignedRoute(DATA_PLANE, "POST", "/topics/{topic:path}", publish, needs=_needs)]


def _needs(request: Request) -> Sequence[tuple[str, str]]:
    asked = [("iot:Publish", topic_of(request))]
    if switch(request, "retain"):
        asked.append(("iot:RetainPublish", topic_of(request)))
    return asked
