"""AWS's `iot` over HTTP: topic rules (AWS reference, section 2.1)."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.rules.definition import Definition
from cloud_functions.rules.topic_rules import TopicRules
from cloud_functions.runtime.http.aws.answers import (
    InvalidAwsRequest,
    answer,
    body_of,
    page_size,
)
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute

_MAX_PAGE: Final = 10_000
_TRUTHS: Final = {"true": True, "false": False}


def routes(rules: TopicRules) -> Sequence[SignedRoute]:
    """The routes of topic rules."""

    async def create(request: Request) -> Response:
        rules.create(request.path_params["rule"], dict(await body_of(request)))
        return answer({})

    async def replace(request: Request) -> Response:
        rules.replace(request.path_params["rule"], dict(await body_of(request)))
        return answer({})

    async def get(request: Request) -> Response:
        definition = rules.get(request.path_params["rule"])
        said = {
            "ruleName": definition.name,
            "createdAt": definition.created_s,
            **definition.payload(),
        }
        return answer({"ruleArn": definition.arn, "rule": said})

    async def delete(request: Request) -> Response:
        rules.delete(request.path_params["rule"])
        return answer({})

    async def enable(request: Request) -> Response:
        rules.switch(request.path_params["rule"], enabled=True)
        return answer({})

    async def disable(request: Request) -> Response:
        rules.switch(request.path_params["rule"], enabled=False)
        return answer({})

    async def list_rules(request: Request) -> Response:
        size = page_size(request, _MAX_PAGE)
        asked = request.query_params
        found = rules.listed(asked.get("topic"), enabled=_enabled(asked.get("ruleDisabled")))
        after = asked.get("nextToken", "")
        rest = [each for each in found if each.name > after]
        said: dict[str, Any] = {"rules": [_listed(each, rules) for each in rest[:size]]}
        if len(rest) > size:
            said["nextToken"] = rest[size - 1].name
        return answer(said)

    path = "/rules/{rule}"
    return [
        SignedRoute(CONTROL_PLANE, "GET", "/rules", list_rules, unsigned=False),
        SignedRoute(CONTROL_PLANE, "POST", path, create, unsigned=False),
        SignedRoute(CONTROL_PLANE, "PATCH", path, replace, unsigned=False),
        SignedRoute(CONTROL_PLANE, "GET", path, get, unsigned=False),
        SignedRoute(CONTROL_PLANE, "DELETE", path, delete, unsigned=False),
        SignedRoute(CONTROL_PLANE, "POST", f"{path}/enable", enable, unsigned=False),
        SignedRoute(CONTROL_PLANE, "POST", f"{path}/disable", disable, unsigned=False),
    ]


def _enabled(disabled: str | None) -> bool | None:
    if disabled is None:
        return None
    if disabled not in _TRUTHS:
        raise InvalidAwsRequest(f"ruleDisabled is true or false, not {disabled!r}")
    return not _TRUTHS[disabled]


def _listed(definition: Definition, rules: TopicRules) -> dict[str, Any]:
    return {
        "ruleArn": definition.arn,
        "ruleName": definition.name,
        "topicPattern": rules.pattern(definition.name),
        "createdAt": definition.created_s,
        "ruleDisabled": not definition.enabled,
    }
