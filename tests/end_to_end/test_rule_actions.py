"""A stranger's template with queue, topic, bucket, table and error action, run by `up`."""

import contextlib
import http.server
import json
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

import paho.mqtt.client as mqtt
import pytest
from botocore.exceptions import ClientError

BROKERS = ["builtin", pytest.param("mosquitto", marks=pytest.mark.mosquitto)]

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Door: {Type: String}
Globals:
  Function:
    Runtime: python3.12
    Timeout: 5
    CodeUri: src/
Resources:
  Dead:
    Type: AWS::SQS::Queue
  Work:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 5
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt Dead.Arn
        maxReceiveCount: 2
  WorkPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties: {Queues: [!Ref Work], PolicyDocument: {}}
  Told:
    Type: AWS::SNS::Topic
  ToldToWork:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Told, Protocol: sqs, Endpoint: !GetAtt Work.Arn}
  Raw:
    Type: AWS::S3::Bucket
    Properties: {BucketName: raw-readings}
  Readings:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: readings
      AttributeDefinitions:
        - {AttributeName: sensor, AttributeType: S}
        - {AttributeName: at, AttributeType: N}
      KeySchema:
        - {AttributeName: sensor, KeyType: HASH}
        - {AttributeName: at, KeyType: RANGE}
  Collect:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.collect
      Events:
        FromQueue:
          Type: SQS
          Properties:
            Queue: !GetAtt Work.Arn
            BatchSize: 10
            FunctionResponseTypes: [ReportBatchItemFailures]
  Hear:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.hear
      Events:
        FromTopic:
          Type: SNS
          Properties: {Topic: !Ref Told}
  Complain:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.complain}
  Door1:
    Type: AWS::IoT::TopicRuleDestination
    Properties: {HttpUrlProperties: {ConfirmationUrl: !Ref Door}}
  Everything:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        AwsIotSqlVersion: "2016-03-23"
        Sql: "SELECT *, topic(2) AS sensor, timestamp() AS at FROM 'sensors/+'"
        Actions:
          - DynamoDBv2: {RoleArn: r, PutItem: {TableName: !Ref Readings}}
          - S3: {RoleArn: r, BucketName: !Ref Raw, Key: "${topic(2)}/latest.json"}
          - Sqs: {RoleArn: r, QueueUrl: !Ref Work, UseBase64: false}
          - Sns: {RoleArn: r, TargetArn: !Ref Told, MessageFormat: RAW}
          - Http: {Url: !Sub "${Door}/data", ConfirmationUrl: !Ref Door}
          - CloudwatchLogs: {RoleArn: r, LogGroupName: /sensors/all}
          - CloudwatchMetric:
              RoleArn: r
              MetricNamespace: sensors
              MetricName: celsius
              MetricValue: "${celsius}"
              MetricUnit: None
          - Republish:
              RoleArn: r
              Topic: "copies/${topic(2)}"
              Qos: 1
              Headers: {ContentType: application/json}
  Failing:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        Sql: "SELECT * FROM 'broken/+'"
        Actions:
          - Sqs: {RoleArn: r, QueueUrl: "https://sqs.us-east-1.amazonaws.com/000000000000/Nowhere"}
          - S3: {RoleArn: r, BucketName: nowhere, Key: "x"}
        ErrorAction:
          Lambda: {FunctionArn: !GetAtt Complain.Arn}
"""
APP = """
import json, pathlib

def write(name, said):
    with open(pathlib.Path(__file__).parent / name, "a") as file:
        file.write(json.dumps(said) + "\\n")

def collect(event, context):
    write("collected.jsonl", event)
    poison = [r["messageId"] for r in event["Records"] if "poison" in r["body"]]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in poison]}

def hear(event, context):
    write("heard.jsonl", event)

def complain(event, context):
    write("failures.jsonl", event)
