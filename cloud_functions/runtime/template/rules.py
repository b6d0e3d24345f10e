"""Topic rules of a template, and the destinations of their http actions.

All that a rule says is read here once, so that a rule that cannot run is refused at its own place
in the file.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.actions import MAX_ACTIONS, LambdaAction, RuleAction, read_action
from cloud_functions.rules.actions.parameters import UnknownParameter, api_name
from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.rule import Rule, read_rule
from cloud_functions.rules.versions import read_version
from cloud_functions.runtime.template import properties
from cloud_functions.runtime.template.declaration import Action, TopicRule
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.known import FUNCTION_ARN
from cloud_functions.runtime.template.statement_places import place_in_file
from cloud_functions.runtime.template.values import (
    demand_known,
    flag,
    inner,
    objects,
    refused,
    text,
    text_or,
)
from cloud_functions.runtime.template.yaml_nodes import Listed, Marked, Place, Refusal, place_of

DEFAULT_SQL_VERSION: Final = "2015-10-08"
"""What a rule speaks that does not say (AWS reference, section 2.1)."""
_PAYLOAD: Final = (
    *("Sql", "Actions", "ErrorAction", "RuleDisabled", "AwsIotSqlVersion", "Description"),
)
_WITHOUT_ROLE: Final = frozenset({"lambda", "http"})
"""Actions that AWS lets do their work without a role (AWS reference, section 2.11)."""


def read_event(draft: Draft, function: str, name: str, said: Marked) -> None:
    """SAM's event `IoTRule`: a rule whose one action is this function."""
    properties.demand("IoTRule", said)
    declared = TopicRule(
        name=name,
        sql=text(said, "Sql"),
        sql_version=_version(said),
        actions=(Action("lambda", {"FunctionArn": FUNCTION_ARN + function}),),
        where=draft.where(draft.logical_ids[function]),
    )
    rule = _add(draft, declared, said, place_of(said))
    if rule.statement.topic_filter is None:
        raise refused(said, "Sql", f"rule {name}: the statement has no FROM, so nothing reaches it")


def _topic_rule(draft: Draft, name: str, said: Marked) -> None:
    properties.demand("AWS::IoT::TopicRule", said)
    payload = inner(said, "TopicRulePayload")
    demand_known(payload, _PAYLOAD, ())
    named = draft.name(name, "AWS::IoT::TopicRule", said)
    actions = objects(payload, "Actions")
    if not 0 < len(actions) <= MAX_ACTIONS:
        raise refused(payload, "Actions", f"a rule has 1 to {MAX_ACTIONS} actions in Actions")
    error_action = None
    if payload.get("ErrorAction") is not None:
        error_action = _action(draft, name, named, inner(payload, "ErrorAction"))
    declared = TopicRule(
        name=named,
        sql=text(payload, "Sql"),
        sql_version=_version(payload),
        actions=tuple(_action(draft, name, named, each) for each in actions),
        error_action=error_action,
        enabled=not flag(payload, "RuleDisabled"),
        where=draft.where(name),
        description=text_or(payload, "Description", ""),
    )
    _add(draft, declared, payload, place_of(said, "RuleName"))


def _version(said: Marked) -> str:
    version = text_or(said, "AwsIotSqlVersion", DEFAULT_SQL_VERSION)
    try:
        return read_version(version).value
    except InvalidDeclaration as error:
        raise refused(said, "AwsIotSqlVersion", str(error)) from None


def _add(draft: Draft, declared: TopicRule, said: Marked, place: Place | None) -> Rule:
    """Keep the rule if its statement can run and its name is free."""
    if any(other.name == declared.name for other in draft.rules):
        raise Refusal(f"there is another rule {declared.name}", place)
    try:
        rule = read_rule(replace(declared, where=""))
    except InvalidDeclaration as error:
        raise _at_statement(draft, error, said) from None
    draft.rules.append(declared)
    return rule


def _at_statement(draft: Draft, error: InvalidDeclaration, said: Marked) -> Refusal:
    """The refusal of a statement, with its place in the file where it was written there."""
    return _at_text(draft, str(error), error.__cause__, place_of(said, "Sql"))


def _at_text(
    draft: Draft, complaint: str, cause: BaseException | None, begin: Place | None
) -> Refusal:
    """What is wrong in a text of the language that begins there, or somewhere above it."""
    if begin is not None and isinstance(cause, SqlError):
        found = place_in_file(draft.source, begin, cause.statement, cause.position)
        if found is not None:
            return Refusal(complaint.partition("\n")[0], found)
    return Refusal(complaint, begin)


def _action(draft: Draft, resource: str, rule: str, said: Marked) -> Action:
    """One action, which must be one that runs here."""
    if len(said) != 1:
        names = ", ".join(said) or "none"
        raise Refusal(f"rule {rule}: an action has one name, not {names}", said.place)
    ((kind, parameters),) = said.items()
    try:
        action = read_action(kind, parameters)
    except InvalidDeclaration as error:
        place = _place_in(said, kind, error)
        raise _at_text(draft, f"rule {rule}: {error}", error, place) from None
    _check_role(rule, kind, parameters)
    draft.checks.append((resource, lambda: _check_function(draft, rule, action, parameters)))
    return Action(kind, parameters, draft.at(said.place))


def _place_in(said: Marked, kind: str, error: InvalidDeclaration) -> Place | None:
    """Where the parameter stands that an action complains about: its value, or an unknown name."""
    if not error.path:
        return said.places[kind]
    owner: Any = said[kind]
    for step in error.path[:-1]:
        owner = owner[int(step)] if isinstance(owner, Listed) else owner.get(step)
    if isinstance(owner, Marked) and isinstance(error, UnknownParameter):
        return owner.places.get(str(error.path[-1]))
    return place_of(said, kind, *error.path)


def _check_role(rule: str, kind: str, parameters: Marked) -> None:
    if api_name(kind) in _WITHOUT_ROLE:
        return
    role = parameters.get("RoleArn", parameters.get("roleArn"))
    if not isinstance(role, str) or not role:
        complaint = f"rule {rule}: {kind} needs RoleArn, the role that AWS does it in"
        raise Refusal(complaint, place_of(parameters, "RoleArn"))


def _check_function(draft: Draft, rule: str, action: RuleAction, parameters: Marked) -> None:
    """A function that is written out must be one of the template's."""
    if not isinstance(action, LambdaAction) or not isinstance(action.function, str):
        return
    if action.function not in draft.functions:
        known = ", ".join(draft.functions) or "none"
        member = "FunctionArn" if "FunctionArn" in parameters else "functionArn"
        complaint = f"there is no function {action.function}; there are {known}"
        raise Refusal(f"rule {rule}: {complaint}", place_of(parameters, member))


def _destination(draft: Draft, _name: str, said: Marked) -> None:
    if "VpcProperties" in said:
        complaint = "VpcProperties is not supported; there is HttpUrlProperties"
        raise Refusal(complaint, said.places["VpcProperties"])
    demand_known(said, ("HttpUrlProperties", "Status"), ())
    address = inner(said, "HttpUrlProperties")
    demand_known(address, ("ConfirmationUrl",), ())
    draft.destinations.append(text(address, "ConfirmationUrl"))


READERS: Final[Mapping[str, ResourceReader]] = {
    "AWS::IoT::TopicRule": _topic_rule,
    "AWS::IoT::TopicRuleDestination": _destination,
}
