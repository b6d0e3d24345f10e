"""What the owner wants of a robot and what it last said."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.contract.api import SettingsAnswer
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import answer, http_request

REQUEST = None
RESPONSE = SettingsAnswer
STATUS = 200


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """What the owner wants of a robot and what it last said."""
    request = http_request(event)
    thing = cloud.accounts.owned_thing(request.claims, request.path["thing"])
    return answer(STATUS, cloud.robots.settings(thing))


handler = entrypoint(handle)
