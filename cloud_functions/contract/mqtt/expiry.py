"""When messages expire (MQTT 5, section 3.3.2.3.3): the interval counts on while they wait."""

import math
from typing import Final

from cloud_functions.contract.mqtt.packets import Publish
from cloud_functions.contract.mqtt.properties import Properties

INTERVAL: Final = "message_expiry_interval"


def expires_s(properties: Properties | None, now_s: float) -> float:
    """The time after which a message that arrives now is not delivered any more."""
    interval = (properties or {}).get(INTERVAL)
    return math.inf if interval is None else now_s + float(interval)


def aged(message: Publish, until_s: float, now_s: float) -> Publish:
    """The message with the interval that remains of it."""
    if until_s == math.inf:
        return message
    left = max(1, math.ceil(until_s - now_s))
    return message._replace(properties={**(message.properties or {}), INTERVAL: left})
