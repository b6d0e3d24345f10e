"""Finds the route of a request as API Gateway does: exact, then parameters, then greedy."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from cloud_functions.runtime.template.declaration import Route

_NAMES: Final = re.compile(r"\{([^}+]+)\+?\}")
_WHATEVER: Final = re.compile(r"\$default\Z|/\{[^}]+\+\}\Z")


@dataclass(frozen=True, slots=True)
class Match:
    """A route and the values of its path parameters."""

    route: Route
    parameters: Mapping[str, str]


class Routes:
    """All routes of a template, most specific first."""

    def __init__(self, routes: Sequence[Route]) -> None:
        ordered = sorted(routes, key=_generality)
        self._routes = [
            (route, _NAMES.findall(route.path), _pattern(route.path)) for route in ordered
        ]

    def find(self, method: str, path: str) -> Match | None:
        """The route for a request, or None."""
        for route, names, pattern in self._routes:
            if route.method in (method, "ANY") and (found := pattern.match(path)):
                values = map(unquote, found.groups())
                return Match(route, dict(zip(names, values, strict=True)))
        return None

    def has(self, method: str, path: str) -> bool:
        """Whether a route is for a request that does not take whatever comes."""
        match = self.find(method, path)
        return match is not None and not _WHATEVER.match(match.route.path)

    def methods(self, path: str) -> set[str]:
        """The methods some route has for this path."""
        return {route.method for route, _, pattern in self._routes if pattern.match(path)}


def _generality(route: Route) -> tuple[int, int, int, int]:
    is_default = route.path == "$default"
    return (
        is_default,
        route.path.count("+}"),
        route.path.count("{"),
        int(route.method == "ANY"),
    )


def _pattern(path: str) -> re.Pattern[str]:
    if path == "$default":
        return re.compile(r"")
    parts = re.split(r"(\{[^}]+\})", path.rstrip("/") or "/")
    text = "".join(_piece(part) for part in parts)
    return re.compile(text + r"/?\Z")


def _piece(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return "(.+)" if part.endswith("+}") else "([^/]+)"
