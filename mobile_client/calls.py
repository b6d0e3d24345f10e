"""The phone's requests and their answers, without I/O.

A `Call` is what to send and how to read what comes back.  The asyncio phone and the load's
gevent phone send the same calls; only the sending differs.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from cloud_functions.contract import api
from mobile_client.errors import Invalid, Refused, SignedOut

T = TypeVar("T")

_UNAUTHORIZED: Final = 401
_ERRORS: Final = 400
_COGNITO: Final = "AWSCognitoIdentityProviderService"


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One HTTP request; `name`, its route, groups equal calls; `read` makes the answer."""

    name: str
    method: str
    path: str
    read: Callable[[bytes], T]
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    needs_token: bool = True

    def headers_with(self, token: str | None) -> dict[str, str]:
        """The headers to send, the token among them where the call needs one."""
        headers = {"Content-Type": "application/json", **self.headers}
        if self.needs_token:
            headers["Authorization"] = f"Bearer {token or ''}"
        return headers

    def answer(self, status: int, body: bytes) -> T:
        """The result of the call.  Raises Refused, SignedOut."""
        if status >= _ERRORS:
            raise refusal(status, body)
        return self.read(body)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What signing in gives; `expires_in_s` counts from then."""

    access: str
    identity: str
    refresh: str
    expires_in_s: float


def refusal(status: int, body: bytes) -> Refused:
    """The error behind an answer of the handlers, the gateway or the identity service."""
    try:
        said = json.loads(body)
    except ValueError:
        said = {}
    inner = said.get("error") if isinstance(said, dict) else None
    if isinstance(inner, dict):
        code, message = str(inner.get("code", "")), str(inner.get("message", ""))
    else:
        said = said if isinstance(said, dict) else {}
        code = str(said.get("__type", f"http_{status}")).rsplit("#", 1)[-1]
        message = str(said.get("message") or f"the cloud answered {status}")
    kind = SignedOut if status == _UNAUTHORIZED or code == "NotAuthorizedException" else Refused
    return kind(status, code, message)


# ---------------------------------------------------------------- identity


def sign_up(client_id: str, email: str, password: str) -> Call[None]:
    """Make an account."""
    said = {"ClientId": client_id, "Username": email, "Password": password}
    said_more = {**said, "UserAttributes": [{"Name": "email", "Value": email}]}
    return _identity("SignUp", said_more, lambda _body: None)


def sign_in(client_id: str, email: str, password: str) -> Call[Tokens]:
    """Exchange a password for tokens."""
    parameters = {"USERNAME": email, "PASSWORD": password}
    return _authenticate(client_id, "USER_PASSWORD_AUTH", parameters)


def refresh(client_id: str, refresh_token: str) -> Call[Tokens]:
    """Exchange a refresh token for new tokens."""
    return _authenticate(client_id, "REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": refresh_token})


def _authenticate(client_id: str, flow: str, parameters: Mapping[str, str]) -> Call[Tokens]:
    said = {"ClientId": client_id, "AuthFlow": flow, "AuthParameters": dict(parameters)}

    def read(body: bytes) -> Tokens:
        result = json.loads(body)["AuthenticationResult"]
        known = parameters.get("REFRESH_TOKEN", "")
        return Tokens(
            access=result["AccessToken"],
            identity=result["IdToken"],
            refresh=result.get("RefreshToken", known),
            expires_in_s=float(result["ExpiresIn"]),
        )

    return _identity("InitiateAuth", said, read)


def _identity(operation: str, said: Mapping[str, Any], read: Callable[[bytes], T]) -> Call[T]:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"{_COGNITO}.{operation}",
    }
    body = json.dumps(said).encode()
    return Call(operation, "POST", "/", read, body, headers, needs_token=False)


# ---------------------------------------------------------------- robots


def list_robots() -> Call[api.RobotList]:
    """The owner's robots."""
    return _call("GET", "/robots", api.RobotList)


def list_things() -> Call[list[str]]:
    """Names of registered things: what a shop's shelf shows, not an owner's list."""

    def read(body: bytes) -> list[str]:
        return [str(each["thingName"]) for each in json.loads(body)["things"]]

    return Call("/things", "GET", "/things", read, needs_token=False)


def pair(serial: str, claim_code: str) -> Call[api.Robot]:
    """Make a robot the owner's.  Raises Invalid for what stands under no robot."""
    request = checked(api.PairRequest, serial=serial, claim_code=claim_code)
    return _call("POST", "/robots", api.Robot, request)


def robot(thing: str) -> Call[api.Robot]:
    """One robot, with its shadow."""
    return _call("GET", f"/robots/{quote(thing)}", api.Robot, name="/robots/{thing}")


def unpair(thing: str) -> Call[None]:
    """Give a robot up."""
    path = f"/robots/{quote(thing)}"
    return Call("/robots/{thing}", "DELETE", path, lambda _body: None)


def command(thing: str, request: api.CommandRequest) -> Call[api.CommandAccepted]:
    """Ask a robot for something."""
    path = f"/robots/{quote(thing)}/commands"
    return _call("POST", path, api.CommandAccepted, request, name="/robots/{thing}/commands")


def settings(thing: str) -> Call[api.SettingsAnswer]:
    """What the owner wants of a robot, and what it last said."""
    path = f"/robots/{quote(thing)}/settings"
    return _call("GET", path, api.SettingsAnswer, name="/robots/{thing}/settings")


def update_settings(thing: str, changes: api.Settings) -> Call[api.SettingsAnswer]:
    """Change what is given, leave the rest."""
    path = f"/robots/{quote(thing)}/settings"
    return _call("PATCH", path, api.SettingsAnswer, changes, name="/robots/{thing}/settings")


def missions(thing: str, before: str | None = None) -> Call[api.MissionList]:
    """A robot's missions, newest first; `before` is the `next` of an earlier answer."""
    query = "" if before is None else f"?next={quote(before)}"
    path = f"/robots/{quote(thing)}/missions{query}"
    return _call("GET", path, api.MissionList, name="/robots/{thing}/missions")


def mission_map(thing: str, mission_id: str) -> Call[dict[str, Any]]:
    """The map of one mission (contract.maps)."""
    path = f"/robots/{quote(thing)}/missions/{quote(mission_id)}/map"
    name = "GET /robots/{thing}/missions/{id}/map"
    return Call(name, "GET", path, _object)


def alerts(thing: str) -> Call[api.AlertList]:
    """What the owner should know of a robot, newest first."""
    path = f"/robots/{quote(thing)}/alerts"
    return _call("GET", path, api.AlertList, name="/robots/{thing}/alerts")


M = TypeVar("M", bound=BaseModel)


def checked(model: type[M], **members: Any) -> M:
    """A request body.  Raises Invalid naming the member and what is allowed."""
    try:
        return model(**members)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None


def _call(
    method: str, path: str, model: type[M], body: BaseModel | None = None, name: str | None = None
) -> Call[M]:
    raw = None
    if body is not None:
        raw = body.model_dump_json(by_alias=True, exclude_none=True).encode()
    return Call(name or path, method, path, model.model_validate_json, raw)


def _object(body: bytes) -> dict[str, Any]:
    said = json.loads(body)
    if not isinstance(said, dict):
        raise Refused(200, "not_an_object", "the cloud answered no object")
    return said
