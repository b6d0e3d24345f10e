"""A keep-alive HTTP connection with the standard library, which costs no import time."""

import http.client
import json
import time
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
from cloud_functions.region import REGION

_ERRORS: dict[int, type[CloudError]] = {
    400: InvalidRequest,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
}


class HttpClient:
    """One base address; a connection that was closed meanwhile is opened again once.

    With credentials every request is signed for the service.
    """

    def __init__(
        self,
        base: str,
        credentials: tuple[str, str] | None = None,
        service: str = "",
        *,
        timeout_s: float = 5.0,
    ) -> None:
        address = urlsplit(base)
        self._path = address.path.rstrip("/")
        self._host = address.netloc
        self._credentials = credentials
        self._service = service
        self._connection = http.client.HTTPConnection(
            address.hostname or "127.0.0.1", address.port or 80, timeout=timeout_s
        )

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body of the answer.  Raises Unavailable."""
        for attempt in (1, 2):
            try:
                headers = self._headers(method, self._path + path, body or b"")
                self._connection.request(method, self._path + path, body, headers)
                response = self._connection.getresponse()
                return response.status, response.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if attempt == 2:  # noqa: PLR2004  the second and last
                    raise Unavailable(f"{method} {path}: {error}") from error
        raise AssertionError

    def _headers(self, method: str, target: str, body: bytes) -> dict[str, str]:
        """The signature, where one is asked for."""
        if self._credentials is None:
            return {}
        from cloud_functions.contract.aws_signature import (  # noqa: PLC0415  few clouds ask for it
            Credentials,
            Signed,
            signed_headers,
        )

        path, _, query = target.partition("?")
        headers = {"host": self._host}
        return {
            **headers,
            **signed_headers(
                Credentials(*self._credentials),
                Signed(method, path, query, headers, body),
                region=REGION,
                service=self._service,
                now_s=time.time(),
            ),
        }

    def call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        """The JSON object of a successful answer.  Raises the CloudError of the status."""
        status, raw = self.send(method, path, body)
        said: dict[str, Any] = json.loads(raw) if raw else {}
        if status >= 400:  # noqa: PLR2004  HTTP errors begin here
            raise _ERRORS.get(status, Unavailable)(str(said.get("message", f"HTTP {status}")))
        return said

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()
