"""What a rule can do with its result.

An action is read from the template once; `prepare` turns a result into a value that says what to
do, and the runtime does it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cloud_functions.contract.mqtt.topic_filter import InvalidTopic, validate_topic
from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.context import Context
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import Value, as_json


@dataclass(frozen=True, slots=True)
class InvokeFunction:
    """Hand the event to a function, asynchronously."""

    function: str
    event: bytes


@dataclass(frozen=True, slots=True)
class Republish:
    """Publish as a new message, which may concern other rules."""

    topic: str
    payload: bytes
    qos: int


Deed: TypeAlias = InvokeFunction | Republish


@dataclass(frozen=True, slots=True)
class Failed:
    """An action that could not be prepared, in AWS's words for the error action and the log."""

    action: str
    resource: str
    reason: str


@dataclass(frozen=True, slots=True)
class LambdaAction:
    """The action `lambda`; `function` is the function's name."""

    function: str

    def prepare(self, result: Value, _context: Context) -> Deed | Failed:
        """An invocation; functions take JSON only (AWS reference, section 2.6)."""
        if isinstance(result, bytes):
            return Failed("LambdaAction", self.function, "the result is not JSON")
        return InvokeFunction(self.function, as_json(result))


@dataclass(frozen=True, slots=True)
class RepublishAction:
    """The action `republish`; the topic may hold `${...}`, a leading `$` is written `$$`."""

    topic: Template
    qos: int

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """A message; refused where the rendered topic is none."""
        topic = self.topic.render(context)
        if topic.startswith("$$"):
            topic = topic[1:]
        try:
            validate_topic(topic)
        except InvalidTopic as error:
            return Failed("RepublishAction", topic, str(error))
        payload = result if isinstance(result, bytes) else as_json(result)
        return Republish(topic, payload, self.qos)


RuleAction: TypeAlias = LambdaAction | RepublishAction


def _read_lambda(parameters: Mapping[str, Any]) -> RuleAction:
    arn = _text(parameters, "FunctionArn")
    return LambdaAction(function_name(arn))


def _read_republish(parameters: Mapping[str, Any]) -> RuleAction:
    for refused in sorted(parameters.keys() - {"Topic", "Qos", "RoleArn"}):
        raise InvalidDeclaration(f"republish: {refused} is not supported; there are Topic and Qos")
    qos = parameters.get("Qos", 0)
    if qos not in (0, 1):
        raise InvalidDeclaration(f"republish: Qos is 0 or 1, not {qos!r}")
    return RepublishAction(Template.parse(_text(parameters, "Topic")), int(qos))


ACTIONS: Final[Mapping[str, Callable[[Mapping[str, Any]], RuleAction]]] = {
    "lambda": _read_lambda,
    "republish": _read_republish,
}


def read_action(kind: str, parameters: Mapping[str, Any]) -> RuleAction:
    """The action of that name.  Raises InvalidDeclaration for one that is not run here."""
    reader = ACTIONS.get(kind[:1].lower() + kind[1:])
    if reader is None:
        known = ", ".join(ACTIONS)
        raise InvalidDeclaration(f"the action {kind} is not supported; there are {known}")
    return reader(parameters)


def function_name(arn: str) -> str:
    """The function's name from its ARN (a version or alias is dropped) or the name itself."""
    parts = arn.split(":")
    return parts[6] if arn.startswith("arn:") and len(parts) > 6 else arn  # noqa: PLR2004  the ARN's seventh part


def _text(parameters: Mapping[str, Any], member: str) -> str:
    value = parameters.get(member)
    if not isinstance(value, str) or not value:
        raise InvalidDeclaration(f"the action needs {member}, a text")
    return value
