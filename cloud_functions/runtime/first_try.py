"""The first connection of a cloud to a broker of somebody else: what is awaited, and what is final.

A mistake in an address is told at once; a broker that is just starting has a moment to listen.
"""

import os
import socket
from dataclasses import dataclass
from typing import Final

from cloud_functions.contract.mqtt.reasons import Reason

GRACE_S: Final = 1.0
"""What a broker that is just starting has until it listens."""
PATIENCE_S: Final = 10.0
_WAY_OUT: Final = "start one there, or take --broker builtin, which needs none"
_LOGIN: Final = frozenset({Reason.BAD_USER_NAME_OR_PASSWORD, Reason.NOT_AUTHORIZED})


@dataclass(slots=True)
class FirstTry:
    """How it goes; what a method returns is why it is over, empty while it is not."""

    url: str
    """Without what is secret."""
    began_s: float
    tries: int = 0

    def not_reached(self, error: OSError, now_s: float) -> str:
        """There is no connection: an unknown host is final, any other reason after the grace."""
        self.tries += 1
        is_unknown = isinstance(error, socket.gaierror)
        took_s = now_s - self.began_s
        if not is_unknown and took_s < GRACE_S:
            return ""
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror or str(error)
        tried = "" if is_unknown else f", tried {self.tries} times in {took_s:.1f} s"
        return f"no broker listens at {self.url} ({why}{tried}): {_WAY_OUT}"

    def hung_up(self, now_s: float) -> str:
        """The connection ended before it was answered; final after the grace."""
        self.tries += 1
        if now_s - self.began_s < GRACE_S:
            return ""
        return (
            f"{self.url} takes connections and ends them without an answer to CONNECT"
            f" ({self.tries} times): is it a broker that speaks MQTT 5?"
        )

    def refused(self, reason: int) -> str:
        """The broker said no, which is final."""
        name = Reason(reason).name if reason in list(Reason) else "unknown"
        login = ": give its login as mqtt://USER:PASSWORD@HOST:PORT" if reason in _LOGIN else ""
        return f"the broker at {self.url} refused the cloud: reason {reason} ({name}){login}"

    def no_broker(self, why: str) -> str:
        """What came is no MQTT, which is final."""
        return f"what answers at {self.url} is no broker that speaks MQTT 5 ({why})"
