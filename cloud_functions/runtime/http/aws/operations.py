"""Operations of the control plane as a table: parse, one call in a transaction, answer."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.registry.pages import Page
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.answers import answer
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute
from cloud_functions.runtime.registrar import Registrar

Work: TypeAlias = Callable[[Transaction, Asked], dict[str, Any] | None]
"""Does an operation; the body of the answer, None for an empty one."""


class Operation(NamedTuple):
    """One operation of AWS's model."""

    method: str
    path: str
    work: Work
    unsigned: bool = False


def routes_of(registrar: Registrar, operations: Sequence[Operation]) -> list[SignedRoute]:
    """The operations as routes."""
    return [_route(registrar, operation) for operation in operations]


def listed(member: str, page: Page[Any], token: str = "nextToken") -> dict[str, Any]:  # noqa: S107  the name of a member
    """The body of a list."""
    return {member: list(page.items)} | ({token: page.token} if page.token else {})


def _route(registrar: Registrar, operation: Operation) -> SignedRoute:
    async def handle(request: Request) -> Response:
        asked = await Asked.read(request)
        said = await registrar.run(lambda transaction: operation.work(transaction, asked))
        return answer(said or {})

    method, path, _, unsigned = operation
    return SignedRoute(CONTROL_PLANE, method, path, handle, unsigned=unsigned)