"""


class Door(http.server.BaseHTTPRequestHandler):
    """An endpoint that confirms itself and remembers what it got."""

    got: list

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        said = json.loads(body)
        self.send_response(200)
        self.end_headers()
        if said.get("messageType") == "DestinationConfirmation":
            threading.Thread(target=urllib.request.urlopen, args=(said["enableUrl"],)).start()
        else:
            self.got.append((self.path, said))

    def log_message(self, *_said) -> None:
        pass


@pytest.fixture
def door():
    handler = type("DoorOfThisTest", (Door,), {"got": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/in", handler.got
    server.shutdown()
    server.server_close()


def wait(seen, seconds: float = 15.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := seen():
            return found
        time.sleep(0.03)
    return None


def connected(url: str) -> mqtt.Client:
    host, port = url.removeprefix("mqtt://").split(":")
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "tester")
    client.connect(host, int(port))
    client.loop_start()
    return client


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture(params=BROKERS)
def stranger(request, start_cloud, tmp_path, door):
    """The stranger's cloud: the cloud, the folder of the functions, the endpoint's letters."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(APP)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    address, got = door
    cloud = start_cloud(
        *("--template", str(tmp_path / "template.yaml"), "--broker", request.param),
        *("--free-ports", "--parameter", f"Door={address}"),
    )
    iot = cloud.boto("iot")
    enabled = lambda: all(  # noqa: E731
        each["status"] == "ENABLED"
        for each in iot.list_topic_rule_destinations()["destinationSummaries"]
    )
    assert wait(enabled)
    return cloud, tmp_path / "src", got


def test_every_action_of_a_rule_is_done(stranger) -> None:
    cloud, folder, got = stranger
    client = connected(cloud.endpoints["mqtt"])
    copies: list = []
    client.on_message = lambda _c, _u, message: copies.append(message)
    client.subscribe("copies/#", 1)
    client.publish("sensors/s1", b'{"celsius": 21.5}', qos=1)
    client.publish("sensors/poison", b'{"celsius": 22}', qos=1)

    # the queue feeds its function twice a message: by the rule, and through the topic
    assert wait(lambda: len(bodies(lines(folder / "collected.jsonl"))) >= 4)
    assert wait(lambda: len(lines(folder / "heard.jsonl")) == 2)
    assert wait(lambda: len(got) == 2)
    assert wait(lambda: len(copies) == 2)
    client.loop_stop()

    records = [record for event in lines(folder / "collected.jsonl") for record in event["Records"]]
    envelopes = [json.loads(each["body"]) for each in records if "TopicArn" in each["body"]]
    (sns,) = (
        event["Records"][0]["Sns"]
        for event in lines(folder / "heard.jsonl")
        if "s1" in event["Records"][0]["Sns"]["Message"]
    )
    assert {each["eventSource"] for each in records} == {"aws:sqs"}
    assert all(each["eventSourceARN"].endswith(":Work") for each in records)
    assert all(each["Type"] == "Notification" for each in envelopes)
    assert json.loads(sns["Message"])["sensor"] == "s1"
    stored = json.loads((cloud.data / "blobs/raw-readings/s1/latest.json").read_text())
    assert (stored["celsius"], stored["sensor"]) == (21.5, "s1")
    assert wait(lambda: "s1" in items(cloud))
    assert items(cloud)["s1"]["celsius"] == 21.5
    log = (cloud.data / "logs/sensors/all.log").read_text().splitlines()
    assert len(log) == 2
    assert {path for path, _ in got} == {"/in/data"}
    assert sorted(each.topic for each in copies) == ["copies/poison", "copies/s1"]
    with urllib.request.urlopen(cloud.endpoints["http"] + "/_local/metrics", timeout=10) as answer:
        (metric,) = json.load(answer)["metrics"]
    assert (metric["sampleCount"], metric["sum"], metric["maximum"]) == (2, 43.5, 22.0)
    with urllib.request.urlopen(cloud.endpoints["http"] + "/metrics", timeout=10) as answer:
        assert 'robofleet_rule_metric_sum_total{name="celsius"' in answer.read().decode()


def bodies(events) -> set[str]:
    return {record["messageId"] for event in events for record in event["Records"]}


def items(cloud) -> dict:
    with contextlib.closing(sqlite3.connect(cloud.data / "tables.db")) as tables:
        rows = tables.execute("SELECT pk, item FROM items WHERE tbl = 'readings'").fetchall()
    return {key: json.loads(item) for key, item in rows}


def test_an_error_action_hears_of_all_failures_at_once(stranger) -> None:
    cloud, folder, _ = stranger
    client = connected(cloud.endpoints["mqtt"])
    client.publish("broken/b1", b'{"x": 1}', qos=1)

    assert wait(lambda: lines(folder / "failures.jsonl"))
    client.loop_stop()

    (said,) = lines(folder / "failures.jsonl")
    assert (said["ruleName"], said["topic"]) == ("Failing", "broken/b1")
    assert said["base64OriginalPayload"] == "eyJ4IjogMX0="
    assert sorted(each["failedAction"] for each in said["failures"]) == ["S3Action", "SqsAction"]
    assert {each["failedResource"] for each in said["failures"]} == {
        "nowhere",
        "https://sqs.us-east-1.amazonaws.com/000000000000/Nowhere",
    }


