"""Queues, topics, subscriptions and rules of a template, and what of them is refused."""

from pathlib import Path

import pytest

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.fanout.subscriber import Protocol, Subscriber
from cloud_functions.queues.spec import QueueSpec
from cloud_functions.rules.rule import read_rule
from cloud_functions.runtime.template.declaration import QueueSource, TableSpec
from cloud_functions.runtime.template.reader import read

HEAD = "Transform: AWS::Serverless-2016-10-31\nResources:\n"
FUNCTION = """\
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
"""
QUEUE = "  Q:\n    Type: AWS::SQS::Queue\n"
TOPIC = "  T:\n    Type: AWS::SNS::Topic\n"


def declared(folder: Path, text: str):
    path = folder / "template.yaml"
    path.write_text(HEAD + text)
    (folder / "a.py").touch()
    return read(path)


def event(kind: str, said: str) -> str:
    where = f"{FUNCTION}      Events:\n        E:\n          "
    return f"{where}Type: {kind}\n          Properties: {said}\n"


def test_queues_have_sqs_defaults_and_what_the_template_says(tmp_path) -> None:
    queues = declared(
        tmp_path,
        QUEUE
        + """\
  Named:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${AWS::StackName}-work"
      VisibilityTimeout: 60
      MessageRetentionPeriod: 120
      DelaySeconds: 3
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Q.Arn, maxReceiveCount: 4}
      Tags: []
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties: {Queues: [!Ref Named]}
""",
    ).queues

    assert queues == {
        "Q": QueueSpec("Q", 30, 345_600),
        "local-work": QueueSpec("local-work", 60, 120, 3, "Q", 4),
    }


def test_functions_hear_from_queues_and_topics(tmp_path) -> None:
    more = "{Queue: !GetAtt Q.Arn, BatchSize: 50, MaximumBatchingWindowInSeconds: 2,"
    more += " FunctionResponseTypes: [ReportBatchItemFailures],"
    more += " ScalingConfig: {MaximumConcurrency: 2}}"
    found = declared(tmp_path, QUEUE + event("SQS", more))
    plain = declared(tmp_path, QUEUE + event("SQS", "{Queue: !GetAtt Q.Arn}"))
    told = declared(tmp_path, TOPIC + event("SNS", "{Topic: !Ref T}"))

    assert found.queue_sources == (QueueSource("F", "Q", 50, 2, True, 2),)
    assert plain.queue_sources == (QueueSource("F", "Q"),)
    assert told.subscribers == (Subscriber("T", Protocol.LAMBDA, "F"),)


def test_a_source_that_is_off_feeds_nobody(tmp_path) -> None:
    text = QUEUE + event("SQS", "{Queue: !GetAtt Q.Arn, Enabled: false}")

    assert declared(tmp_path, text).queue_sources == ()


def test_subscribers_are_declared_with_the_topic_or_apart(tmp_path) -> None:
    found = declared(
        tmp_path,
        QUEUE
        + FUNCTION
        + """\
  T:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: told
      Subscription:
        - {Protocol: sqs, Endpoint: !GetAtt Q.Arn}
        - {Protocol: http, Endpoint: "http://127.0.0.1:9000/in"}
  S:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref T, Protocol: lambda, Endpoint: !GetAtt F.Arn}
  R:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref T, Protocol: sqs, Endpoint: !GetAtt Q.Arn, RawMessageDelivery: true}
""",
    )

    assert found.topics == ("told",)
    assert found.subscribers == (
        Subscriber("told", Protocol.SQS, "Q"),
        Subscriber("told", Protocol.HTTP, "http://127.0.0.1:9000/in"),
        Subscriber("told", Protocol.LAMBDA, "F"),
        Subscriber("told", Protocol.SQS, "Q", is_raw=True),
    )


def test_tables_and_buckets_are_known_by_their_names(tmp_path) -> None:
    found = declared(
        tmp_path,
        """\
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: readings
      AttributeDefinitions: [{AttributeName: id, AttributeType: N}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Simple:
    Type: AWS::Serverless::SimpleTable
    Properties: {PrimaryKey: {Name: key, Type: Number}}
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: my-bucket}}
  Other: {Type: AWS::S3::Bucket}
""",
    )

    assert found.tables == {
        "readings": TableSpec("readings", "id", None, {"id": "N"}),
        "Simple": TableSpec("Simple", "key", None, {"key": "N"}),
    }
    assert found.buckets == ("my-bucket", "other")


RULE = """\
  Rule:
    Type: AWS::IoT::TopicRule
    Properties:
      RuleName: watch
      TopicRulePayload:
        Sql: SELECT * FROM 'a/+'
        Description: of a
        RuleDisabled: true
        Actions:
          - DynamoDBv2: {RoleArn: r, PutItem: {TableName: readings}}
          - DynamoDB: {RoleArn: r, TableName: t, HashKeyField: k, HashKeyValue: "${topic()}"}
          - S3: {RoleArn: r, BucketName: b, Key: k, CannedAcl: private}
          - Sqs: {RoleArn: r, QueueUrl: !Ref Q, UseBase64: true}
          - Sns: {RoleArn: r, TargetArn: !Ref T, MessageFormat: RAW}
          - Http: {Url: "http://localhost:9000/a", Headers: [{Key: x-a, Value: "${topic()}"}]}
          - CloudwatchMetric:
              {RoleArn: r, MetricName: m, MetricNamespace: n, MetricUnit: None, MetricValue: 1}
          - CloudwatchLogs: {RoleArn: r, LogGroupName: g, BatchMode: true}
          - Republish: {RoleArn: r, Topic: out, Qos: 1, Headers: {ContentType: text/plain}}
        ErrorAction:
          Lambda: {FunctionArn: !GetAtt F.Arn}
  Destination:
    Type: AWS::IoT::TopicRuleDestination
    Properties: {HttpUrlProperties: {ConfirmationUrl: "http://localhost:9000"}}
"""


