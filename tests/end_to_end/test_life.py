"""The life of a cloud: crashes, restarts, Ctrl-C, bad flags, somebody else's template."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

BROKERS = ["builtin", pytest.param("mosquitto", marks=pytest.mark.mosquitto)]

STRANGER = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.12
    Timeout: 5
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.hello
      Environment:
        Variables:
          GREETING: !Sub "hello from ${AWS::Region}"
      Events:
        Get:
          Type: HttpApi
          Properties: {Path: "/hello/{name}", Method: get}
  Listen:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.listen
      Events:
        Warm:
          Type: IoTRule
          Properties:
            AwsIotSqlVersion: "2016-03-23"
            Sql: "SELECT *, topic(2) AS sensor FROM 'sensors/+' WHERE celsius > 30"
"""
APP = """
import json, os, pathlib

def hello(event, context):
    name = event["pathParameters"]["name"]
    return {"statusCode": 200, "body": json.dumps({"said": f"{os.environ['GREETING']}, {name}"})}

def listen(event, context):
    with open(pathlib.Path(__file__).parent / "heard.jsonl", "a") as file:
        file.write(json.dumps(event) + "\\n")
"""


def connected(url: str, client_id: str = "tester") -> mqtt.Client:
    host, port = url.removeprefix("mqtt://").split(":")
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id)
    client.connect(host, int(port))
    client.loop_start()
    return client


