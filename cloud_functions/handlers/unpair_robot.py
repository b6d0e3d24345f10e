"""Give a robot up."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import answer, http_request

REQUEST = None
RESPONSE = None
STATUS = 204


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Give a robot up."""
    request = http_request(event)
    thing = cloud.accounts.owned_thing(request.claims, request.path["thing"])
    cloud.accounts.give_up(request.account, thing)
    return answer(STATUS, None)


handler = entrypoint(handle)
