"""Reads what functions are called with: HTTP requests, WebSocket events, rule results."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from cloud_functions.errors import InvalidRequest

M = TypeVar("M", bound=BaseModel)


class HttpRequest(NamedTuple):
    """A request of HTTP API payload version 2.0, as far as handlers need it."""

    claims: Mapping[str, Any]
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: str

    @property
    def account(self) -> str:
        """The caller's account."""
        return str(self.claims["sub"])

    def parse(self, model: type[M]) -> M:
        """The body as a model.  Raises InvalidRequest naming the member and what is allowed."""
        try:
            return model.model_validate_json(self.body or "{}")
        except ValidationError as error:
            raise InvalidRequest(_complaint(error)) from None


def http_request(event: Mapping[str, Any]) -> HttpRequest:
    """The request in an event."""
    authorizer = event["requestContext"].get("authorizer") or {}
    return HttpRequest(
        claims=(authorizer.get("jwt") or {}).get("claims") or {},
        path=event.get("pathParameters") or {},
        query=event.get("queryStringParameters") or {},
        body=event.get("body") or "",
    )


def connection_id(event: Mapping[str, Any]) -> str:
    """The WebSocket connection an event is about."""
    return str(event["requestContext"]["connectionId"])


def _complaint(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the body"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"


def answer(status: int, body: BaseModel | Mapping[str, Any] | None) -> dict[str, Any]:
    """An HTTP answer with a JSON body."""
    if isinstance(body, BaseModel):
        text = body.model_dump_json(by_alias=True, exclude_none=True)
    else:
        text = "" if body is None else json.dumps(body)
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": text,
    }
