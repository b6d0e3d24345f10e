"""The HTTP API of a template with its authorizers, and its WebSocket routes."""

from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.runtime.template.declaration import Authorizer, Cors, SocketRoute
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.values import text


def _http_api(draft: Draft, _name: str, said: dict[str, Any]) -> None:
    merged = draft.with_globals("HttpApi", said)
    auth = merged.get("Auth") or {}
    for name, authorizer in (auth.get("Authorizers") or {}).items():
        jwt = authorizer.get("JwtConfiguration")
        if jwt is None:
            raise InvalidDeclaration(f"authorizer {name}: only JwtConfiguration is supported")
        draft.authorizers[name] = Authorizer(
            name=name,
            issuer=text(jwt, "issuer"),
            audience=tuple(jwt.get("audience") or ()),
            identity_source=str(authorizer.get("IdentitySource", "$request.header.Authorization")),
        )
    draft.default_authorizer = auth.get("DefaultAuthorizer", draft.default_authorizer)
    cors = merged.get("CorsConfiguration")
    if isinstance(cors, dict):
        draft.cors = Cors(
            allow_origins=tuple(cors.get("AllowOrigins") or ()),
            allow_methods=tuple(cors.get("AllowMethods") or ()),
            allow_headers=tuple(cors.get("AllowHeaders") or ()),
            max_age_s=int(cors.get("MaxAge", 0)),
        )
    elif cors is True:
        draft.cors = Cors(("*",), ("*",), ("*",))


def _socket_route(draft: Draft, _name: str, said: dict[str, Any]) -> None:
    """A WebSocket route finds its function through its integration's URI."""
    target = str(said.get("Target", "")).removeprefix("integrations/")
    integration = draft.resources.get(target)
    if integration is None:
        raise InvalidDeclaration(f"Target {target}: there is no such integration")
    uri = str(draft.properties(integration).get("IntegrationUri", ""))
    function = uri.rsplit(":function:", maxsplit=1)[-1].split("/", maxsplit=1)[0]
    draft.socket_routes.append(SocketRoute(text(said, "RouteKey"), function))


READERS: Final[Mapping[str, ResourceReader]] = {
    "AWS::Serverless::HttpApi": _http_api,
    "AWS::ApiGatewayV2::Route": _socket_route,
}