def test_rules_made_by_boto3_are_live_at_once_and_outlive_a_crash(stranger, start_cloud) -> None:
    cloud, _, _ = stranger
    iot = cloud.boto("iot")
    iot.create_topic_rule(
        ruleName="made",
        topicRulePayload={
            "sql": "SELECT topic() AS was FROM 'made/+'",
            "awsIotSqlVersion": "2016-03-23",
            "actions": [{"republish": {"roleArn": "r", "topic": "copies/made", "qos": 1}}],
        },
    )

    assert republished(cloud, "made/1") == [{"was": "made/1"}]
    iot.disable_topic_rule(ruleName="made")
    assert republished(cloud, "made/2", 0.5) == []
    iot.enable_topic_rule(ruleName="made")
    cloud.kill()
    again = start_cloud(*cloud.arguments, data=cloud.data)

    assert republished(again, "made/3") == [{"was": "made/3"}]
    iot = again.boto("iot")
    iot.delete_topic_rule(ruleName="made")
    assert republished(again, "made/4", 0.5) == []
    with pytest.raises(ClientError) as refusal:
        iot.get_topic_rule(ruleName="made")
    assert refusal.value.response["Error"]["Code"] == "UnauthorizedException"


def republished(cloud, topic: str, seconds: float = 5.0) -> list:
    """What comes out on copies/made because of one message."""
    client = connected(cloud.endpoints["mqtt"])
    heard: list = []
    ready = threading.Event()
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, message: heard.append(json.loads(message.payload))
    client.subscribe("copies/made", 1)
    assert ready.wait(5)
    client.publish(topic, b"{}", qos=1)
    wait(lambda: heard, seconds)
    client.loop_stop()
    client.disconnect()
    return heard


COUNTED = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Work:
    Type: AWS::SQS::Queue
  Count:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        Sql: "SELECT * FROM 'count/#'"
        Actions:
          - Sqs: {RoleArn: r, QueueUrl: !Ref Work}
"""


def test_after_kill_9_everything_acknowledged_is_in_the_queue(start_cloud, tmp_path) -> None:
    (tmp_path / "template.yaml").write_text(COUNTED)
    flags = ("--template", str(tmp_path / "template.yaml"), "--broker", "builtin", "--free-ports")
    cloud = start_cloud(*flags)
    client = connected(cloud.endpoints["mqtt"])
    numbers: dict[int, int] = {}
    acknowledged: list[int] = []
    client.on_publish = lambda _c, _u, mid, *_: acknowledged.append(mid)
    stop = threading.Event()

    def publish() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            numbers[client.publish("count/a", json.dumps({"n": n}), qos=1).mid] = n
            time.sleep(0.0005)

    writer = threading.Thread(target=publish)
    writer.start()
    time.sleep(1.5)
    cloud.kill()
    stop.set()
    writer.join()
    client.loop_stop()
    promised = {numbers[mid] for mid in list(acknowledged)}

    again = start_cloud(*flags, data=cloud.data)

    assert len(promised) > 100
    assert wait(lambda: promised <= set(waiting(again)))


def waiting(cloud) -> list[int]:
    """The numbers in the queue."""
    with contextlib.closing(sqlite3.connect(cloud.data / "queues.db")) as queues:
        rows = queues.execute("SELECT body FROM messages").fetchall()
    return [json.loads(body)["n"] for (body,) in rows]


def test_the_trace_shows_what_rules_do(stranger) -> None:
    cloud, _, _ = stranger
    command = [sys.executable, "-m", "robofleet", "rules", "trace", "--data", str(cloud.data)]
    watching = subprocess.Popen(
        [*command, "--json", "--count", "3"], stdout=subprocess.PIPE, text=True
    )
    client = connected(cloud.endpoints["mqtt"])
    while watching.poll() is None:
        client.publish("broken/b1", b"{}", qos=1)
        time.sleep(0.3)
    client.loop_stop()

    said = [json.loads(line) for line in watching.stdout.read().splitlines()]
    watching.stdout.close()
    assert watching.returncode == 0
    assert {each["action"] for each in said} == {"S3Action", "SqsAction", "LambdaAction"}
    assert {(each["rule"], each["topic"]) for each in said} == {("Failing", "broken/b1")}
    assert [each["outcome"] for each in said if each.get("error_action")] == ["done"]
    assert all("there is no" in each["outcome"] for each in said if not each.get("error_action"))
