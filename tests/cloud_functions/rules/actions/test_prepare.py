"""What each action makes of a result: a deed, or a failure in words for the error action."""

from decimal import Decimal

import pytest

from cloud_functions.rules.actions import read_action
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import (
    Batching,
    ChangeItem,
    Failed,
    InvokeFunction,
    PostHttp,
    PublishToTopic,
    PutItem,
    PutLog,
    PutMetric,
    PutObject,
    Republish,
    SendMessage,
)

ROLE = {"roleArn": "arn:aws:iam::000000000000:role/r"}
BYTES = b"\xff\x00"


def context(topic: str = "robofleet/r1/will", payload: bytes = b'{"a": "x/y", "n": 3}') -> Context:
    return Context(topic=topic, payload=payload, client_id="c1", timestamp_ms=1_700_000_000_123)


def prepared(kind: str, parameters: dict, result: object, **more):
    return read_action(kind, {**ROLE, **parameters}).prepare(result, context(**more))


# ------------------------------------------------------------ lambda


def test_a_function_is_named_by_its_arn_with_or_without_a_version() -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:Record:live"

    action = read_action("Lambda", {"FunctionArn": arn})

    assert action.prepare({"x": 1}, context()) == InvokeFunction("Record", b'{"x":1}')


def test_a_function_may_be_named_by_a_template() -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:On${topic(3)}"

    deed = read_action("lambda", {"functionArn": arn}).prepare({}, context())

    assert deed == InvokeFunction("Onwill", b"{}")


def test_a_function_takes_no_bytes() -> None:
    action = read_action("lambda", {"functionArn": "f"})

    assert action.prepare(BYTES, context()) == Failed("LambdaAction", "f", "the result is not JSON")


# ------------------------------------------------------------ republish


def test_republish_fills_its_topic_from_the_original_payload() -> None:
    said = {"topic": "out/${topic(2)}/${n}/${missing}z", "qos": 1}

    assert prepared("republish", said, {"other": 1}) == Republish("out/r1/3/z", b'{"other":1}', 1)


def test_two_dollars_begin_a_reserved_topic() -> None:
    deed = prepared("republish", {"topic": "$$aws/things/${topic(2)}/shadow/update"}, {})

    assert deed == Republish("$aws/things/r1/shadow/update", b"{}")


def test_bytes_are_republished_as_they_are() -> None:
    assert prepared("republish", {"topic": "out"}, BYTES) == Republish("out", BYTES)


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("out/${a_wildcard}", "a topic has no wildcards"),
        ("${missing}", "at least one character"),
        ("$$aws/things/${clientid()}/jobs/get", "cannot be republished to a topic of Jobs"),
    ],
)
def test_a_rendered_topic_that_cannot_be_published_to_fails_the_action(topic, reason) -> None:
    failure = prepared("republish", {"topic": topic}, {}, payload=b'{"a_wildcard": "#"}')

    assert isinstance(failure, Failed)
    assert reason in failure.reason


def test_headers_become_mqtt_5_properties_and_empty_ones_are_left_out() -> None:
    headers = {
        "payloadFormatIndicator": "UTF8_DATA",
        "contentType": "application/${topic(1)}",
        "responseTopic": "answers/${topic(2)}",
        "correlationData": "aGk=",
        "messageExpiry": "${n}",
        "userProperties": [{"key": "from", "value": "${clientid()}"}, {"key": "k", "value": "v"}],
    }

    deed = prepared("republish", {"topic": "out", "headers": headers}, {})
    plain = prepared("republish", {"topic": "out", "headers": {"contentType": "${missing}"}}, {})

    assert isinstance(deed, Republish)
    assert deed.properties == {
        "payload_format_indicator": 1,
        "content_type": "application/robofleet",
        "response_topic": "answers/r1",
        "correlation_data": b"hi",
        "message_expiry_interval": 3,
        "user_property": [("from", "c1"), ("k", "v")],
    }
    assert isinstance(plain, Republish)
    assert plain.properties is None


