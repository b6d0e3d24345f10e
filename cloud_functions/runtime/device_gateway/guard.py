"""Asks the policies, and logs what was denied: action, resource, principal, statement."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from cloud_functions.policies.caller import NOTHING_MORE
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.ports import Action, Authorizer, Decision
from cloud_functions.runtime.device_gateway.statistics import GatewayStatistics

_REMEMBERED_TOPICS: Final = 100
"""Topics a connection may not receive are logged once each, up to this number."""

_logger = logging.getLogger(__name__)


class Guard:
    """The authorizer with a voice."""

    def __init__(self, authorizer: Authorizer, statistics: GatewayStatistics) -> None:
        self.authorizer = authorizer
        self._statistics = statistics

    def allows(
        self,
        connection: Connection,
        action: Action,
        resource: str,
        more: Mapping[str, Sequence[str]] = NOTHING_MORE,
    ) -> bool:
        """Whether the client may do it."""
        decision = self.authorizer.decide(connection.caller, action, resource, more)
        if not decision.allowed:
            self._deny(connection, action, resource, decision)
        return decision.allowed

    def may_receive(self, connection: Connection, topic: str) -> bool:
        """Whether a message of this topic may go to the client."""
        decision = self.authorizer.decide(connection.caller, Action.RECEIVE, topic)
        if decision.allowed:
            return True
        known = connection.unreceived
        if topic not in known and len(known) < _REMEMBERED_TOPICS:
            connection.unreceived = known | {topic}
            self._deny(connection, Action.RECEIVE, topic, decision)
        return False

    def turn_away(self, connection: Connection, why: str) -> None:
        """Somebody without a principal wants to connect."""
        decision = Decision(allowed=False, reason=why)
        self._deny(connection, Action.CONNECT, connection.client_id, decision)

    def _deny(
        self, connection: Connection, action: Action, resource: str, decision: Decision
    ) -> None:
        self._statistics.denied += 1
        caller = connection.caller
        _logger.warning(
            "denied: %s on %s to principal %s, client %s at %s: %s",
            action,
            resource,
            caller.principal,
            caller.client_id,
            caller.ip_address,
            decision.reason,
        )
