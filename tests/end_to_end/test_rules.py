"""A rule that asks: a shadow, a function and the registry, in the statement of a template."""

import json
import time
from pathlib import Path

import paho.mqtt.client as mqtt

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.12
    Timeout: 5
Resources:
  Weather:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src/, Handler: app.weather, FunctionName: Sky}
  Listen:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: Ears
      CodeUri: src/
      Handler: app.listen
      Events:
        Warm:
          Type: IoTRule
          Properties:
            AwsIotSqlVersion: "2016-03-23"
            Sql: >-
              SET @lamp = get_thing_shadow(topic(2), 'arn:aws:iam::0:role/r').state.reported
              SELECT @lamp.room AS room,
              aws_lambda('arn:aws:lambda:us-east-1:000000000000:function:Sky',
              {'room': @lamp.room}).sky AS sky,
              get_or_default(get_registry_data('DescribeThing', 'nobody', 'role'), 'unknown')
              AS who,
              (SELECT VALUE v FROM readings WHERE v > 1.5) AS high, clientid() AS client,
              sourceip() AS ip
              FROM 'lamps/+' WHERE @lamp.on = true
        First:
          Type: IoTRule
          Properties:
            Sql: "SELECT '' + x AS text, sql_version() AS version FROM 'old'"
  Direct:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        Sql: SELECT 1 AS direct FROM 'direct'
        Actions:
        - Lambda: {FunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:Ears"}
"""
APP = """
import json, pathlib

def weather(event, context):
    return {"sky": "blue in the " + event["room"]}

def listen(event, context):
    with open(pathlib.Path(__file__).parent / "heard.jsonl", "a") as file:
        file.write(json.dumps(event) + "\\n")
"""


def heard(path: Path, lines: int, seconds: float = 15.0) -> list[dict]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if path.exists() and len(said := path.read_text().splitlines()) >= lines:
            return [json.loads(line) for line in said]
        time.sleep(0.05)
    return []


def test_a_statement_asks_a_shadow_a_function_and_the_registry(start_cloud, tmp_path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(APP)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    cloud = start_cloud(
        *("--template", str(tmp_path / "template.yaml"), "--broker", "builtin", "--free-ports")
    )
    host, port = cloud.endpoints["mqtt"].removeprefix("mqtt://").split(":")
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "tester")
    client.connect(host, int(port))
    client.loop_start()
    state = {"state": {"reported": {"on": True, "room": "hall"}}}

    client.publish("$aws/things/l1/shadow/update", json.dumps(state), qos=1).wait_for_publish(10)
    client.publish("lamps/l1", b'{"readings": [{"v": 1}, {"v": 2.0}]}', qos=1)
    client.publish("lamps/unknown", b"{}", qos=1)  # its shadow is not there: no action runs
    client.publish("old", b'{"x": 10.0}', qos=1)
    client.publish("direct", b"{}", qos=1)
    cloud.boto("iot").create_topic_rule(
        ruleName="made",
        topicRulePayload={
            "sql": "SELECT 22 AS made FROM 'made'",
            "actions": [
                {"lambda": {"functionArn": "arn:aws:lambda:us-east-1:000000000000:function:Ears"}}
            ],
        },
    )
    client.publish("made", b"{}", qos=1)
    events = heard(tmp_path / "src" / "heard.jsonl", 4)
    client.loop_stop()

    assert sorted(events, key=lambda event: len(str(event))) == [
        {"made": 22},
        {"direct": 1},
        {"text": "10.0", "version": "2015-10-08"},
        {
            "room": "hall",
            "sky": "blue in the hall",
            "who": "unknown",
            "high": [2],
            "client": "tester",
            "ip": "127.0.0.1",
        },
    ]
    log = (cloud.data / "up.txt").read_text()
    assert "rule ListenWarm: no action runs: get_thing_shadow(): No shadow exists" in log