@pytest.mark.parametrize(
    ("header", "template"),
    [
        ("payloadFormatIndicator", "${a}"),
        ("responseTopic", "${wild}"),
        ("correlationData", "${wild}"),
        ("messageExpiry", "${a}"),
    ],
)
def test_a_header_that_renders_to_nonsense_fails_the_action(header, template) -> None:
    said = {"topic": "out", "headers": {header: template}}

    assert isinstance(prepared("republish", said, {}, payload=b'{"a":"x","wild":"#"}'), Failed)


@pytest.mark.parametrize(
    ("header", "text", "reason"),
    [
        ("contentType", "a\\u0000b", "contentType has no null character"),
        ("contentType", "x" * 257, "contentType has at most 256 bytes"),
        ("contentType", "é" * 129, "contentType has at most 256 bytes"),
        ("responseTopic", "a\\u0000b", "responseTopic: "),
        ("responseTopic", "a/+", "responseTopic: a topic has no wildcards"),
        ("responseTopic", "x" * 257, "responseTopic: a topic has at most 256 bytes"),
        ("responseTopic", "a/" * 8, "responseTopic: a topic has at most 7 slashes"),
        ("correlationData", "é", "correlationData is base64"),
        ("correlationData", "QUFB" * 2731, "correlationData has at most 8192 bytes"),
        ("messageExpiry", "604801", "messageExpiry is 1 to 604800 seconds"),
        ("messageExpiry", "0", "messageExpiry is 1 to 604800 seconds"),
        ("messageExpiry", "²", "messageExpiry is 1 to 604800 seconds"),
        ("messageExpiry", "9" * 5000, "messageExpiry is 1 to 604800 seconds"),
    ],
)
def test_a_header_that_mqtt_or_aws_cannot_carry_fails_the_action(header, text, reason) -> None:
    said = {"topic": "out", "headers": {header: "${v}"}}

    failure = prepared("republish", said, {}, payload=f'{{"v":"{text}"}}'.encode())

    assert isinstance(failure, Failed)
    assert reason in failure.reason
    assert len(failure.reason) < 400


@pytest.mark.parametrize("pair", [{"key": "${v}", "value": "x"}, {"key": "x", "value": "${v}"}])
@pytest.mark.parametrize("text", ["a\\u0000b", "x" * 8192])
def test_user_properties_are_texts_of_8_kilobytes(pair, text) -> None:
    said = {"topic": "out", "headers": {"userProperties": [pair]}}

    failure = prepared("republish", said, {}, payload=f'{{"v":"{text}"}}'.encode())

    assert isinstance(failure, Failed)
    assert "userProperties" in failure.reason


# ------------------------------------------------------------ tables


def test_each_member_of_the_result_becomes_an_attribute() -> None:
    said = {"putItem": {"tableName": "Readings"}}

    assert prepared("dynamoDBv2", said, {"id": "a", "n": 1}) == PutItem(
        "Readings", {"id": "a", "n": 1}
    )


@pytest.mark.parametrize("result", [[1], "text", 3, None, BYTES])
def test_an_item_is_made_of_an_object_only(result) -> None:
    failure = prepared("dynamoDBv2", {"putItem": {"tableName": "Readings"}}, result)

    assert failure == Failed("DynamoDBv2Action", "Readings", "the result is not a JSON object")


def test_an_item_keeps_every_digit_of_whole_numbers() -> None:
    said = {"putItem": {"tableName": "Readings"}}
    result = {
        "big": 12345678901234567890123,
        "whole": Decimal(1234567890123456789012),
        "list": [{"n": -(10**33)}, True, None],
        "share": Decimal("0.1234567890123456789"),
    }

    deed = prepared("dynamoDBv2", said, result)

    assert isinstance(deed, PutItem)
    assert deed.item == result | {"share": 0.12345678901234568}
    assert [type(deed.item[name]) for name in ("big", "whole", "share")] == [int, int, float]


@pytest.mark.parametrize("number", [Decimal("1E+400"), Decimal("-1E+126"), 1e126, 1e-131])
def test_a_number_that_no_item_can_have_fails_the_action(number) -> None:
    item = prepared("dynamoDBv2", {"putItem": {"tableName": "Readings"}}, {"a": [number]})
    change = prepared("dynamoDB", KEYED, {"a": [number]})

    for failure in (item, change):
        assert isinstance(failure, Failed)
        assert "an item has numbers of 1E-130 to 9.9E+125" in failure.reason