def test_all_actions_are_read_in_cloudformations_spelling(tmp_path) -> None:
    found = declared(tmp_path, RULE + QUEUE + TOPIC + FUNCTION)

    (rule,) = found.rules
    ready = read_rule(rule)
    assert (rule.name, rule.enabled, rule.description) == ("watch", False, "of a")
    assert len(ready.actions) == 9
    assert ready.error_action is not None
    assert found.destinations == ("http://localhost:9000",)


def test_an_action_that_is_not_run_is_refused_at_its_own_place(tmp_path) -> None:
    text = RULE.replace("- Sqs: {RoleArn: r,", "- Kinesis: {RoleArn: r,")

    with pytest.raises(InvalidDeclaration) as refusal:
        declared(tmp_path, text + QUEUE + TOPIC + FUNCTION)

    place = f"{tmp_path / 'template.yaml'}:15:13: Rule: rule watch: "
    assert str(refusal.value).startswith(f"{place}the action Kinesis of AWS IoT is not run here")


BROKEN = {
    "a FIFO queue": (QUEUE + "    Properties: {QueueName: q.fifo}\n", "FIFO queues are not"),
    "an unknown property": (
        QUEUE + "    Properties: {Colour: red}\n",
        "Colour is not supported; there are QueueName, VisibilityTimeout",
    ),
    "a time-out too long": (
        QUEUE + "    Properties: {VisibilityTimeout: 50000}\n",
        "VisibilityTimeout is a whole number from 0 to 43200",
    ),
    "dead letters to nowhere": (
        QUEUE + "    Properties: {RedrivePolicy: {deadLetterTargetArn: x, maxReceiveCount: 1}}\n",
        "there is no queue x; there are Q",
    ),
    "a queue that is not there": (event("SQS", "{Queue: nowhere}"), "there is no queue nowhere"),
    "a batch without a window": (
        QUEUE + event("SQS", "{Queue: !GetAtt Q.Arn, BatchSize: 11}"),
        "BatchSize over 10 needs MaximumBatchingWindowInSeconds",
    ),
    "a filter": (
        QUEUE + event("SQS", "{Queue: !GetAtt Q.Arn, FilterCriteria: {}}"),
        "event E: FilterCriteria is not supported",
    ),
    "an unknown answer": (
        QUEUE + event("SQS", "{Queue: !GetAtt Q.Arn, FunctionResponseTypes: [x]}"),
        "FunctionResponseTypes is [ReportBatchItemFailures]",
    ),
    "a time-out too short for the function": (
        QUEUE + "    Properties: {VisibilityTimeout: 2}\n" + event("SQS", "{Queue: Q}"),
        "VisibilityTimeout 2, less than the function's Timeout of 3",
    ),
    "a FIFO topic": (TOPIC + "    Properties: {FifoTopic: true}\n", "FIFO topics are not"),
    "a filter policy": (
        TOPIC + event("SNS", "{Topic: !Ref T, FilterPolicy: {}}"),
        "event E: FilterPolicy is not supported; there are Topic",
    ),
    "a topic that is not there": (event("SNS", "{Topic: nowhere}"), "there is no topic nowhere"),
    "a subscriber by e-mail": (
        TOPIC + "    Properties: {Subscription: [{Protocol: email, Endpoint: a@b}]}\n",
        "a subscriber by email is not supported; there are lambda, sqs, http, https",
    ),
    "an endpoint elsewhere": (
        TOPIC + "    Properties: {Subscription: [{Protocol: https, Endpoint: 'https://a.b'}]}\n",
        "a.b cannot be reached from here",
    ),
    "a function that is not there": (
        TOPIC + "    Properties: {Subscription: [{Protocol: lambda, Endpoint: g}]}\n",
        "there is no function g",
    ),
    "two actions in one": (
        RULE.replace("- Sqs: {RoleArn: r,", "- Sqs: {}\n            Lambda: {RoleArn: r,"),
        "an action has one name, not Sqs, Lambda",
    ),
    "an unknown member of a rule": (
        RULE.replace("Description: of a", "Colour: red"),
        "Colour is not supported; there are Sql, Actions",
    ),
    "a destination in a private network": (
        "  D:\n    Type: AWS::IoT::TopicRuleDestination\n    Properties: {VpcProperties: {}}\n",
        "VpcProperties is not supported",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_run_is_refused_with_its_place(tmp_path, name) -> None:
    text, complaint = BROKEN[name]
    if text.startswith("  Rule"):
        text += QUEUE + TOPIC + FUNCTION

    with pytest.raises(InvalidDeclaration) as refusal:
        declared(tmp_path, text)

    assert complaint in str(refusal.value)
    assert str(refusal.value).startswith(f"{tmp_path / 'template.yaml'}:")
