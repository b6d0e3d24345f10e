"""Shadows, things and phones over HTTP, as AWS's data plane, registry and gateway offer them."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from cloud_functions.contract import shadows
from cloud_functions.messaging.http_client import HttpClient

_GONE: Final = 410


class HttpShadows:
    """An adapter of `ports.Shadows`."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def get(self, thing: str) -> Mapping[str, Any]:
        """The whole document.  Raises NotFound."""
        return self._client.call("GET", f"/things/{quote(thing, safe='')}/shadow")

    def desire(self, thing: str, desired: Mapping[str, Any], client_token: str) -> int:
        """Merge into `desired`; the new version.  Raises InvalidRequest, TooLarge."""
        body = json.dumps(shadows.desire(desired, client_token)).encode()
        said = self._client.call("POST", f"/things/{quote(thing, safe='')}/shadow", body)
        return int(said["version"])


class HttpThings:
    """An adapter of `ports.Things`."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def attributes(self, thing: str) -> Mapping[str, str]:
        """The attributes of a registered thing.  Raises NotFound."""
        said = self._client.call("GET", f"/things/{quote(thing, safe='')}")
        return dict(said.get("attributes") or {})


class HttpPhones:
    """An adapter of `ports.Phones`."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def post(self, connection_id: str, data: bytes) -> bool:
        """Send to one connection; False when it has gone."""
        status, _ = self._client.send("POST", f"/@connections/{connection_id}", data)
        return status != _GONE
