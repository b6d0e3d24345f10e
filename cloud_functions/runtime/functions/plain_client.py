"""Speaks the Runtime API where awslambdaric has no wheel (outside Linux)."""

import http.client
import importlib
import json
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

_BASE: Final = "/2018-06-01/runtime"


class Client:
    """A connection to the Runtime API of one environment."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address)

    def next(self) -> tuple[str, Any]:
        """The next event and its request id; waits as long as it takes."""
        self._connection.request("GET", f"{_BASE}/invocation/next")
        response = self._connection.getresponse()
        body = response.read()
        return response.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(body)

    def answer(self, path: str, body: Any) -> None:
        """Post a result or an error."""
        self._connection.request("POST", f"{_BASE}/{path}", json.dumps(body))
        self._connection.getresponse().read()


def run(handler_name: str, client: Client) -> None:
    """Run a handler until the process is ended."""
    try:
        handler = _load(handler_name)
    except Exception as error:  # noqa: BLE001  whatever an import raises is the init error
        client.answer("init/error", _described(error))
        raise SystemExit(1) from None
    while True:
        request_id, event = client.next()
        context = SimpleNamespace(aws_request_id=request_id)
        try:
            result = handler(event, context)
        except Exception as error:  # noqa: BLE001  whatever a handler raises is its error
            client.answer(f"invocation/{request_id}/error", _described(error))
        else:
            client.answer(f"invocation/{request_id}/response", result)


def _load(name: str) -> Callable[[Any, Any], Any]:
    module, _, attribute = name.rpartition(".")
    found: Callable[[Any, Any], Any] = getattr(importlib.import_module(module), attribute)
    return found


def _described(error: Exception) -> dict[str, Any]:
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(error.__traceback__),
    }
