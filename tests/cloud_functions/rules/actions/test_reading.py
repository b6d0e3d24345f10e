"""What of an action is refused when it is declared, and in which words."""

import pytest

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.actions import ACTIONS, NOT_RUN, read_action

AWS = {
    *("lambda", "republish", "dynamoDB", "dynamoDBv2", "s3", "sqs", "sns", "http"),
    *("kinesis", "firehose", "cloudwatchMetric", "cloudwatchAlarm", "cloudwatchLogs"),
    *("timestream", "influxDB", "openSearch", "elasticsearch", "kafka", "stepFunctions"),
    *("location", "iotSiteWise", "iotEvents", "iotAnalytics", "salesforce"),
}
"""All actions of the API (AWS reference, section 2.11)."""

WHOLE = {
    "lambda": {"functionArn": "f"},
    "republish": {"topic": "a"},
    "dynamoDBv2": {"putItem": {"tableName": "t"}},
    "dynamoDB": {"tableName": "t", "hashKeyField": "k", "hashKeyValue": "v"},
    "s3": {"bucketName": "b", "key": "k"},
    "sqs": {"queueUrl": "https://sqs.us-east-1.amazonaws.com/0/q"},
    "sns": {"targetArn": "arn:aws:sns:us-east-1:0:t"},
    "http": {"url": "https://localhost:8443/x"},
    "cloudwatchMetric": {
        "metricNamespace": "n",
        "metricName": "m",
        "metricValue": "1",
        "metricUnit": "Count",
    },
    "cloudwatchLogs": {"logGroupName": "g"},
}
"""The parameters each action must have."""


def capital(said):
    if not isinstance(said, dict):
        return said
    return {name[:1].upper() + name[1:]: capital(value) for name, value in said.items()}


def test_every_action_of_aws_is_run_or_refused_by_name() -> None:
    assert set(ACTIONS) | NOT_RUN == AWS
    assert set(ACTIONS) & NOT_RUN == set()


@pytest.mark.parametrize("kind", ACTIONS)
def test_cloudformations_spelling_and_the_apis_are_the_same(kind) -> None:
    ((name, said),) = capital({kind: WHOLE[kind]}).items()

    assert read_action(name, said) == read_action(kind, WHOLE[kind])


@pytest.mark.parametrize("kind", sorted(NOT_RUN))
def test_an_action_that_only_aws_runs_is_refused_by_name(kind) -> None:
    with pytest.raises(InvalidDeclaration, match=f"the action {kind} of AWS IoT is not run here"):
        read_action(kind, {})


def test_a_word_that_is_no_action_is_refused_otherwise() -> None:
    with pytest.raises(InvalidDeclaration, match="there is no action Lamda; there are lambda, re"):
        read_action("Lamda", {})


@pytest.mark.parametrize("kind", ACTIONS)
def test_an_unknown_parameter_is_refused_by_name(kind) -> None:
    ((name, said),) = capital({kind: WHOLE[kind]}).items()

    with pytest.raises(InvalidDeclaration, match=f"{kind}: there is no parameter Nonsense; there"):
        read_action(name, {**said, "Nonsense": 1})
    with pytest.raises(InvalidDeclaration, match=f"{kind}: there is no parameter nonsense; there"):
        read_action(kind, {**WHOLE[kind], "nonsense": 1})


@pytest.mark.parametrize(
    ("kind", "missing"), [(kind, name) for kind, said in WHOLE.items() for name in said]
)
def test_a_missing_parameter_is_named(kind, missing) -> None:
    said = {name: value for name, value in WHOLE[kind].items() if name != missing}

    with pytest.raises(InvalidDeclaration, match=f"{kind}: needs {missing}"):
        read_action(kind, said)


BROKEN = [
    ("republish", {"Topic": "a", "Qos": 2}, "Qos is 0 to 1, not 2"),
    ("republish", {"topic": "a/${b"}, "not closed"),
    ("republish", {"topic": "a", "headers": {"colour": "x"}}, "headers: there is no parameter co"),
    ("republish", {"topic": "a", "headers": {"messageExpiry": "soon"}}, "1 to 604800 seconds"),
    ("republish", {"topic": "a", "headers": {"correlationData": "a"}}, "correlationData is base64"),
    ("republish", {"topic": "a", "headers": {"responseTopic": "a/#"}}, "no wildcards"),
    ("republish", {"topic": "a", "headers": {"payloadFormatIndicator": "x"}}, "UTF8_DATA"),
    ("republish", {"topic": "a", "headers": {"userProperties": [{}] * 101}}, "at most 100"),
    ("dynamoDB", {**WHOLE["dynamoDB"], "operation": "PUT"}, "operation is INSERT or UPDATE or"),
    ("dynamoDB", {**WHOLE["dynamoDB"], "hashKeyType": "BINARY"}, "hashKeyType is STRING or NU"),
    ("dynamoDB", {**WHOLE["dynamoDB"], "rangeKeyField": "r"}, "needs rangeKeyValue"),
    ("s3", {**WHOLE["s3"], "cannedAcl": "mine"}, "cannedAcl is private or"),
    ("sqs", {"queueUrl": "https://x/q.fifo"}, "cannot send to a FIFO queue"),
    ("sqs", {**WHOLE["sqs"], "useBase64": "perhaps"}, "useBase64 is true or false"),
    ("sns", {**WHOLE["sns"], "messageFormat": "XML"}, "messageFormat is RAW or JSON"),
    ("http", {"url": "https://example.com/x"}, "example.com cannot be reached from here"),
    ("http", {"url": "http://10.0.0.1/x"}, "only loopback is"),
    ("http", {"url": "ftp://localhost/x"}, "is no address"),
    ("http", {"url": "http://${topic(1)}/x", "confirmationUrl": "http://localhost"}, "no address"),
    ("http", {"url": "http://localhost/${topic(1)}"}, "confirmationUrl must be given"),
    (
        "http",
        {"url": "http://localhost/a", "confirmationUrl": "http://localhost/b"},
        "url begins with confirmationUrl",
    ),
    (
        "http",
        {**WHOLE["http"], "headers": [{"key": "a b", "value": "x"}]},
        "'a b' is no header a rule can set",
    ),
    ("http", {**WHOLE["http"], "auth": {}}, "there is no parameter auth"),
    (
        "http",
        {**WHOLE["http"], "enableBatching": True, "batchConfig": {"maxBatchSize": 11}},
        "maxBatchSize is 2 to 10, not 11",
    ),
    (
        "cloudwatchMetric",
        {**WHOLE["cloudwatchMetric"], "metricUnit": "Apples"},
        "metricUnit is one of",
    ),
    ("cloudwatchLogs", "g", "the parameters are an object"),
]


@pytest.mark.parametrize(("kind", "said", "complaint"), BROKEN)
def test_a_parameter_that_cannot_be_is_refused(kind, said, complaint) -> None:
    with pytest.raises(InvalidDeclaration) as refusal:
        read_action(kind, said)

    assert complaint in str(refusal.value)


def test_a_number_in_yaml_is_text() -> None:
    said = {**WHOLE["cloudwatchMetric"], "metricValue": 1}

    assert read_action("cloudwatchMetric", said) == read_action(
        "cloudwatchMetric", WHOLE["cloudwatchMetric"]
    )
