"""The attributes of a message over HTTP: what MQTT cannot carry is refused at the door."""

import base64
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest
from cloud_functions.runtime.http.aws.mqtt_attributes import properties_of


def request(query: dict[str, str], headers: dict[str, str]) -> Request:
    lines = [(f"x-amz-mqtt5-{name}".encode(), text.encode()) for name, text in headers.items()]
    return Request(
        {
            "type": "http",
            "method": "POST",
            "path": "/topics/a",
            "query_string": urlencode(query).encode(),
            "headers": lines,
        }
    )


NULL_IN_PAIR = base64.b64encode(b'[{"k": "a\\u0000b"}]').decode()


@pytest.mark.parametrize(
    ("query", "headers", "complaint"),
    [
        ({"contentType": "a\0b"}, {}, "content_type is UTF-8 text without the null"),
        ({"responseTopic": "a\0b"}, {}, "no null character"),
        ({}, {"user-properties": NULL_IN_PAIR}, "user_property is UTF-8 text without the null"),
        ({"messageExpiry": "²"}, {}, "messageExpiry is 1 to"),
        ({"messageExpiry": "9" * 5000}, {}, "messageExpiry is 1 to"),
        ({}, {"correlation-data": "é"}, "correlationData is base64"),
    ],
)
def test_attributes_that_mqtt_cannot_carry_are_refused(query, headers, complaint) -> None:
    with pytest.raises(InvalidAwsRequest, match=complaint):
        properties_of(request(query, headers), GatewayLimits())
