"""What a rule can do with its result, an action a file.

An action is read from its declaration once; `prepare` turns a result into a deed, a value that
says what to do, and the runtime does it.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.actions import (
    cloudwatch_logs,
    cloudwatch_metric,
    dynamodb,
    dynamodb_v2,
    http_post,
    invoke_function,
    republish,
    s3,
    sns,
    sqs,
)
from cloud_functions.rules.actions.action import RuleAction
from cloud_functions.rules.actions.invoke_function import LambdaAction
from cloud_functions.rules.actions.parameters import api_name
from cloud_functions.rules.actions.republish import RepublishAction
from cloud_functions.rules.deeds import Deed, Failed, InvokeFunction, Republish

__all__ = [
    "ACTIONS",
    "MAX_ACTIONS",
    "Deed",
    "Failed",
    "InvokeFunction",
    "LambdaAction",
    "Republish",
    "RepublishAction",
    "RuleAction",
    "read_action",
]

MAX_ACTIONS: Final = 10
"""Of one rule (AWS reference, section 2.1)."""

ACTIONS: Final[Mapping[str, Callable[[str, object], RuleAction]]] = {
    "lambda": invoke_function.read,
    "republish": republish.read,
    "dynamoDBv2": dynamodb_v2.read,
    "dynamoDB": dynamodb.read,
    "s3": s3.read,
    "sqs": sqs.read,
    "sns": sns.read,
    "http": http_post.read,
    "cloudwatchMetric": cloudwatch_metric.read,
    "cloudwatchLogs": cloudwatch_logs.read,
}
NOT_RUN: Final = frozenset(
    {
        *("kinesis", "firehose", "timestream", "kafka", "stepFunctions", "location"),
        *("iotSiteWise", "iotEvents", "iotAnalytics", "openSearch", "elasticsearch"),
        *("influxDB", "salesforce", "cloudwatchAlarm"),
    }
)
"""What AWS has and we do not run (AWS reference, section 2.11)."""


def read_action(kind: str, parameters: object) -> RuleAction:
    """The action of that name.  Raises InvalidDeclaration for one that is not run here."""
    name = api_name(kind)
    reader = ACTIONS.get(name)
    if reader is None:
        known = ", ".join(ACTIONS)
        if name in NOT_RUN:
            raise InvalidDeclaration(
                f"the action {kind} of AWS IoT is not run here; there are {known}"
            )
        raise InvalidDeclaration(f"there is no action {kind}; there are {known}")
    return reader(name, parameters)
