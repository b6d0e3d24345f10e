"""Change the settings that are given, leave the rest."""

from typing import Any

from cloud_functions.bootstrap import Cloud
from cloud_functions.contract.api import Settings, SettingsAnswer
from cloud_functions.handlers.entrypoint import Event, entrypoint
from cloud_functions.handlers.events import answer, http_request

REQUEST = Settings
RESPONSE = SettingsAnswer
STATUS = 200


def handle(event: Event, cloud: Cloud) -> dict[str, Any]:
    """Change the settings that are given, leave the rest."""
    request = http_request(event)
    thing = cloud.accounts.owned_thing(request.claims, request.path["thing"])
    return answer(STATUS, cloud.robots.update_settings(thing, request.parse(REQUEST)))


handler = entrypoint(handle)
