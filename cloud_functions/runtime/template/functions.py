"""Functions of a template, and the events that call them."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.runtime.template import messaging, rules
from cloud_functions.runtime.template.declaration import Function, Route
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.values import number, text

_ANY_METHOD: Final = "X-AMAZON-APIGATEWAY-ANY-METHOD"


def _function(draft: Draft, name: str, said: dict[str, Any]) -> None:
    merged = draft.with_globals("Function", said)
    for refused in ("ImageUri", "InlineCode"):
        if refused in merged:
            raise InvalidDeclaration(f"{refused} is not supported; there is CodeUri")
    runtime = str(merged.get("Runtime", ""))
    if not runtime.startswith("python3"):
        raise InvalidDeclaration(f"Runtime {runtime or 'none'} is not supported; use python3")
    variables = (merged.get("Environment") or {}).get("Variables") or {}
    draft.functions[name] = Function(
        name=name,
        handler=text(merged, "Handler"),
        code=(draft.path.parent / str(merged.get("CodeUri", "."))).resolve(),
        timeout_s=number(merged, "Timeout", 3, 1, 900),
        memory_mb=int(number(merged, "MemorySize", 128, 128, 10_240)),
        concurrency=merged.get("ReservedConcurrentExecutions"),
        environment={key: str(value) for key, value in variables.items()},
    )
    for event_name, event in (merged.get("Events") or {}).items():
        _event(draft, name, event_name, event)


def _event(draft: Draft, function: str, name: str, event: dict[str, Any]) -> None:
    kind, said = event.get("Type"), event.get("Properties") or {}
    reader = EVENTS.get(str(kind))
    if reader is None:
        known = ", ".join(EVENTS)
        raise InvalidDeclaration(f"event {name}: {kind} is not supported; there are {known}")
    try:
        reader(draft, function, name, said)
    except InvalidDeclaration as error:
        raise InvalidDeclaration(f"event {name}: {error}") from None


def _route(draft: Draft, function: str, _name: str, said: dict[str, Any]) -> None:
    if "Path" not in said:
        draft.routes.append(Route("ANY", "$default", function, _authorizer_of(said)))
        return
    method = str(said.get("Method", "ANY")).upper().replace(_ANY_METHOD, "ANY")
    draft.routes.append(Route(method, text(said, "Path"), function, _authorizer_of(said)))


def _authorizer_of(said: dict[str, Any]) -> str | None:
    """An authorizer's name, None for the API's default, `NONE` for none at all."""
    name = (said.get("Auth") or {}).get("Authorizer")
    return None if name is None else str(name)


EventReader: TypeAlias = Callable[[Draft, str, str, dict[str, Any]], None]

EVENTS: Final[Mapping[str, EventReader]] = {
    "HttpApi": _route,
    "IoTRule": rules.read_event,
    "SQS": messaging.read_queue_event,
    "SNS": messaging.read_topic_event,
}
"""How a function can be called, by SAM's word."""

READERS: Final[Mapping[str, ResourceReader]] = {"AWS::Serverless::Function": _function}
