"""Functions whose answer lies outside: evaluation only says what it needs (AWS reference, 2.5).

The role that comes last is taken and not used: there are no roles on this computer.
"""

from collections.abc import Mapping
from typing import Final

from cloud_functions.rules.context import Context
from cloud_functions.rules.external import Call
from cloud_functions.rules.functions.function import Function
from cloud_functions.rules.values import UNDEFINED, Value
from cloud_functions.rules.versions import SqlVersion

REGISTRY_QUESTIONS: Final = ("DescribeThing", "ListThingGroupsForThing")


def _lambda(context: Context, function: Value, event: Value) -> Value:
    """What a function answers to an event, within 2,000 ms."""
    if type(function) is not str or event is UNDEFINED:
        return UNDEFINED
    return context.answer(Call("aws_lambda", (function, event)))


def _shadow(context: Context, thing: Value, *shadow_and_role: Value) -> Value:
    """A shadow's document; the classic one if no name is given."""
    named = shadow_and_role[:-1]
    if type(thing) is not str or any(type(each) is not str for each in named):
        return UNDEFINED
    return context.answer(Call("get_thing_shadow", (thing, *named)))


def _registry(context: Context, question: Value, thing: Value, _role: Value) -> Value:
    """The answer of `DescribeThing` or `ListThingGroupsForThing`."""
    if question not in REGISTRY_QUESTIONS or type(thing) is not str:
        return UNDEFINED
    return context.answer(Call("get_registry_data", (question, thing)))


def _dynamodb(context: Context, table: Value, *keys_and_role: Value) -> Value:
    """An item by its key: the names and values of one or two attributes."""
    keys = keys_and_role[:-1]
    names, values = keys[::2], keys[1::2]
    if len(names) != len(values) or any(type(each) is not str for each in (table, *names)):
        return UNDEFINED
    if any(type(each) not in (str, int) for each in values):
        return UNDEFINED
    return context.answer(Call("get_dynamodb", (table, *keys)))


_SECOND: Final = SqlVersion.SECOND

FUNCTIONS: Final[Mapping[str, Function]] = {
    "aws_lambda": Function(_lambda, 2, 2, wants_context=True, external=True),
    "get_thing_shadow": Function(
        _shadow, 2, 3, _SECOND, wants_context=True, external=True, has_role=True
    ),
    "get_registry_data": Function(
        _registry, 3, 3, _SECOND, wants_context=True, external=True, has_role=True, fixed=(0,)
    ),
    "get_dynamodb": Function(
        _dynamodb, 4, 6, _SECOND, wants_context=True, external=True, has_role=True
    ),
}

NOT_RUN: Final[Mapping[str, str]] = {
    "get_secret": "there is no Secrets Manager on this computer",
    "machinelearning_predict": "Amazon Machine Learning has ended",
    "proto": "there are no protobuf descriptors on this computer",
}
"""What AWS has and this cloud has not, and why; a statement with it is refused."""
