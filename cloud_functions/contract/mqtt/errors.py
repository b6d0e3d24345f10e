"""Breaches of the MQTT protocol, told apart by who committed them."""

from typing import Any

from cloud_functions.contract.mqtt.reasons import Reason


class ProtocolError(Exception):
    """A rule of MQTT was broken; `rule` is its number or section in the standard."""

    def __init__(self, rule: str, message: str, reason: Reason = Reason.MALFORMED_PACKET) -> None:
        super().__init__(f"[{rule}] {message}")
        self.rule = rule
        self.reason = reason
        self.before: list[Any] = []
        """The packets that came whole before the one that broke the rule, of the same read."""


class PeerError(ProtocolError):
    """The other side broke the rule: close the connection."""


class OurError(ProtocolError):
    """This program asked for something the protocol does not allow: mend the caller."""
