"""Topic rules of a template, and the destinations of their http actions."""

from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.runtime.template.declaration import Action, TopicRule
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.known import FUNCTION_ARN
from cloud_functions.runtime.template.values import demand_known, flag, text

DEFAULT_SQL_VERSION: Final = "2015-10-08"
"""What a rule speaks that does not say (AWS reference, section 2.1)."""


def read_event(draft: Draft, function: str, name: str, said: dict[str, Any]) -> None:
    """SAM's event `IoTRule`: a rule whose one action is this function."""
    draft.rules.append(
        TopicRule(
            name=f"{function}{name}",
            sql=text(said, "Sql"),
            sql_version=str(said.get("AwsIotSqlVersion", DEFAULT_SQL_VERSION)),
            actions=(Action("lambda", {"FunctionArn": FUNCTION_ARN + function}),),
            where=draft.where(function),
        )
    )


def _topic_rule(draft: Draft, name: str, said: dict[str, Any]) -> None:
    payload = said.get("TopicRulePayload") or {}
    demand_known(
        payload,
        ("Sql", "Actions", "ErrorAction", "RuleDisabled", "AwsIotSqlVersion", "Description"),
        (),
    )
    error_action = payload.get("ErrorAction")
    draft.rules.append(
        TopicRule(
            name=str(said.get("RuleName", name)),
            sql=text(payload, "Sql"),
            sql_version=str(payload.get("AwsIotSqlVersion", DEFAULT_SQL_VERSION)),
            actions=tuple(
                _action(each, _place(draft, name, "Actions", index))
                for index, each in enumerate(payload.get("Actions") or ())
            ),
            error_action=None
            if error_action is None
            else _action(error_action, _place(draft, name, "ErrorAction")),
            enabled=not flag(payload, "RuleDisabled"),
            where=draft.where(name),
            description=str(payload.get("Description", "")),
        )
    )


def _action(said: Any, where: str) -> Action:
    if not isinstance(said, dict) or len(said) != 1:
        names = ", ".join(said) if isinstance(said, dict) else str(said)
        raise InvalidDeclaration(f"an action has one name, not {names or 'none'}")
    ((kind, parameters),) = said.items()
    return Action(kind, parameters, where)


def _place(draft: Draft, rule: str, *path: str | int) -> str:
    """Where an action stands; the rule's own place when a function of CloudFormation is around."""
    here: Any = draft.resources[rule]
    place = draft.resources.places[rule]
    for step in ("Properties", "TopicRulePayload", *path):
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return draft.at(place)
        place = getattr(here, "place", place)
    return draft.at(place)


def _destination(draft: Draft, _name: str, said: dict[str, Any]) -> None:
    if "VpcProperties" in said:
        raise InvalidDeclaration("VpcProperties is not supported; there is HttpUrlProperties")
    demand_known(said, ("HttpUrlProperties", "Status"), ())
    draft.destinations.append(text(said.get("HttpUrlProperties") or {}, "ConfirmationUrl"))


READERS: Final[Mapping[str, ResourceReader]] = {
    "AWS::IoT::TopicRule": _topic_rule,
    "AWS::IoT::TopicRuleDestination": _destination,
}