KEYED = {
    "tableName": "Readings",
    "hashKeyField": "thing",
    "hashKeyValue": "${topic(2)}",
    "rangeKeyField": "at",
    "rangeKeyValue": "${timestamp()}",
    "rangeKeyType": "NUMBER",
}


def test_the_whole_result_goes_into_one_attribute() -> None:
    assert prepared("dynamoDB", KEYED, {"x": 1}) == ChangeItem(
        "Readings", "INSERT", {"thing": "r1", "at": 1_700_000_000_123}, "payload", {"x": 1}
    )


def test_bytes_in_an_item_are_their_base64_text() -> None:
    said = {**KEYED, "payloadField": "raw", "operation": "UPDATE"}

    deed = prepared("dynamoDB", said, BYTES)

    assert isinstance(deed, ChangeItem)
    assert (deed.operation, deed.field, deed.value) == ("UPDATE", "raw", "/wA=")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hashKeyValue": "${missing}"}, "the key thing has no value"),
        ({"rangeKeyValue": "${a}"}, "the key at has no value"),
        ({"operation": "${a}"}, "the operation is INSERT, UPDATE, DELETE, not 'x/y'"),
    ],
)
def test_a_key_or_operation_that_renders_to_nothing_fails_the_action(change, reason) -> None:
    assert prepared("dynamoDB", {**KEYED, **change}, {}) == Failed(
        "DynamoDBAction", "Readings", reason
    )


# ------------------------------------------------------------ s3, sqs, sns


def test_an_object_has_a_key_of_its_message() -> None:
    said = {"bucketName": "raw", "key": "${topic(2)}/${timestamp()}.json"}

    assert prepared("s3", said, {"x": 1}) == PutObject(
        "raw", "r1/1700000000123.json", b'{"x":1}', "application/json"
    )
    assert prepared("s3", said, BYTES) == PutObject("raw", "r1/1700000000123.json", BYTES)


@pytest.mark.parametrize("key", ["${missing}", "x" * 1025])
def test_an_object_without_a_key_fails_the_action(key) -> None:
    assert isinstance(prepared("s3", {"bucketName": "raw", "key": key}, {}), Failed)


URL = "https://sqs.us-east-1.amazonaws.com/000000000000/Work"


@pytest.mark.parametrize(
    ("result", "use_base64", "body"),
    [
        ({"x": 1}, False, '{"x":1}'),
        (b"plain text", False, "plain text"),
        ({"x": 1}, True, "eyJ4IjoxfQ=="),
        (BYTES, True, "/wA="),
    ],
)
def test_a_queue_gets_text(result, use_base64, body) -> None:
    said = {"queueUrl": URL, "useBase64": use_base64}

    assert prepared("sqs", said, result) == SendMessage(URL, body)


@pytest.mark.parametrize("result", [BYTES, b""])
def test_a_queue_takes_no_bytes_and_nothing_empty(result) -> None:
    failure = prepared("sqs", {"queueUrl": URL}, result)

    assert isinstance(failure, Failed)
    assert (failure.action, failure.resource) == ("SqsAction", URL)


TOPIC = "arn:aws:sns:us-east-1:000000000000:Told"


def test_a_topic_says_the_same_to_all_or_each_protocol_its_own() -> None:
    said = {"default": "hi", "sqs": "{}", "n": 3}

    raw = prepared("sns", {"targetArn": TOPIC}, said)
    split = prepared("sns", {"targetArn": TOPIC, "messageFormat": "JSON"}, said)

    assert raw == PublishToTopic(TOPIC, '{"default":"hi","sqs":"{}","n":3}')
    assert split == PublishToTopic(TOPIC, "hi", {"sqs": "{}"})


@pytest.mark.parametrize("result", [{"sqs": "x"}, {"default": 1}, [1], BYTES])
def test_a_topic_that_splits_by_protocol_needs_a_default(result) -> None:
    failure = prepared("sns", {"targetArn": TOPIC, "messageFormat": "JSON"}, result)

    assert isinstance(failure, Failed)
    assert "default" in failure.reason


# ------------------------------------------------------------ http


