"""The HTTP API of a template with its authorizers, and its WebSocket routes."""

import re
from collections.abc import Mapping
from typing import Final

from cloud_functions.runtime.template import properties
from cloud_functions.runtime.template.declaration import Authorizer, Cors, SocketRoute
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.values import (
    as_object,
    demand_known,
    flag,
    inner,
    number,
    refused,
    shown,
    text,
    text_or,
    texts,
)
from cloud_functions.runtime.template.yaml_nodes import Marked, Refusal, place_of

_HEADER: Final = "$request.header."
_ROUTE_KEY: Final = re.compile(r"\$(connect|disconnect|default)\Z|[^$\s][^\s]{0,127}\Z")
_DAY_S: Final = 86_400


def _http_api(draft: Draft, name: str, said: Marked) -> None:
    merged = draft.with_globals("HttpApi", said)
    properties.demand("AWS::Serverless::HttpApi", merged)
    auth = inner(merged, "Auth")
    demand_known(auth, ("Authorizers", "DefaultAuthorizer"), ())
    authorizers = inner(auth, "Authorizers")
    for each, authorizer in authorizers.items():
        what, place = f"authorizer {each}", authorizers.values_at[each]
        draft.authorizers[each] = _authorizer(each, as_object(authorizer, what, place))
    if auth.get("DefaultAuthorizer") is not None:
        draft.default_authorizer = default = text(auth, "DefaultAuthorizer")

        def check() -> None:
            if default not in draft.authorizers:
                names = ", ".join(draft.authorizers) or "none"
                complaint = f"there is no authorizer {default}; there are {names}"
                raise refused(auth, "DefaultAuthorizer", complaint)

        draft.checks.append((name, check))
    if (cors := _cors(merged)) is not None:
        draft.cors = cors


def _authorizer(name: str, said: Marked) -> Authorizer:
    if "JwtConfiguration" not in said:
        raise Refusal(f"authorizer {name}: only JwtConfiguration is supported", said.place)
    demand_known(said, ("JwtConfiguration", "IdentitySource"), ())
    jwt = inner(said, "JwtConfiguration")
    demand_known(jwt, ("issuer", "audience"), ())
    source = text_or(said, "IdentitySource", f"{_HEADER}Authorization")
    if not source.startswith(_HEADER):
        complaint = f"IdentitySource is {_HEADER}NAME, not {shown(source)}"
        raise refused(said, "IdentitySource", complaint)
    return Authorizer(name, text(jwt, "issuer"), texts(jwt, "audience"), source)


def _cors(said: Marked) -> Cors | None:
    given = said.get("CorsConfiguration")
    if given is None or given is False:
        return None
    if given is True:
        return Cors(("*",), ("*",), ("*",))
    cors = inner(said, "CorsConfiguration")
    demand_known(
        cors,
        (
            *("AllowOrigins", "AllowMethods", "AllowHeaders", "MaxAge"),
            *("ExposeHeaders", "AllowCredentials"),
        ),
        (),
    )
    return Cors(
        allow_origins=texts(cors, "AllowOrigins"),
        allow_methods=texts(cors, "AllowMethods"),
        allow_headers=texts(cors, "AllowHeaders"),
        max_age_s=number(cors, "MaxAge", 0, -1, _DAY_S),
        expose_headers=texts(cors, "ExposeHeaders"),
        allow_credentials=flag(cors, "AllowCredentials"),
    )


def _socket_route(draft: Draft, name: str, said: Marked) -> None:
    """A WebSocket route finds its function through its integration's URI."""
    properties.demand("AWS::ApiGatewayV2::Route", said)
    if text_or(said, "AuthorizationType", "NONE") != "NONE":
        raise refused(said, "AuthorizationType", "AuthorizationType is NONE here")
    key = text(said, "RouteKey")
    if not _ROUTE_KEY.match(key):
        complaint = f"RouteKey {shown(key)} is no key of a WebSocket route"
        raise refused(said, "RouteKey", f"{complaint}: $connect, $disconnect, $default or a word")
    target = text(said, "Target").removeprefix("integrations/")
    integration = draft.resources.get(target)
    if not isinstance(integration, Marked):
        raise refused(said, "Target", f"Target {target}: there is no such integration")
    uri = text(draft.properties(integration), "IntegrationUri")
    function = uri.rsplit(":function:", maxsplit=1)[-1].split("/", maxsplit=1)[0]
    if any(route.key == key for route in draft.socket_routes):
        raise refused(said, "RouteKey", f"there is another WebSocket route {key}")
    draft.socket_routes.append(SocketRoute(key, function))

    def check() -> None:
        if function not in draft.functions:
            names = ", ".join(draft.functions) or "none"
            complaint = f"there is no function {function}; there are {names}"
            raise Refusal(complaint, place_of(integration, "Properties", "IntegrationUri"))

    draft.checks.append((name, check))


READERS: Final[Mapping[str, ResourceReader]] = {
    "AWS::Serverless::HttpApi": _http_api,
    "AWS::ApiGatewayV2::Route": _socket_route,
}
