"""Shadows, things and phones on AWS, over boto3."""

import json
from collections.abc import Mapping
from typing import Any

import boto3

from cloud_functions.contract import shadows
from cloud_functions.errors import InvalidRequest, NotFound, TooLarge
from cloud_functions.ports import Phones, Shadows, Things


class AwsShadows:
    """An adapter of `ports.Shadows`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, thing: str) -> Mapping[str, Any]:
        """The whole document.  Raises NotFound."""
        try:
            answer = self._client.get_thing_shadow(thingName=thing)
        except self._client.exceptions.ResourceNotFoundException as error:
            raise NotFound(str(error)) from error
        said: Mapping[str, Any] = json.loads(answer["payload"].read())
        return said

    def desire(self, thing: str, desired: Mapping[str, Any], client_token: str) -> int:
        """Merge into `desired`; the new version.  Raises InvalidRequest, TooLarge."""
        payload = json.dumps(shadows.desire(desired, client_token)).encode()
        known = self._client.exceptions
        try:
            answer = self._client.update_thing_shadow(thingName=thing, payload=payload)
        except known.RequestEntityTooLargeException as error:
            raise TooLarge(str(error)) from error
        except known.InvalidRequestException as error:
            raise InvalidRequest(str(error)) from error
        return int(json.loads(answer["payload"].read())["version"])


class AwsThings:
    """An adapter of `ports.Things`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def attributes(self, thing: str) -> Mapping[str, str]:
        """The attributes of a registered thing.  Raises NotFound."""
        try:
            return dict(self._client.describe_thing(thingName=thing).get("attributes") or {})
        except self._client.exceptions.ResourceNotFoundException as error:
            raise NotFound(str(error)) from error


class AwsPhones:
    """An adapter of `ports.Phones`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def post(self, connection_id: str, data: bytes) -> bool:
        """Send to one connection; False when it has gone."""
        try:
            self._client.post_to_connection(ConnectionId=connection_id, Data=data)
        except self._client.exceptions.GoneException:
            return False
        return True


def reach(sockets: str) -> tuple[Shadows, Things, Phones]:
    """The adapters; `sockets` is the WebSocket API's management URL."""
    phones = boto3.client("apigatewaymanagementapi", endpoint_url=sockets or None)
    return AwsShadows(boto3.client("iot-data")), AwsThings(boto3.client("iot")), AwsPhones(phones)
