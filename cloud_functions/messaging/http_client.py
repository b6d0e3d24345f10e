"""A keep-alive HTTP connection with the standard library, which costs no import time."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from cloud_functions.errors import (
    CloudError,
    Conflict,
    InvalidRequest,
    NotFound,
    TooLarge,
    Unavailable,
)

_ERRORS: dict[int, type[CloudError]] = {
    400: InvalidRequest,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
}


class HttpClient:
    """One base address; a connection that was closed meanwhile is opened again once."""

    def __init__(self, base: str, timeout_s: float = 5.0) -> None:
        address = urlsplit(base)
        self._path = address.path.rstrip("/")
        self._connection = http.client.HTTPConnection(
            address.hostname or "127.0.0.1", address.port or 80, timeout=timeout_s
        )

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body of the answer.  Raises Unavailable."""
        for attempt in (1, 2):
            try:
                self._connection.request(method, self._path + path, body)
                response = self._connection.getresponse()
                return response.status, response.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if attempt == 2:  # noqa: PLR2004  the second and last
                    raise Unavailable(f"{method} {path}: {error}") from error
        raise AssertionError

    def call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        """The JSON object of a successful answer.  Raises the CloudError of the status."""
        status, raw = self.send(method, path, body)
        said: dict[str, Any] = json.loads(raw) if raw else {}
        if status >= 400:  # noqa: PLR2004  HTTP errors begin here
            raise _ERRORS.get(status, Unavailable)(str(said.get("message", f"HTTP {status}")))
        return said
