"""`/openapi.json`: the template's routes, described by the models of their handlers."""

import importlib
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cloud_functions.contract.api import Error
from cloud_functions.contract.shadows import THING_NAME_PATTERN
from cloud_functions.runtime.template.declaration import Declaration, Route

_REF: Final = "#/components/schemas/{model}"
_GATEWAY: Final = {
    "type": "object",
    "properties": {"message": {"type": "string"}},
    "required": ["message"],
}
_THEIRS: Final = {"$ref": "#/components/schemas/GatewayMessage"}
_OURS: Final = {"$ref": "#/components/schemas/Error"}
_GATEWAY_ERRORS: Final = {
    "401": "the token is missing or not valid",
    "404": "there is no such route",
    "413": "the body is too long",
    "429": "too many requests at once",
    "500": "the function failed",
    "503": "the function took too long",
}
"""What the gateway itself answers, on every route."""
_HANDLER_ERRORS: Final = {
    "400": "the request breaks the contract",
    "403": "known, and not allowed",
    "404": "not there, or somebody else's",
    "409": "somebody was faster",
    "413": "more than the robot's shadow can hold",
    "500": "something went wrong here",
    "503": "the service cannot answer now",
}
"""What the product's handlers answer."""


def openapi(declaration: Declaration) -> dict[str, Any]:
    """An OpenAPI 3.1 document of a template's routes."""
    described = {route: _handler(declaration, route) for route in declaration.routes}
    models: list[type[BaseModel]] = [Error] if any(described.values()) else []
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
            paths.setdefault(route.path, {})[_method(route)] = operation
    components: dict[str, Any] = {
        "schemas": {**schema.get("$defs", {}), "GatewayMessage": _GATEWAY}
    }
    if declaration.authorizers:
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        components["securitySchemes"] = {"bearer": bearer}
    return {
        "openapi": "3.1.0",
        "info": {"title": declaration.description or declaration.path.name, "version": "1"},
        "paths": paths,
        "components": components,
    }


def _method(route: Route) -> str:
    """OpenAPI has no word for any method; API Gateway's own export has this one."""
    return "x-amazon-apigateway-any-method" if route.method == "ANY" else route.method.lower()


def _handler(declaration: Declaration, route: Route) -> Mapping[str, Any]:
    """What a handler's module says of itself; nothing for somebody else's function."""
    module = declaration.functions[route.function].handler.rpartition(".")[0]
    if not module.startswith("cloud_functions.handlers."):
        return {}
    return vars(importlib.import_module(module))


def _operation(
    route: Route, handler: Mapping[str, Any], declaration: Declaration
) -> dict[str, Any]:
    needs_token = (route.authorizer or declaration.default_authorizer) not in (None, "NONE")
    names = re.findall(r"\{([^}+]+)\+?\}", route.path)
    operation: dict[str, Any] = {
        "operationId": route.function,
        "summary": (handler.get("__doc__") or route.function).split("\n")[0],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _path_schema(name, handler)}
            for name in names
        ]
        + [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
            for name, text in (handler.get("QUERY") or {}).items()
        ],
        "responses": _responses(handler, needs_token=needs_token),
    }
    if needs_token:
        operation["security"] = [{"bearer": []}]
    request = handler.get("REQUEST")
    if request is not None:
        operation["requestBody"] = {
            "required": True,
            "content": _content({"$ref": _REF.format(model=request.__name__)}),
        }
    return operation


def _path_schema(name: str, handler: Mapping[str, Any]) -> dict[str, Any]:
    """Only the product's own routes are known to name a thing by `thing`."""
    if handler and name == "thing":
        return {"type": "string", "pattern": THING_NAME_PATTERN}
    return {"type": "string", "minLength": 1}


def _responses(handler: Mapping[str, Any], *, needs_token: bool) -> dict[str, Any]:
    """What a route answers; of somebody else's function only the gateway's part is known."""
    done: dict[str, Any] = {"description": "done"}
    response = handler.get("RESPONSE")
    if response is not None:
        done["content"] = _content({"$ref": _REF.format(model=response.__name__)})
    found = {str(handler.get("STATUS", 200)): done} if handler else {"default": done}
    gateway = dict(_GATEWAY_ERRORS)
    if not needs_token:
        del gateway["401"]
    if not handler:
        del gateway["404"]  # an unknown route is no answer of this one
    handlers = _HANDLER_ERRORS if handler else {}
    for status in sorted({*gateway, *handlers}):
        kinds = [(handlers, _OURS), (gateway, _THEIRS)]
        said = [(texts[status], schema) for texts, schema in kinds if status in texts]
        schemas = [schema for _, schema in said]
        found[status] = {
            "description": "; or ".join(text for text, _ in said),
            "content": _content(schemas[0] if len(schemas) == 1 else {"oneOf": schemas}),
        }
    return found


def _content(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