def wait(seen, seconds: float = 10.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := seen():
            return found
        time.sleep(0.03)
    return None


def test_a_strangers_template_runs(start_cloud, tmp_path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(APP)
    (tmp_path / "template.yaml").write_text(STRANGER)

    cloud = start_cloud(
        *("--template", str(tmp_path / "template.yaml"), "--broker", "builtin", "--free-ports")
    )
    with urllib.request.urlopen(cloud.endpoints["http"] + "/hello/ada", timeout=10) as answer:
        said = json.load(answer)
    client = connected(cloud.endpoints["mqtt"])
    client.publish("sensors/a", b'{"celsius": 20}', qos=1)
    client.publish("sensors/b", b'{"celsius": 35}', qos=1)
    heard = wait((tmp_path / "src" / "heard.jsonl").exists)
    client.loop_stop()

    assert said == {"said": "hello from us-east-1, ada"}
    assert heard
    lines = (tmp_path / "src" / "heard.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"celsius": 35, "sensor": "b"}]


PECULIAR = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Seconds: {Type: Number, Default: 2}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Timeout: !Ref Seconds
      Events:
        Metrics:
          Type: HttpApi
          Properties: {Path: /metrics, Method: get}
        Shadow:
          Type: HttpApi
          Properties: {Path: "/things/{id}/shadow", Method: get}
  Circle:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        Sql: SELECT * FROM 'loop'
        Actions:
          - Republish: {RoleArn: r, Topic: loop}
"""


def test_a_template_may_have_our_paths_and_a_rule_that_goes_round(start_cloud, tmp_path) -> None:
    (tmp_path / "app.py").write_text("def handler(e, c): return e['routeKey']\n")
    (tmp_path / "template.yaml").write_text(PECULIAR)

    cloud = start_cloud(
        *("--template", str(tmp_path / "template.yaml"), "--parameter", "Seconds=5"),
        *("--broker", "builtin", "--free-ports"),
    )
    said = []
    for path in ("/metrics", "/things/a/shadow"):
        with urllib.request.urlopen(cloud.endpoints["http"] + path, timeout=10) as answer:
            said.append(json.load(answer))
    heard: list[str] = []
    client = connected(cloud.endpoints["mqtt"])
    client.on_message = lambda _c, _u, message: heard.append(message.topic)
    client.subscribe("loop", 1)
    client.publish("loop", b"{}", qos=1).wait_for_publish(5)
    wait(lambda: len(heard) >= 33)
    time.sleep(0.3)
    client.loop_stop()

    assert said == ["GET /metrics", "GET /things/{id}/shadow"]
    assert len(heard) == 33


@pytest.mark.parametrize("broker", BROKERS)
def test_after_kill_9_everything_accepted_is_there(start_cloud, tmp_path, broker) -> None:
    cloud = start_cloud("--broker", broker, "--free-ports")
    accepted: dict[str, int] = {}
    client = connected(cloud.endpoints["mqtt"])
    client.on_message = lambda _c, _u, m: accepted.update(
        {m.topic.split("/")[2]: json.loads(m.payload)["state"]["reported"]["n"]}
    )
    client.subscribe("$aws/things/+/shadow/update/accepted", 1)
    stop = threading.Event()

    def update() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            body = json.dumps({"state": {"reported": {"n": n}}})
            client.publish(f"$aws/things/k{n % 20}/shadow/update", body, qos=1)
            time.sleep(0.001)

    writer = threading.Thread(target=update)
    writer.start()
    time.sleep(1.5)
    cloud.kill()
    stop.set()
    writer.join()
    client.loop_stop()
    seen = dict(accepted)

    again = start_cloud("--broker", broker, "--free-ports", data=cloud.data)

    assert len(seen) == 20
    for thing, n in seen.items():
        address = f"{again.endpoints['http']}/things/{thing}/shadow"
        with urllib.request.urlopen(address, timeout=10) as answer:
            document = json.load(answer)
        assert document["state"]["reported"]["n"] >= n
        assert document["version"] >= 1


def test_robots_come_back_to_a_cloud_that_was_killed(start_cloud, robofleet, tmp_path) -> None:
    ports = [free_port() for _ in range(3)]
    flags = ("--mqtt-port", str(ports[0]), "--mqtts-port", str(ports[1]), "--http-port")
    flags = ("--broker", "builtin", *flags, str(ports[2]))
    cloud = start_cloud(*flags)
    robots = subprocess.Popen(
        [sys.executable, "-m", "robofleet", "robots", "--count", "2", "--data", str(cloud.data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        slips = wait((cloud.data / "robots.json").exists) and json.loads(
            (cloud.data / "robots.json").read_text()
        )
        thing, code = slips[0]["thing"], slips[0]["claimCode"]
        login = ("--email", "kim@example.com", "--password", "long-enough", "--data")
        data = str(cloud.data)
        assert robofleet("phone", "login", *login, data, "--sign-up").returncode == 0
        assert robofleet("phone", "pair", thing, code, "--data", data).returncode == 0
        assert robofleet("phone", "find", thing, "--data", data).returncode == 0

        cloud.kill()
        start_cloud(*flags, data=cloud.data)

        found = wait(lambda: robofleet("phone", "find", thing, "--data", data).returncode == 0, 40)
        assert found
        assert robofleet("phone", "robots", "--data", data).returncode == 0
    finally:
        robots.send_signal(signal.SIGINT)
        robots.wait(timeout=10)


@pytest.mark.parametrize("broker", BROKERS)
def test_ctrl_c_leaves_no_process_behind(start_cloud, children_of, is_alive, broker) -> None:
    cloud = start_cloud("--broker", broker, "--free-ports")
    assert cloud.process is not None
    children = children_of(cloud.process.pid)

    code = cloud.stop()

    assert code == 0
    assert children
    assert wait(lambda: not any(is_alive(pid) for pid in children), 5)
    assert not (cloud.data / "endpoints.json").exists()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_second_cloud_on_the_same_data_is_refused(start_cloud, robofleet) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")

    second = robofleet("up", "--broker", "builtin", "--free-ports", "--data", str(cloud.data))

    assert second.returncode == 2
    assert "another cloud runs on" in second.stderr


BROKEN_TEMPLATES = {
    "no resources": ("Resources: {}\n", "a template needs Resources"),
    "not YAML": ("Resources: [\n", "template.yaml:2:1"),
    "unknown resource": (
        "Resources:\n  Queue:\n    Type: AWS::Kinesis::Stream\n",
        "template.yaml:2:3: Queue: AWS::Kinesis::Stream is not supported",
    ),
    "broken rule": (
        STRANGER.replace("celsius > 30", "celsius > > 30"),
        "line 1, column 63: here should be a value, not '>'",
    ),
    "unknown event": (STRANGER.replace("Type: IoTRule", "Type: S3"), "event Warm: S3 is not"),
}


@pytest.mark.parametrize("name", BROKEN_TEMPLATES)
def test_a_broken_template_gives_one_clear_message(robofleet, tmp_path, name) -> None:
    text, complaint = BROKEN_TEMPLATES[name]
    path = tmp_path / "template.yaml"
    path.write_text(text)

    done = robofleet(
        *("up", "--template", str(path), "--data", str(tmp_path / "data")),
        *("--broker", "builtin", "--free-ports"),
    )

    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["up", "--mqtt-port", "x"], "--mqtt-port"),
        (["up", "--broker", "rabbit", "--free-ports"], "--broker is builtin, mosquitto or"),
        (
            ["up", "--broker", "mqtt://host:abc", "--free-ports"],
            "--broker is builtin, mosquitto or",
        ),
        (["up", "--broker", "mqtt://", "--free-ports"], "--broker is builtin, mosquitto or"),
        (["up", "--parameter", "X", "--free-ports"], "NAME=VALUE"),
        (["up", "--parameter", "X=1", "--free-ports"], "there is no parameter X"),
        (["robots", "--count", "0"], "--count"),
        (["robots"], "no cloud runs on"),
        (["phone", "robots"], "no cloud runs on"),
        (["demo", "--robots", "nine"], "--robots"),
        (["demo", "--speed", "0"], "--speed"),
        (["demo", "--headless", "--json", "/no/x.json"], "/no/x.json: No such file or directory"),
        (["demo", "--headless", "--broker", "rabbit"], "start: --broker is builtin, mosquitto or"),
        (["load", "--target", "http://127.0.0.1:1"], "no cloud answers at http://127.0.0.1:1"),
        (["load", "--target", "ftp://a"], "--target is http://HOST:PORT, not ftp://a"),
        (["load", "--target", "http://a", "--broker", "builtin"], "--target is a cloud that runs"),
        (["load", "--mqtt", "mqtt://127.0.0.1:1"], "--mqtt is the broker of a --target"),
        (["load", "--report", "pyproject.toml"], "pyproject.toml: File exists"),
        (["load", "--processes", "2", "--robots", "30"], "a multiple of 50, not 30"),
        (["phone", "login", "--email", "ada", "--password", "x"], "--email is an e-mail address"),
        (["phone", "pair", "x", "y", "--url", "http://127.0.0.1:1"], "not signed in"),
        (["phone", "start", "x", "--timeout", "0"], "--timeout"),
        (["certificate", "a/b", "--out", "x"], "is no thing name"),
    ],
)
def test_bad_flags_end_with_2_and_a_clear_message(
    robofleet, tmp_path, arguments, complaint
) -> None:
    data = [] if arguments[0] == "load" else ["--data", str(tmp_path / "data")]
    (tmp_path / "pyproject.toml").touch()

    done = robofleet(*arguments, *data, cwd=tmp_path, env=None)

    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("broker", BROKERS)
def test_a_taken_port_is_named(robofleet, tmp_path, broker) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = robofleet(
            *("up", "--broker", broker, "--mqtt-port", str(port), "--mqtts-port", "0"),
            *("--http-port", "0", "--data", str(tmp_path / "data")),
        )

    assert done.returncode == 2
    assert f"port {port}" in done.stderr


def test_load_balances_its_ledger(robofleet, tmp_path) -> None:
    done = robofleet(
        *("load", "--robots", "20", "--robots-per-user", "10", "--owners", "2", "--for", "8"),
        *("--headless", "--report", str(tmp_path / "out"), "--broker", "builtin"),
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "the sums add up" in done.stdout
    counts = json.loads((tmp_path / "out" / "ledger.json").read_text())["counts"]
    assert counts["robots"] == counts["connected"] == 20
    assert counts["taps_seen"] > 0
    assert (tmp_path / "out" / "report.html").exists()


def test_doctor_says_what_is_there(robofleet) -> None:
    done = robofleet("doctor", "--json")

    found = {part["name"]: part for part in json.loads(done.stdout)}
    assert done.returncode == 0
    assert found["awslambdaric"]["version"]
    assert found["mosquitto"]["install"].startswith("apt-get install mosquitto")


def test_the_api_is_described_and_the_page_is_served(start_cloud) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    http = cloud.endpoints["http"]

    with urllib.request.urlopen(http + "/openapi.json", timeout=10) as answer:
        paths = json.load(answer)["paths"]
    with urllib.request.urlopen(http + "/", timeout=10) as answer:
        page = answer.read().decode()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(http + "/robots", timeout=10)

    assert set(paths["/robots/{thing}"]) == {"get", "delete"}
    assert "robofleet" in page
    assert refused.value.code == 401
    assert json.load(refused.value) == {"message": "Unauthorized"}


@pytest.mark.mosquitto
def test_mosquitto_is_started_again_when_it_dies(start_cloud, children_of) -> None:
    cloud = start_cloud("--broker", "mosquitto", "--free-ports")
    assert cloud.process is not None
    (mosquitto,) = [
        pid
        for pid in children_of(cloud.process.pid)
        if Path(f"/proc/{pid}/comm").read_text().strip() == "mosquitto"
    ]

    os.kill(mosquitto, signal.SIGKILL)
    got: list[bytes] = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "after")
    client.on_message = lambda _c, _u, message: got.append(message.payload)
    client.on_connect = lambda c, *_: c.subscribe("$aws/things/after/shadow/update/accepted", 1)
    host, port = cloud.endpoints["mqtt"].removeprefix("mqtt://").split(":")
    client.reconnect_delay_set(1, 1)
    client.connect_async(host, int(port))
    client.loop_start()

    def answered() -> bool:
        client.publish("$aws/things/after/shadow/update", b'{"state":{"reported":{"a":1}}}')
        time.sleep(0.2)
        return bool(got)

    assert wait(answered, 20)
    client.loop_stop()