def test_a_request_has_rendered_headers_and_the_results_content_type() -> None:
    said = {
        "url": "http://127.0.0.1:9000/in/${topic(2)}",
        "confirmationUrl": "http://127.0.0.1:9000/in",
        "headers": [{"key": "x-client", "value": "${clientid()}"}],
    }

    deed = prepared("http", said, {"x": 1})
    of_bytes = prepared("http", said, BYTES)

    assert deed == PostHttp(
        "http://127.0.0.1:9000/in/r1",
        b'{"x":1}',
        [("x-client", "c1")],
        "application/json",
        None,
        "robofleet/r1/will",
    )
    assert isinstance(of_bytes, PostHttp)
    assert of_bytes.content_type == "application/octet-stream"


def test_a_content_type_of_ones_own_is_kept() -> None:
    said = {
        "url": "http://localhost/in",
        "headers": [{"key": "Content-Type", "value": "text/plain"}],
    }

    deed = prepared("http", said, {})

    assert isinstance(deed, PostHttp)
    assert (deed.content_type, list(deed.headers)) == ("text/plain", [])


def test_batches_have_the_documented_defaults() -> None:
    said = {"url": "http://localhost/in", "enableBatching": True}
    own = {**said, "batchConfig": {"maxBatchSize": 2, "batchAcrossTopics": True}}

    assert prepared("http", said, {}).batch == Batching(20, 10, 5120, False)
    assert prepared("http", own, {}).batch == Batching(20, 2, 5120, True)
    assert isinstance(prepared("http", said, BYTES), Failed)


@pytest.mark.parametrize("a", ["x\\r\\ny", "\\u00e9"])
def test_a_header_that_is_no_line_of_ascii_fails_the_action(a) -> None:
    said = {"url": "http://localhost/in", "headers": [{"key": "x", "value": "${a}"}]}

    failure = prepared("http", said, {}, payload=f'{{"a": "{a}"}}'.encode())

    assert isinstance(failure, Failed)
    assert "header x" in failure.reason


# ------------------------------------------------------------ metrics and logs

METRIC = {
    "metricNamespace": "fleet/${topic(2)}",
    "metricName": "seen",
    "metricValue": "${n}",
    "metricUnit": "Count",
}


def test_a_metric_is_all_templates() -> None:
    timed = {**METRIC, "metricTimestamp": "1.5"}

    assert prepared("cloudwatchMetric", METRIC, {}) == PutMetric(
        "fleet/r1", "seen", 3.0, "Count", 1_700_000_000_123
    )
    assert prepared("cloudwatchMetric", timed, {}).at_ms == 1500


@pytest.mark.parametrize(
    "change",
    [
        {"metricValue": "${a}"},
        {"metricUnit": "${a}"},
        {"metricTimestamp": "${a}"},
        {"metricValue": "${missing}"},
    ],
)
def test_a_metric_without_a_number_or_unit_fails_the_action(change) -> None:
    failure = prepared("cloudwatchMetric", {**METRIC, **change}, {})

    assert isinstance(failure, Failed)
    assert (failure.action, failure.resource) == ("CloudwatchMetricAction", "seen")


def test_a_log_gets_a_line_a_message_or_its_own_lines() -> None:
    said = {"logGroupName": "/fleet/${topic(2)}"}
    lines = [{"timestamp": 1, "message": "one"}, {"timestamp": 2.0, "message": "two"}]

    assert prepared("cloudwatchLogs", said, {"x": 1}) == PutLog(
        "/fleet/r1", [(1_700_000_000_123, '{"x":1}')]
    )
    assert prepared("cloudwatchLogs", {**said, "batchMode": True}, lines) == PutLog(
        "/fleet/r1", [(1, "one"), (2, "two")]
    )


@pytest.mark.parametrize(
    "result", [{}, [], [1], [{"timestamp": "1", "message": "x"}], [{"timestamp": True}], BYTES]
)
def test_a_batch_of_lines_has_times_and_messages(result) -> None:
    said = {"logGroupName": "g", "batchMode": True}

    assert isinstance(prepared("cloudwatchLogs", said, result), Failed)


@pytest.mark.parametrize("group", ["${missing}", "a b", "x" * 513])
def test_a_log_group_has_a_name(group) -> None:
    assert isinstance(prepared("cloudwatchLogs", {"logGroupName": group}, {}), Failed)
