"""AWS's `iot-data` over HTTP: shadows (AWS reference, section 1.1)."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.device_service import Changes
from cloud_functions.ports import Clock
from cloud_functions.registry.errors import InvalidInput
from cloud_functions.registry.pages import position_in, token_of
from cloud_functions.runtime.http.aws.admission import Needs
from cloud_functions.runtime.http.aws.answers import page_size
from cloud_functions.runtime.http.aws.signed_route import DATA_PLANE, SignedRoute
from cloud_functions.runtime.message_core import MessageCore
from cloud_functions.shadow import errors
from cloud_functions.shadow.service import DEFAULT_PAGE, MAX_PAGE, ShadowService, list_body


def routes(shadows: ShadowService, core: MessageCore, clock: Clock) -> Sequence[SignedRoute]:
    """The routes of the data plane; answers come after the commit."""

    async def settle(changes: Changes) -> None:
        try:
            await core.apply(shadows, changes)
        except Exception:  # noqa: BLE001  the log has it; the caller is told what AWS tells
            raise errors.internal() from None

    async def get(request: Request) -> Response:
        return _json(shadows.get(*_address(request), clock()))

    async def update(request: Request) -> Response:
        body = await request.body()
        accepted, changes = shadows.update(*_address(request), body, clock())
        await settle(changes)
        return _json(accepted)

    async def delete(request: Request) -> Response:
        said, changes = shadows.delete(*_address(request), clock())
        await settle(changes)
        return _json(said)

    async def list_named(request: Request) -> Response:
        size = page_size(request, MAX_PAGE, parameter="pageSize", default=DEFAULT_PAGE)
        thing = request.path_params["thing"]
        after = _name_in(request.query_params.get("nextToken", ""), thing)
        page = shadows.list_named(thing, after, size)
        if page.next_token is not None:
            page = replace(page, next_token=token_of((thing, page.next_token)))
        return _json(list_body(page, clock()))

    shadow = "/things/{thing}/shadow"
    named = "/api/things/shadow/ListNamedShadowsForThing/{thing}"
    return [
        SignedRoute(DATA_PLANE, "GET", shadow, get, needs=_on_shadow("iot:GetThingShadow")),
        SignedRoute(DATA_PLANE, "POST", shadow, update, needs=_on_shadow("iot:UpdateThingShadow")),
        SignedRoute(
            DATA_PLANE, "DELETE", shadow, delete, needs=_on_shadow("iot:DeleteThingShadow")
        ),
        SignedRoute(
            DATA_PLANE,
            "GET",
            named,
            list_named,
            needs=lambda _: [("iot:ListNamedShadowsForThing", "*")],
        ),
    ]


def _on_shadow(action: str) -> Needs:
    """The action on a thing's classic shadow, or on the named one."""

    def needs(request: Request) -> Sequence[tuple[str, str]]:
        thing, name = _address(request)
        return [(action, f"thing/{thing}" if name is None else f"thing/{thing}/{name}")]

    return needs


def _address(request: Request) -> tuple[str, str | None]:
    return request.path_params["thing"], request.query_params.get("name")


def _name_in(token: str, thing: str) -> str | None:
    """The shadow name after which to go on.  Raises InvalidInput for a token of another list."""
    if not token:
        return None
    owner, name = position_in(token, 2)
    if owner != thing or not isinstance(name, str):
        raise InvalidInput("the token is none that this list has given")
    return name


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
