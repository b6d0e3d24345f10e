"""Routes of the HTTP API, which SAM's event `HttpApi` gives a function."""

import re
from typing import Final

from cloud_functions.runtime.template import properties
from cloud_functions.runtime.template.declaration import Route
from cloud_functions.runtime.template.draft import Draft
from cloud_functions.runtime.template.values import demand_known, inner, refused, shown, text
from cloud_functions.runtime.template.yaml_nodes import Marked, Refusal, place_of

_ANY_METHOD: Final = "X-AMAZON-APIGATEWAY-ANY-METHOD"
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
_LEVEL: Final = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:@-]+\Z")
_PARAMETER: Final = re.compile(r"\{([A-Za-z0-9._:-]+)(\+?)\}\Z")
_MAX_PATH: Final = 2048


def read_event(draft: Draft, function: str, _name: str, said: Marked) -> None:
    """A function behind a route; behind all that no other route takes, where no path is given."""
    properties.demand("HttpApi", said)
    if said.get("PayloadFormatVersion", "2.0") not in ("2.0", 2.0):
        raise refused(said, "PayloadFormatVersion", "PayloadFormatVersion is 2.0 here")
    route = Route(_method(said), _path(said), function, _authorizer_of(said))
    if any(_is_same(route, other) for other in draft.routes):
        complaint = f"there is another route {route.method} {route.path}"
        raise refused(said, "Path", complaint)
    draft.routes.append(route)
    auth = said.get("Auth")

    def check() -> None:
        if route.authorizer not in {None, "NONE", *draft.authorizers}:
            names = ", ".join(draft.authorizers) or "none"
            complaint = f"there is no authorizer {route.authorizer}; there are {names}"
            raise Refusal(complaint, place_of(auth, "Authorizer"))

    draft.checks.append((draft.logical_ids[function], check))


def _method(said: Marked) -> str:
    if "Path" not in said and "Method" in said:
        raise refused(said, "Method", "Method needs Path beside it")
    given = said.get("Method", "ANY")
    method = str(given).upper().replace(_ANY_METHOD, "ANY")
    if not isinstance(given, str) or method not in _METHODS:
        complaint = f"Method is {', '.join(_METHODS)}, not {shown(given)}"
        raise refused(said, "Method", complaint)
    return method


def _path(said: Marked) -> str:
    """The path, which is made of levels; a level that is a parameter is nothing else."""
    if "Path" not in said:
        return "$default"
    path = text(said, "Path")
    if path == "$default":
        return path
    if not path.startswith("/") or len(path) > _MAX_PATH:
        raise _malformed(said, "it begins with /")
    levels = path[1:].split("/")
    if levels[-1] == "":
        del levels[-1]  # the root, or a slash at the end
    names = set()
    for index, level in enumerate(levels):
        parameter = _PARAMETER.match(level)
        if parameter is None:
            if not _LEVEL.match(level):
                raise _malformed(said, f"{shown(level)} is no level of a path")
            continue
        name, greedy = parameter.groups()
        if name in names:
            raise _malformed(said, f"the parameter {name} stands twice")
        names.add(name)
        if greedy and index < len(levels) - 1:
            raise _malformed(said, f"{level} stands only at the end")
    return path


def _malformed(said: Marked, why: str) -> Refusal:
    return refused(said, "Path", f"Path {shown(said['Path'])} is malformed: {why}")


def _is_same(one: Route, other: Route) -> bool:
    return one.method == other.method and _shape(one.path) == _shape(other.path)


def _shape(path: str) -> str:
    """The path with nameless parameters: their names tell no routes apart."""
    return re.sub(r"\{[^}+]+", "{", path.rstrip("/") or "/")


def _authorizer_of(said: Marked) -> str | None:
    """An authorizer's name, None for the API's default, `NONE` for none at all."""
    auth = inner(said, "Auth")
    demand_known(auth, ("Authorizer",), ())
    return text(auth, "Authorizer") if auth.get("Authorizer") is not None else None
