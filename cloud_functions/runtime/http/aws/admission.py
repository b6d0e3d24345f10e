"""Who may call AWS's APIs: by policy with a client certificate, by signature without one.

The plain port of this computer is free, unless signatures are checked (AWS reference, 6.2).
"""

import logging
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.errors import Forbidden
from cloud_functions.policies.caller import Caller
from cloud_functions.policies.evaluate import Decision
from cloud_functions.runtime.http.aws.answers import Handler
from cloud_functions.runtime.http.aws.aws_auth import AwsAuth

GATE: Final = "robofleet_gate"
"""The member of a connection's state that says how it came in; absent on the plain port."""

Needs: TypeAlias = Callable[[Request], Sequence[tuple[str, str]]]
"""The actions and resources a request asks for; a resource with its kind, `thing/T`."""

_logger = logging.getLogger(__name__)


class Judge(Protocol):
    """What is asked of the authorizer."""

    def authenticate(self, certificate_id: str) -> str | None:
        """The principal of a certificate, None if it opens nothing."""

    def decide(self, caller: Caller, action: str, resource: str) -> Decision:
        """Whether the caller may do it."""


class Gate(NamedTuple):
    """How a connection came in by TLS: with a client certificate, or (empty) without."""

    certificate_id: str
    judge: Judge


class ForbiddenAction(Forbidden):
    """AWS's ForbiddenException."""

    code = "ForbiddenException"


def admitted(handler: Handler, needs: Needs | None) -> Handler:
    """The handler for those who may; without `needs` a client certificate opens nothing."""

    async def run(request: Request) -> Response:
        gate: Gate | None = request.scope.get("state", {}).get(GATE)
        if gate is not None and gate.certificate_id:
            _check_policies(request, gate, needs)
        elif (auth := getattr(request.app.state, "aws_auth", None)) is not None:
            await _check_signature(request, auth, must_be_signed=gate is not None)
        return await handler(request)

    return run


async def _check_signature(request: Request, auth: AwsAuth, *, must_be_signed: bool) -> None:
    if auth.is_strict or must_be_signed:
        auth.check(request, await request.body(), must_be_signed=must_be_signed)


def _check_policies(request: Request, gate: Gate, needs: Needs | None) -> None:
    if needs is None:
        raise ForbiddenAction("a client certificate opens the data plane only: sign with SigV4")
    principal = gate.judge.authenticate(gate.certificate_id)
    if principal is None:
        raise ForbiddenAction("the certificate is not registered and ACTIVE")
    caller = Caller(principal, ip_address=request.client.host if request.client else "")
    for action, resource in needs(request):
        decision = gate.judge.decide(caller, action, resource)
        if not decision.allowed:
            _logger.warning(
                "denied: %s on %s to principal %s at %s over HTTPS: %s",
                action,
                resource,
                principal,
                caller.ip_address,
                decision.reason,
            )
            raise ForbiddenAction(f"{action} on {resource} is not allowed: {decision.reason}")
