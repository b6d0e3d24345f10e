"""Functions of a template, and the events that call them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from cloud_functions.runtime.template import messaging, properties, routes, rules
from cloud_functions.runtime.template.declaration import Function
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.values import (
    as_object,
    demand_known,
    inner,
    number,
    refused,
    scalar,
    shown,
    text,
    text_or,
)
from cloud_functions.runtime.template.yaml_nodes import Marked, Refusal

_KIND: Final = "AWS::Serverless::Function"
_RUNTIME: Final = re.compile(r"python3\.[0-9]{1,2}\Z")
_VARIABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]+\Z")
_RESERVED: Final = frozenset(
    {
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
        *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_INITIALIZATION_TYPE"),
        *("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "_HANDLER"),
    }
)
"""Variables that Lambda sets itself, and refuses in a function's configuration."""
_OURS: Final = Path(__file__).parents[3]
"""Where the product's own handlers are found by every function."""


def _function(draft: Draft, name: str, said: Marked) -> None:
    merged = draft.with_globals("Function", said)
    for missing in ("ImageUri", "InlineCode"):
        if missing in merged:
            raise Refusal(f"{missing} is not supported; there is CodeUri", merged.places[missing])
    properties.demand(_KIND, merged)
    if text_or(merged, "PackageType", "Zip") != "Zip":
        raise refused(merged, "PackageType", "PackageType is Zip here")
    runtime = text_or(merged, "Runtime", "none")
    if not _RUNTIME.match(runtime):
        complaint = f"Runtime {runtime} is not supported; use python3, such as python3.12"
        raise refused(merged, "Runtime", complaint)
    named = draft.name(name, _KIND, merged)
    if named in draft.functions:
        raise refused(merged, "FunctionName", f"there is another function {named}")
    code = _code(draft, merged)
    draft.logical_ids[named] = name
    draft.functions[named] = Function(
        name=named,
        handler=_handler(merged),
        code=code,
        timeout_s=float(number(merged, "Timeout", 3, 1, 900)),
        memory_mb=number(merged, "MemorySize", 128, 128, 10_240),
        concurrency=_concurrency(merged),
        environment=_variables(merged),
    )
    draft.checks_of_code.append((name, lambda: _check_code(merged, code)))
    events = inner(merged, "Events")
    for event_name, event in events.items():
        place = events.values_at[event_name]
        try:
            _event(draft, named, name + event_name, as_object(event, "an event", place))
        except Refusal as error:
            place = error.place or events.places[event_name]
            raise Refusal(f"event {event_name}: {error}", place) from None


def _code(draft: Draft, said: Marked) -> Path:
    """The folder where the function's code should be."""
    given = text_or(said, "CodeUri", ".")
    try:
        return (draft.path.parent / given).resolve()
    except (OSError, ValueError):  # a name too long, a null character
        raise refused(said, "CodeUri", f"CodeUri {shown(given)} is no folder") from None


def _handler(said: Marked) -> str:
    """`module.attribute`."""
    handler = text(said, "Handler")
    *parts, attribute = _parts(handler)
    if not parts or not all(part.isidentifier() for part in (*parts, attribute)):
        complaint = f"Handler is MODULE.FUNCTION, as in app.handler, not {shown(handler)}"
        raise refused(said, "Handler", complaint)
    return handler


def _parts(handler: str) -> list[str]:
    """The levels of the module, which may be written as a path, and the attribute."""
    module, dot, attribute = handler.rpartition(".")
    return [*module.replace("/", ".").split("."), attribute] if dot else [handler]


def _check_code(said: Marked, code: Path) -> None:
    """The folder is there, and in it the handler's module, unless that is the product's own."""
    try:
        is_there = code.is_dir()
    except OSError:  # a name too long
        is_there = False
    if not is_there:
        given = shown(text_or(said, "CodeUri", "."))
        raise refused(said, "CodeUri", f"CodeUri {given}: there is no such folder")
    parts = _parts(text(said, "Handler"))[:-1]
    roots = [code, _OURS] if parts[0] == "cloud_functions" else [code]
    if not any(_has_module(root.joinpath(*parts)) for root in roots):
        file, handler = "/".join(parts), shown(said["Handler"])
        complaint = f"Handler {handler}: there is neither {file}.py nor {file}/__init__.py"
        raise refused(said, "Handler", f"{complaint} in {code}")


def _has_module(path: Path) -> bool:
    try:
        return path.with_name(f"{path.name}.py").is_file() or (path / "__init__.py").is_file()
    except OSError:  # a name too long
        return False


def _concurrency(said: Marked) -> int | None:
    if said.get("ReservedConcurrentExecutions") is None:
        return None
    return number(said, "ReservedConcurrentExecutions", 1, 1, 1000)


def _variables(said: Marked) -> dict[str, str]:
    environment = inner(said, "Environment")
    demand_known(environment, ("Variables",), ())
    variables = inner(environment, "Variables")
    found: dict[str, str] = {}
    for name, value in variables.items():
        if not _VARIABLE.match(name) or name in _RESERVED:
            place = variables.places[name]
            raise Refusal(f"{shown(name)} is no variable that a function can be given", place)
        written = scalar(value)
        if written is None or "\0" in written:
            raise refused(variables, name, f"the variable {name} is a text, not {shown(value)}")
        found[name] = written
    return found


def _event(draft: Draft, function: str, name: str, event: Marked) -> None:
    demand_known(event, ("Type", "Properties"), ())
    kind = event.get("Type")
    reader = EVENTS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        known = ", ".join(EVENTS)
        complaint = f"{shown(kind) if not isinstance(kind, str) else kind} is not supported"
        raise refused(event, "Type", f"{complaint}; there are {known}")
    reader(draft, function, name, inner(event, "Properties"))


EventReader: TypeAlias = Callable[[Draft, str, str, Marked], None]
"""Reads one event by its function, the logical id that SAM makes of both, and its properties."""

EVENTS: Final[Mapping[str, EventReader]] = {
    "HttpApi": routes.read_event,
    "IoTRule": rules.read_event,
    "SQS": messaging.read_queue_event,
    "SNS": messaging.read_topic_event,
}
"""How a function can be called, by SAM's word."""

READERS: Final[Mapping[str, ResourceReader]] = {_KIND: _function}
