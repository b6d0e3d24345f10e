"""`/openapi.json`: the template's routes, described by the models of their handlers."""

import importlib
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cloud_functions.contract.api import Error
from cloud_functions.runtime.template.declaration import Declaration, Route

_REF: Final = "#/components/schemas/{model}"
_GATEWAY: Final = {
    "type": "object",
    "properties": {"message": {"type": "string"}},
    "required": ["message"],
}
_GATEWAY_ERRORS: Final = {
    "401": "the token is missing or not valid",
    "413": "the body is too long",
    "429": "too many requests at once",
    "503": "the function took too long",
}
_HANDLER_ERRORS: Final = {
    "400": "the request breaks the contract",
    "403": "known, and not allowed",
    "404": "not there, or somebody else's",
    "409": "somebody was faster",
}


def openapi(declaration: Declaration) -> dict[str, Any]:
    """An OpenAPI 3.1 document of a template's routes."""
    described = {route: _handler(declaration, route) for route in declaration.routes}
    models: list[type[BaseModel]] = [Error]
    for handler in described.values():
        models += [model for model in (handler.get("REQUEST"), handler.get("RESPONSE")) if model]
    unique = list(dict.fromkeys(models))
    _, schema = models_json_schema(
        [(model, "validation") for model in unique], ref_template=_REF, by_alias=True
    )
    paths: dict[str, dict[str, Any]] = {}
    for route, handler in described.items():
        if route.path != "$default":
            operation = _operation(route, handler, declaration)
            paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "robofleet", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {**schema.get("$defs", {}), "GatewayMessage": _GATEWAY},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _handler(declaration: Declaration, route: Route) -> Mapping[str, Any]:
    """What a handler's module says of itself; nothing for somebody else's function."""
    module = declaration.functions[route.function].handler.rpartition(".")[0]
    if not module.startswith("cloud_functions.handlers."):
        return {}
    return vars(importlib.import_module(module))


def _operation(
    route: Route, handler: Mapping[str, Any], declaration: Declaration
) -> dict[str, Any]:
    names = re.findall(r"\{([^}+]+)\+?\}", route.path)
    operation: dict[str, Any] = {
        "operationId": route.function,
        "summary": (handler.get("__doc__") or route.function).split("\n")[0],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ]
        + [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
            for name, text in (handler.get("QUERY") or {}).items()
        ],
        "responses": _responses(handler),
    }
    if (route.authorizer or declaration.default_authorizer) not in (None, "NONE"):
        operation["security"] = [{"bearer": []}]
    request = handler.get("REQUEST")
    if request is not None:
        operation["requestBody"] = {"required": True, "content": _content(request.__name__)}
    return operation


def _responses(handler: Mapping[str, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "done"}
    response = handler.get("RESPONSE")
    if response is not None:
        done["content"] = _content(response.__name__)
    found = {str(handler.get("STATUS", 200)): done}
    for status, text in _HANDLER_ERRORS.items():
        found[status] = {"description": text, "content": _content("Error")}
    for status, text in _GATEWAY_ERRORS.items():
        found[status] = {"description": text, "content": _content("GatewayMessage")}
    return found


def _content(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}
